"""Which spans are asked for: a period, a service, a name, durations, a status, a version, attributes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tracegen.traces.records import STATUSES
from tracegen.traces.values import Value

_CONDITION = re.compile(r"(?P<key>[^=!~<>\s]+)\s*(?:(?P<operator>!=|[=~<>])\s*(?P<value>.*))?", re.DOTALL)
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9}


class BadQuestion(ValueError):
    """What was asked cannot be understood; the text says what can."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on an attribute of the span or its resource; the operator is one of '', =, !=, ~, <, >.

    '' asks whether the attribute is there, ~ whether the value has this text in it. Values are compared as text,
    with < and > as numbers. != holds only where the attribute is there.
    """

    key: str
    operator: str = ""
    value: str = ""

    @classmethod
    def of(cls, said: str) -> "Condition":
        """From `key`, `key=value`, `key!=value`, `key~part`, `key<number`, `key>number`. Raises BadQuestion."""
        match = _CONDITION.fullmatch(said.strip())
        if match is None:
            raise BadQuestion(f"{said!r} is no condition; say key, key=value, key!=value, key~part, key<1 or key>1")
        condition = cls(match["key"], match["operator"] or "", (match["value"] or "").strip())
        if condition.operator in ("<", ">") and _number(condition.value) is None:
            raise BadQuestion(f"{said!r} compares with {condition.value!r}, which is no number")
        return condition

    @property
    def needle(self) -> bytes:
        """Bytes that every span in protobuf holds which fulfils this by its own attributes."""
        return self.key.encode("utf-8", "replace")

    def holds(self, value: Value) -> bool:
        """Whether a value that is there fulfils it."""
        return _OPERATORS[self.operator](value, self.value)


def shown(value: Value) -> str:
    """A value as text: true and false, not True and False."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _less(value: Value, other: str) -> bool:
    number, limit = _number(value), _number(other)
    return number is not None and limit is not None and number < limit


def _more(value: Value, other: str) -> bool:
    number, limit = _number(value), _number(other)
    return number is not None and limit is not None and number > limit


_OPERATORS: dict[str, Callable[[Value, str], bool]] = {
    "": lambda value, other: True,
    "=": lambda value, other: shown(value) == other,
    "!=": lambda value, other: shown(value) != other,
    "~": lambda value, other: other.lower() in shown(value).lower(),
    "<": _less,
    ">": _more,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Spans: all that is said must hold of one span. Nothing is said by default, so every span is meant.

    `start` and `end` are nanoseconds since 1970 and bound the start of a span; `shortest` and `longest` are
    nanoseconds; `name` is a part of the span's name; `status` one of STATUSES; `version` that of its service.
    """

    start: int | None = None
    end: int | None = None
    service: str = ""
    name: str = ""
    shortest: int | None = None
    longest: int | None = None
    status: str = ""
    version: str = ""
    conditions: Sequence[Condition] = ()

    def __post_init__(self) -> None:
        if self.status and self.status not in STATUSES:
            raise BadQuestion(f"{self.status!r} is no status; say {', '.join(STATUSES)}")

    def between(self, start: int | None, end: int | None) -> "Selection":
        """The same in another period."""
        return replace(self, start=start, end=end)


def duration(said: str) -> int:
    """Nanoseconds of a text such as 250ms, 1.5s, 2m. Raises BadQuestion."""
    match = _DURATION.fullmatch(said.strip())
    if match is None:
        raise BadQuestion(f"{said!r} is no duration; say 250ms, 1.5s, 2m")
    return round(float(match["number"]) * _UNITS[match["unit"]])
