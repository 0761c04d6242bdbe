"""What a spec comes to: errors, what is not rendered yet, and the data that programs read."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.cli.file_keys import keys_of, pattern_of
from tracegen.compiler import build
from tracegen.problems import ProblemsFound, Severity
from tracegen.source.files import load

Spec = dict[str, Any]

#: A file that `include` finds, in the folder of each spec.
INCLUDED = {"teams/more.yaml": "services:\n  more: {language: python}\n"}

#: Errors of form: the value is not one that the key takes, so it says nothing about the key.
FORM = ("TG110", "TG111", "TG112", "TG114", "TG115", "TG116")
NOT_RENDERED = "TG901"

#: Stands for an error that is no problem of the spec.
BUG = "a bug:"

#: Every scalar that a program reads, by file and path.
Data = Mapping[tuple[str, ...], Any]

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FOR_PEOPLE = (".md", ".env.example")
#: What the API server and the OpenTelemetry Operator act on, and the controllers of a team (`keys.walk`).
_READ_BY_CLUSTERS = ("pod-security.kubernetes.io/", "instrumentation.opentelemetry.io/", "example.com/")
_COMMENT = re.compile(r"^\s*(#|//|--).*$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Outcome:
    """`not_rendered` are the paths that TG901 names; `keys` those that `explain` names for each file, `patterns` the
    pattern of each and its service.
    """

    errors: tuple[str, ...]
    not_rendered: frozenset[str] = frozenset()
    tree: Mapping[str, bytes] | None = None
    keys: Mapping[str, tuple[str, ...]] | None = None
    patterns: Mapping[str, tuple[str, str]] | None = None

    @property
    def data(self) -> Data:
        """What programs read: no comments, no documents, no labels."""
        return _data(json.dumps({path: text.decode() for path, text in (self.tree or {}).items()}))


def outcome(spec: Spec, environment: str | None = None) -> Outcome:
    """Compile a spec, or one environment of it."""
    return _outcome(json.dumps(spec), environment)


@cache
def _outcome(text: str, environment: str | None) -> Outcome:
    path = _folder() / "tracegen.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        document = load(str(path))
        checked = check(document, catalogue(), [environment] if environment else [])
        rendered = build(document, checked.settings[environment], catalogue())
    except ProblemsFound as found:
        errors = tuple(each.code.id for each in found.problems if each.severity is Severity.ERROR)
        return Outcome(errors, _not_rendered(found.problems))
    except Exception as bug:
        return Outcome((f"{BUG} {bug!r}",))
    keys = {file.path: keys_of(file, rendered) for file in rendered.files}
    patterns = {file.path: pattern_of(file, rendered.system) for file in rendered.files}
    return Outcome((), _not_rendered(checked.problems), rendered.tree, keys, patterns)


@cache
def _folder() -> Path:
    folder = Path(mkdtemp(prefix="tracegen-keys-"))
    for path, text in INCLUDED.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def _not_rendered(problems: Any) -> frozenset[str]:
    return frozenset(each.path for each in problems if each.code.id == NOT_RENDERED)


@cache
def _data(tree: str) -> Data:
    found: dict[tuple[str, ...], Any] = {}
    for path, text in json.loads(tree).items():
        if not path.endswith(_FOR_PEOPLE):
            found |= {(path, *where): value for where, value in _leaves(_read(path, text))}
    return found


def _read(path: str, text: str) -> Any:
    if path.endswith((".yaml", ".yml")):
        return _without_labels(yaml.load(text, _LOADER))
    if path.endswith(".json"):
        return json.loads(text)
    if path.endswith(".env"):
        return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return _COMMENT.sub("", text)


def _without_labels(value: Any) -> Any:
    """Labels and annotations are for people, and for selectors, which are compared themselves; but for some."""
    if isinstance(value, list):
        return [_without_labels(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_labels(each) for key, each in value.items()}
    for labelled in [kept.get("metadata"), *(kept.get("services") or {}).values()] if _is_mapping(kept) else []:
        if isinstance(labelled, dict):
            marks = {**(labelled.pop("labels", None) or {}), **(labelled.pop("annotations", None) or {})}
            labelled |= {key: each for key, each in marks.items() if key.startswith(_READ_BY_CLUSTERS)}
    return kept


def _is_mapping(value: dict[str, Any]) -> bool:
    return isinstance(value.get("services") or {}, dict)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Scalars by path; an item of a list of scalars is its own path, so that one more is just one more."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(below, (*path, str(key)))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            step = str(index) if isinstance(below, dict | list) else f"= {below}"
            yield from _leaves(below, (*path, step))
    else:
        yield path, value
