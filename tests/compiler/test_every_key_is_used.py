"""Nothing that a spec can say is silently ignored: each key changes what a program reads, or says that it does not.

A key is tried in a small spec, without it and with each value that its schema gives (`keys.values` has a table for
what only the meaning tells). What comes out is compared as the programs read it: YAML and JSON as data,
environment files as variables; comments, labels and documents for people do not count.
"""

from functools import cache
from itertools import combinations

import pytest

from keys.files import changed, name_of
from keys.outcome import BUG, FORM, Data, Outcome, Spec, outcome
from keys.values import ABSENT, only_error, spec_with, specs, value_at
from keys.walk import Key, keys
from keys.walk import Path as SpecPath
from patches import patch_between
from tracegen.cli.file_keys import ANY
from tracegen.rules.not_rendered import entries, matches

KEYS = keys()
FIRST_CHOICES = {key.path: key.schema["enum"][0] for key in KEYS if "enum" in key.schema}
LINES = [key if value is None else f"{key}={value}" for key, value in entries()]

#: How a spec is put together: a file comes from the keys that they bring in.
_GLUE = ("include",)
#: Read by people in places: where a library is traced by itself, or with a crate that is there, its README says how.
_FOR_READERS = ("libraries",)
#: Java's agent traces every library that can be named, so naming one is a check of the name and no more.
_ALL_ALIKE = ("services.api<java>.libraries",)
#: What `tracegen verify` holds traces against, and nothing that is rendered.
_FOR_VERIFY = ".calls+.expect"
CHOICES = [
    key
    for key in KEYS
    if ("enum" in key.schema or "enum" in key.schema.get("items", {})) and key.id not in _ALL_ALIKE
]
_NOT_IN_LAYERS = ("tracegen", "include")


@cache
def tried(key: Key) -> list[tuple[Spec, Outcome]]:
    """What the specs of a key come to; those with a value that it does not take are left out."""
    found = [(spec, outcome(spec)) for spec in specs(key)]
    return [(spec, each) for spec, each in found if not set(FORM) & set(each.errors)]


def valid(key: Key) -> list[tuple[Spec, Outcome]]:
    return [(spec, each) for spec, each in tried(key) if not each.errors]


@cache
def difference(key: Key) -> tuple[Spec, Spec] | None:
    """Two specs that differ in the key alone, and in what programs read; both are rendered whole."""
    rendered = [(spec, each) for spec, each in valid(key) if not each.not_rendered]
    for (one, before), (other, after) in combinations(rendered, 2):
        if _read(key, before) != _read(key, after):
            return one, other
    return None


def _read(key: Key, found: Outcome) -> object:
    """What is read of what comes out: data by programs, and for some keys documents by people."""
    return found.tree if key.path[-1] in _FOR_READERS else found.data


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_a_key_changes_what_a_program_reads_or_says_that_it_does_not(key: Key) -> None:
    errors = {error for _, each in tried(key) for error in each.errors}
    assert not [error for error in errors if error.startswith(BUG)]
    if only_error(key):
        assert only_error(key) in errors
    else:
        assert valid(key), f"no value of {key.id} is accepted; give one in keys.values: {errors}"
        said = any(is_prefix(path, resolved(key)) for _, each in valid(key) for path in each.not_rendered)
        said = said or all(each.not_rendered for _, each in valid(key))
        said = said or has_no_choice(key) or key.id in _ALL_ALIKE or _FOR_VERIFY in key.id
        assert said or difference(key), f"{key.id} changes nothing that a program reads, and nothing says so"


@pytest.mark.parametrize("key", CHOICES, ids=lambda key: key.id)
def test_each_choice_of_a_key_differs_from_another(key: Key) -> None:
    choices = key.schema.get("enum") or key.schema["items"]["enum"]
    for choice in choices:
        for spec, found in tried(key):
            if value_at(spec, key.path) in (choice, [choice]):
                others = [each for other, each in valid(key) if each is not found and not same(key, choice, other)]
                differs = any(_read(key, each) != _read(key, found) for each in others) or any(
                    each.not_rendered for each in others
                )
                assert not others or differs or found.errors or found.not_rendered, (
                    f"{key.id}: {choice} is no different"
                )


def test_a_key_works_in_an_environment_too() -> None:
    pairs = {key.id: difference(key) for key in KEYS if key.id not in _NOT_IN_LAYERS}
    rendered = {id_: pair for id_, pair in pairs.items() if pair is not None}
    assert rendered
    assert not [id_ for id_, pair in rendered.items() if not differs_as_a_layer(*pair)]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_each_file_that_a_key_changes_names_it(key: Key) -> None:
    """`tracegen explain FILE` lists them, for systems that its table was not made from."""
    pair = difference(key)
    if pair is not None and key.id not in _GLUE:
        before, after = outcome(pair[0]), outcome(pair[1])
        assert before.keys is not None and after.keys is not None
        for path, (_, service) in changed(before, after).items():
            named, name = {*before.keys.get(path, ()), *after.keys.get(path, ())}, explained(key, service)
            # Where defaults take a file away, what is left of it to ask about is a service that has none.
            names = {name, name.replace("service_defaults.", f"services.{service or ANY}.")}
            assert any(is_prefix(each, one) for each in named for one in names), (
                f"{path} is changed by {name}, and names {named}"
            )


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_list_is_still_true(line: str) -> None:
    """A key that is rendered by now has to leave schemas/not-rendered-yet.txt."""
    compared = 0
    for key in KEYS:
        for spec, found in valid(key):
            for without in without_line(spec, line) if found.not_rendered else ():
                before = outcome(without)
                if not before.errors:
                    compared += 1
                    wrong = pretends(before.data, found.data, line)
                    assert not wrong, f"{line} is rendered: {spec} has {sorted(wrong)[:3]}"
    assert compared, f"no spec was found that uses {line}"


def test_comments_labels_and_documents_do_not_count() -> None:
    one = {"a.yaml": b"# one\nkind: A\nmetadata: {labels: {a: b}}\n", "b.env": b"# one\nA=b\n", "C.md": b"one\n"}
    two = {"a.yaml": b"# two\nkind: A\nmetadata: {labels: {a: c}}\n", "b.env": b"# two\nA=b\n", "C.md": b"two\n"}
    assert Outcome((), tree=one).data == Outcome((), tree=two).data
    for path in ("a.yaml", "b.env"):
        changed = {**two, path: two[path].replace(b"A", b"B")}
        assert Outcome((), tree=one).data != Outcome((), tree=changed).data


def test_most_keys_are_tried_with_more_than_one_value() -> None:
    assert len(KEYS) > 400
    assert not [key.id for key in KEYS if len(tried(key)) < 2 and not only_error(key)]


def has_no_choice(key: Key) -> bool:
    """Whether its one value is what it is when nothing is said, as the framework of a language that has one."""
    return key.schema.get("enum") == [key.schema.get("default")]


def same(key: Key, choice: object, other: Spec) -> bool:
    """Whether another spec leaves unsaid what the choice says, being the default."""
    return choice == key.schema.get("default") and value_at(other, key.path) is None


def differs_as_a_layer(one: Spec, other: Spec) -> bool:
    """Whether an environment that makes the other spec out of the one changes what programs read."""
    changed = outcome({**one, "environments": {"prod": patch_between(one, other)}}, "prod")
    unchanged = outcome({**one, "environments": {"prod": {}}}, "prod")
    return not changed.errors and changed.data != unchanged.data


def explained(key: Key, service: str) -> str:
    """The key as `explain` names it for a file of a service, or of none."""
    if key.path[0] == "overrides":
        return dotted(key)
    name = name_of(key.path, service)
    return name.replace("services.*", f"services.{service}") if service else name


def dotted(key: Key) -> str:
    """The key without the items of lists."""
    return ".".join(str(part) for part in key.path if isinstance(part, str))


def resolved(key: Key) -> str:
    """The key as problems name it: `service_defaults` are merged under every service."""
    return dotted(key).replace("service_defaults.", "services.api.")


def is_prefix(one: str, other: str) -> bool:
    """Whether one key is the other, or lies below it or above it."""
    short, long = sorted((one, other), key=len)
    return long == short or long.startswith(f"{short}.")


def lines_used(spec: Spec) -> set[str]:
    """The lines of the list that a spec uses."""
    return {line for line in LINES if list(said_at(spec, line))}


def said_at(spec: Spec, line: str) -> list[tuple[SpecPath, object]]:
    """Where a spec says what a line names, and what it says."""
    pattern, _, value = line.partition("=")
    found = matches(spec, tuple(pattern.split(".")))
    return [
        (path, said)
        for path, said in found
        if not value or said == value or (isinstance(said, list) and value in said)
    ]


def without_line(spec: Spec, line: str) -> list[Spec]:
    """The spec with what the line names taken away, or the first choice in its place; else the same."""
    value = line.partition("=")[2]
    found: list[Spec] = []
    for path, said in said_at(spec, line):
        rest = [each for each in said if each != value] if value and isinstance(said, list) else ABSENT
        found.append(spec_with(spec, path, rest))
        if path in FIRST_CHOICES and value:
            found.append(spec_with(spec, path, FIRST_CHOICES[path]))
            found.append(spec_with(spec, path[:-1], {path[-1]: FIRST_CHOICES[path]}))
    return [each for each in found if lines_used(each) == lines_used(spec) - {line}]


def pretends(before: Data, after: Data, line: str) -> set[tuple[str, ...]]:
    """What programs read of something that is said not to be rendered.

    For `key=value`, what belonged to the other choice may be gone, and what has the choice's name has another.
    """
    value = line.partition("=")[2]
    if line.startswith("backend.type="):
        after = {renamed(path, value): renamed((each,), value)[0] for path, each in after.items()}
    gained, lost = after.keys() - before.keys(), before.keys() - after.keys()
    changed = {path for path in before.keys() & after.keys() if before[path] != after[path]}
    if value and lost:
        shortened = {path[:-1] for path in lost}
        return {path for path in gained if path[:-1] not in shortened}
    return gained | lost | changed


def renamed(parts: tuple[object, ...], backend: str) -> tuple[str, ...]:
    return tuple(str(each).replace(backend, "jaeger") for each in parts)
