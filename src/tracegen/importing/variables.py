"""Compose's variables: `$NAME`, `${NAME}`, `${NAME:-default}` and their like, and files of variables.

Grammar: https://docs.docker.com/reference/compose-file/interpolation/. Ours, because libraries of shell
expansion read `$$`, `:offset` and quotes as a shell does, and stop at what they cannot read, where a guess is wanted.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_DEEPEST = 20


def interpolated(text: str, values: Mapping[str, str], depth: int = 0) -> str:
    """The text with its variables replaced; one that has neither value nor default stays as it is written."""
    if "$" not in text or depth > _DEEPEST:
        return text
    parts: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        part, at = _at_dollar(text, dollar, values, depth)
        parts.append(part)
    parts.append(text[at:])
    return "".join(parts)


def _at_dollar(text: str, dollar: int, values: Mapping[str, str], depth: int) -> tuple[str, int]:
    after = text[dollar + 1 : dollar + 2]
    if after == "$":
        return "$", dollar + 2
    if after == "{" and (end := _closing(text, dollar + 2)) > 0:
        whole, inside = text[dollar : end + 1], text[dollar + 2 : end]
        found = _braced(inside, values, depth)
        return (whole if found is None else found), end + 1
    if match := _NAME.match(text, dollar + 1):
        return values.get(match.group(), match.group(0).join(("${", "}"))), match.end()
    return "$", dollar + 1


def _closing(text: str, at: int) -> int:
    depth = 1
    for place in range(at, len(text)):
        if text[place] == "}":
            depth -= 1
            if not depth:
                return place
        elif text.startswith("${", place):
            depth += 1
    return -1


def _braced(inside: str, values: Mapping[str, str], depth: int) -> str | None:
    match = _NAME.match(inside)
    if not match:
        return None
    name, rest = match.group(), inside[match.end() :]
    value = values.get(name)
    operator = next((each for each in _OPERATORS if rest.startswith(each)), "")
    if rest and not operator:
        return None
    word = rest[len(operator) :]
    is_set = value is not None and (bool(value) or not operator.startswith(":"))
    if operator.endswith("-"):
        return value if is_set else interpolated(word, values, depth + 1)
    if operator.endswith("+"):
        return interpolated(word, values, depth + 1) if is_set else ""
    return value


def variables_of(path: Path, values: Mapping[str, str]) -> dict[str, str]:
    """The variables of an `.env` file or `env_file`; what has no value takes that of `values`, or ''.

    A file that is missing or that nobody can read has none.
    """
    from dotenv import dotenv_values

    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    raw = dotenv_values(stream=io.StringIO(text), interpolate=False)
    for name, value in raw.items():
        found[name] = values.get(name, "") if value is None else interpolated(value, {**found, **values})
    return found
