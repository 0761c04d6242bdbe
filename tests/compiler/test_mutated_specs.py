"""Specs that are wrong in some way are answered with problems: neither `validate` nor `render` ends as a bug."""

import copy
import random
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from support import ROOT, one_service
from support import tracegen as run
from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.problems import ProblemsFound
from tracegen.source.files import load

#: What stands in for a value: wrong types, nothing, names that Windows reserves, paths, long and hostile texts.
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, float("inf"), [], {}, [None], {"": ""}, {"a": {}}, [[]], "", " "),
    *("aux", "con", "nul", "prn", "com1", "CON.yaml", "a.", "compose.yaml", "TRACING.md", "services", "collector"),
    *("jaeger", "kubernetes/x", ".tracegen", ".git", "../x", "/x", "a/../b", "services/api", "services/web/tracing"),
    *("a" * 300, "é" * 100, "\u202e", "{{ x }}", "${X}", "https://u:p@h", "*", "none", "api", "1e400", {"env": "X"}),
    *({"env": "hunter2!"}, {"file": "x" * 300}, {"secret": {}}, ["PASSWORD=hunter2!"], {"a": [["TOKEN=hunter2!"]]}),
]
#: Any value may lie in a patch; each text of it is looked at.
PATCHES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "PASSWORD=hunter2!", "https://u:p@h", "a", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["token", "a", "api_key"]), inner),
    max_leaves=8,
)
SPECS = sorted((ROOT / "examples").glob("*/tracegen.yaml"))
ROUNDS = 40


def paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path in a spec."""
    if path:
        yield path
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in entries:
        yield from paths(below, (*path, key))


def mutated(spec: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy with one or two places changed: another value, a key taken away, a key renamed."""
    spec = copy.deepcopy(spec)
    for _ in range(chance.choice((1, 1, 2))):
        path = chance.choice(list(paths(spec)))
        node = spec
        for key in path[:-1]:
            node = node[key]
        kind = chance.choice(("value", "value", "value", "gone", "name"))
        if kind == "value":
            node[path[-1]] = copy.deepcopy(chance.choice(VALUES))
        elif kind == "gone":
            del node[path[-1]]
        elif isinstance(node, dict):
            node[str(chance.choice(VALUES))] = node.pop(path[-1])
        if not spec:
            return spec
    return spec


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.parent.name)
def test_no_mutation_of_a_spec_ends_as_a_bug(path: Path, tmp_path: Path) -> None:
    original = yaml.safe_load(path.read_text(encoding="utf-8"))
    original.pop("include", None)
    chance = random.Random(path.parent.name)
    file, output = tmp_path / "tracegen.yaml", tmp_path / "output"
    valid = 0
    for _ in range(ROUNDS):
        file.write_text(yaml.safe_dump(mutated(original, chance), allow_unicode=True), encoding="utf-8")
        judged = run("validate", file)
        assert judged.code in (0, 1), (judged.err, file.read_text(encoding="utf-8"))
        if judged.code == 0 and len(original.get("services", ())) < 20:
            valid += 1
            rendered = run("render", file, "-o", output, "--check")
            assert rendered.code in (0, 1), (rendered.err, file.read_text(encoding="utf-8"))
            assert "bug in tracegen" not in rendered.err
    # What the third includes is not there, and the hundred services of the tenth take too long to render.
    assert valid > 0 or path.parent.name[:2] in ("03", "10")


@pytest.mark.parametrize("said", ["services: {%s: {language: python}}", "services: {api: {language: go, stub: %s}}"])
@pytest.mark.parametrize("name", [value for value in VALUES if isinstance(value, str)], ids=ascii)
def test_what_is_valid_is_written(said: str, name: str, tmp_path: Path) -> None:
    """The law of paths is one: what `validate` takes, the writer takes."""
    spec = (
        "tracegen: 1\nname: shop\ntargets: [compose]\nbackend: {type: jaeger}\n"
        + said % yaml.safe_dump(name).splitlines()[0]
    )
    (tmp_path / "tracegen.yaml").write_text(spec, encoding="utf-8")
    judged = run("validate", tmp_path / "tracegen.yaml")
    assert judged.code in (0, 1), judged.err
    rendered = run("render", tmp_path / "tracegen.yaml")
    assert rendered.code == judged.code, rendered.err


@settings(max_examples=200, deadline=None)
@given(patch=PATCHES)
def test_no_patch_ends_as_a_bug(patch: Any) -> None:
    spec = one_service(overrides={"compose.yaml": {"x-a": patch}})
    with suppress(ProblemsFound):
        check(load("-", BytesIO(yaml.safe_dump(spec).encode())), catalogue())
