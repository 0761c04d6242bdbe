"""Every file can be read by the program it is for."""

import json
from collections.abc import Iterator
from functools import lru_cache

import yaml
from yamllint import linter  # type: ignore[import-untyped]
from yamllint.config import YamlLintConfig  # type: ignore[import-untyped]

from invariants._system import Draft, Finding, NoKeyTwice, System
from support import ROOT

LINT = YamlLintConfig(file=str(ROOT / ".yamllint"))


def check_every_file_parses(system: System) -> Iterator[Finding]:
    """YAML files are YAML, JSON files are JSON, and none is empty."""
    for path, text in system.tree.items():
        if path.endswith((".yaml", ".yml", ".json")):
            wrong = _syntax(path.endswith(".json"), text)
            if wrong:
                yield path, wrong


def break_every_file_parses(draft: Draft) -> None:
    draft.texts["collector/gateway.yaml"] += "processors: [\n"


def break_every_file_parses__empty(draft: Draft) -> None:
    draft.texts["jaeger/config.yaml"] = "# nothing\n"


def check_no_key_stands_twice(system: System) -> Iterator[Finding]:
    """No mapping has a key twice: readers take the first, the last, or refuse the file."""
    for path in system.yaml_files:
        wrong = _key_twice(system.tree[path])
        if wrong:
            yield path, wrong


def break_no_key_stands_twice(draft: Draft) -> None:
    draft.texts["jaeger/config.yaml"] += "exporters: {}\n"


def check_yamllint_is_clean(system: System) -> Iterator[Finding]:
    """yamllint has nothing to say: its default rules, but for the length of lines and `---`."""
    for path in system.yaml_files:
        yield from ((path, each) for each in lint(system.tree[path]))


def break_yamllint_is_clean(draft: Draft) -> None:
    draft.texts["compose.yaml"] += "x-list:\n- not indented\n"


def break_yamllint_is_clean__truthy(draft: Draft) -> None:
    draft.texts["compose.yaml"] += "x-truth: yes\n"


def check_lines_end_as_unix_wants(system: System) -> Iterator[Finding]:
    """Each file ends with one newline, has no carriage return, no tab and no space at the end of a line."""
    for path, text in system.tree.items():
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield path, "does not end with one newline"
        if path.endswith((".yaml", ".yml", ".env")) and any(sign in text for sign in ("\r", "\t", " \n")):
            yield path, "has a carriage return, a tab, or a space at the end of a line"


def break_lines_end_as_unix_wants(draft: Draft) -> None:
    draft.texts[".env.example"] = draft.texts[".env.example"].rstrip("\n")


def break_lines_end_as_unix_wants__space(draft: Draft) -> None:
    draft.texts["services/api/otel.env"] += "A=b \n"


@lru_cache(maxsize=4096)
def lint(text: str) -> tuple[str, ...]:
    """What yamllint says of a text."""
    return tuple(f"{each.line}:{each.column} {each.message}" for each in linter.run(text, LINT))


@lru_cache(maxsize=4096)
def _syntax(is_json: bool, text: str) -> str:
    try:
        value = json.loads(text) if is_json else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        return f"cannot be read: {error}"
    return "" if value else "is empty"


@lru_cache(maxsize=4096)
def _key_twice(text: str) -> str:
    try:
        yaml.load(text, NoKeyTwice)
    except yaml.YAMLError as error:
        return str(error)
    return ""
