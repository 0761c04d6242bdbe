"""Trees without comments, JSON, and the merge of `overrides`."""

import copy
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given

from emit.strategies import steady, values
from tracegen.emit import OVERRIDDEN, Commented, Value, merge_patch, plain, to_json, to_yaml


def test_plain_strips_comments_into_fresh_containers() -> None:
    inner: list[Value] = [1, Commented({"x": Commented(None, "c")}, "d")]
    bare = plain({"a": Commented(inner, "e"), "b": ("y",)})
    assert bare == {"a": [1, {"x": None}], "b": ["y"]}
    bare["a"].append(2)
    assert len(inner) == 2


def test_plain_names_the_path_of_what_it_refuses() -> None:
    with pytest.raises(TypeError, match=r"^a\[0\]\.b: cannot write a date$"):
        plain({"a": [{"b": date(2024, 1, 1)}]})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match=r"^a: the key 2 is not a str$"):
        plain({"a": {2: 1}})  # type: ignore[dict-item]


def test_json_is_ascii_in_the_order_given_and_without_comments() -> None:
    value: Value = {"b": Commented([1.5, None, True, {}], "why"), "a": "é\u2028😀"}
    assert to_json(value) == (
        '{\n  "b": [\n    1.5,\n    null,\n    true,\n    {}\n  ],\n  "a": "\\u00e9\\u2028\\ud83d\\ude00"\n}\n'
    )


def test_json_has_no_infinities() -> None:
    with pytest.raises(ValueError, match=r"^a\[0\]: inf is not a finite number$"):
        to_json({"a": [float("inf")]})


@steady
@given(values)
def test_json_reads_back(value: Value) -> None:
    assert json.loads(to_json(value)) == plain(value)


# The test cases of RFC 7396, appendix A.
RFC_7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "expected"), RFC_7396)
def test_merge_patch_is_rfc_7396(target: Any, patch: Any, expected: Any) -> None:
    assert plain(merge_patch(target, patch)) == expected


@steady
@given(values, values)
def test_merge_patch_modifies_nothing(target: Value, patch: Value) -> None:
    before = copy.deepcopy((target, patch))
    merge_patch(target, patch)
    assert (target, patch) == before


def test_what_the_patch_set_carries_the_comment_and_only_that() -> None:
    target: Value = {
        "processors": Commented(
            {"memory_limiter": Commented({"check_interval": Commented("1s", "old"), "limit": 80}, "kept")},
            "kept too",
        ),
        "gone": Commented(1, "old"),
        "list": [Commented(1, "old")],
        "last": 0,
    }
    patch: Value = {
        "processors": {"memory_limiter": {"check_interval": "2s"}, "batch": {"timeout": "1s", "x": None}},
        "gone": None,
        "list": [2, None],
    }
    merged = merge_patch(target, patch)
    assert merged == {
        "processors": Commented(
            {
                "memory_limiter": Commented({"check_interval": Commented("2s", OVERRIDDEN), "limit": 80}, "kept"),
                "batch": Commented({"timeout": "1s"}, OVERRIDDEN),
            },
            "kept too",
        ),
        "list": Commented([2, None], OVERRIDDEN),
        "last": 0,
    }
    assert to_yaml(merged).startswith(
        "# kept too\nprocessors:\n  # kept\n  memory_limiter:\n    # overridden in tracegen.yaml\n"
    )


def test_a_patch_that_changes_nothing_leaves_no_comment() -> None:
    assert merge_patch({"a": {"b": 1}}, {"a": {}, "c": None}) == {"a": {"b": 1}}


def test_the_comment_can_be_chosen() -> None:
    assert merge_patch({"a": 1}, {"a": 2}, comment="by hand") == {"a": Commented(2, "by hand")}


def test_order_stays_and_new_keys_come_last() -> None:
    merged = plain(merge_patch({"c": 1, "a": 2, "b": 3}, {"new": 4, "b": 5, "c": 6}))
    assert list(merged.items()) == [("c", 6), ("a", 2), ("b", 5), ("new", 4)]
