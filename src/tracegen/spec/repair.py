"""What somebody probably meant whose text has not the form that is wanted."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tracegen.problems.redact import redacted

Schema = Mapping[str, Any]

_UNITS = {
    "msec": "ms",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "min": "m",
    "mins": "m",
    "minute": "m",
    "minutes": "m",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "k": "Ki",
    "m": "Mi",
    "g": "Gi",
    "t": "Ti",
    "kb": "Ki",
    "mb": "Mi",
    "gb": "Gi",
    "tb": "Ti",
    "kib": "Ki",
    "mib": "Mi",
    "gib": "Gi",
    "tib": "Ti",
}
_AMOUNT = re.compile(r"\s*(?P<number>[0-9]+)\s*(?P<unit>[A-Za-z]*)\s*")
_OUTSIDE_A_NAME = re.compile(r"[^a-z0-9]+")
_OUTSIDE_A_VARIABLE = re.compile(r"[^A-Za-z0-9_]+")
#: Nothing longer is repaired.
_LONGEST = 1_000
_WEEK = re.compile(r"\s*(?P<number>[0-9]{1,6})\s*(?:w|weeks?)\s*")


def repaired(value: Any, schema: Schema) -> str:
    """The nearest text that has the form of a schema with a pattern, or an empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int) or "pattern" not in schema:
        return ""
    text = str(value)
    if len(text) > _LONGEST or redacted(text) != text:
        return ""  # nobody meant that, or it would be shown in a form in which no password is seen
    return next((each for repair in _REPAIRS for each in repair(text, schema) if fits(each, schema)), "")


def fits(text: str, schema: Schema) -> bool:
    """Whether a text has the form that a schema wants."""
    length = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
    return length and re.search(schema.get("pattern", ""), text) is not None


def _unit(text: str, schema: Schema) -> Iterator[str]:
    amount = _AMOUNT.fullmatch(text)
    if amount is None:
        return
    number, unit = int(amount["number"]), amount["unit"]
    yield f"{number}{unit}"
    yield f"{number}{unit.lower()}"
    if unit:
        yield f"{number}{_UNITS.get(unit.lower(), '')}"
        return
    for example in schema.get("examples", ()):
        like = _AMOUNT.fullmatch(str(example))
        if like:
            yield f"{number}{like['unit']}"


def _weeks(text: str, schema: Schema) -> Iterator[str]:
    weeks = _WEEK.fullmatch(text)
    if weeks:
        yield f"{int(weeks['number']) * 7}d"


def _name(text: str, schema: Schema) -> Iterator[str]:
    yield text.strip()
    yield text.lower()
    if "DNS label" in schema.get("x-expected", ""):
        limit = schema.get("maxLength", len(text))
        yield _OUTSIDE_A_NAME.sub("-", text.lower()).strip("-")[:limit].strip("-")
    if "environment variable" in schema.get("x-expected", ""):
        yield _OUTSIDE_A_VARIABLE.sub("_", text)


def _path(text: str, schema: Schema) -> Iterator[str]:
    yield f"/{text}"
    yield text.removeprefix("./").strip("/")
    if "URL" not in schema.get("x-expected", ""):
        yield re.sub(r"^https?://", "", text).strip("/")
    yield f"https://{text}"


_REPAIRS: tuple[Callable[[str, Schema], Iterator[str]], ...] = (_unit, _weeks, _name, _path)
