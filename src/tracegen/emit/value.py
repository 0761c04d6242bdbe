"""What can be emitted: a tree of plain values in which any node may carry a comment."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Commented:
    """A value and the comment to print above it; the formats without comments leave the comment out."""

    value: "Value"
    comment: str


Value: TypeAlias = "bool | int | float | str | Sequence[Value] | Mapping[str, Value] | Commented | None"


class Refused(Exception):
    """Carries a reason up the tree; each container adds the step to the node. Never leaves `emit`."""

    def __init__(self, kind: type[TypeError] | type[ValueError], reason: str) -> None:
        """`kind` is what the caller will see raised."""
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.steps: list[object] = []

    def under(self, step: object) -> "Refused":
        """This refusal, seen from the container that holds the node under the key or index `step`."""
        self.steps.append(step)
        return self

    def error(self) -> TypeError | ValueError:
        """What the caller sees: `services.web.ports[0]: …`."""
        parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in reversed(self.steps))
        return self.kind(f"{''.join(parts).lstrip('.') or 'the top value'}: {self.reason}")


def exact(value: object) -> Any:
    """`value` as one of the types that the writers know: None, bool, int, float, str, list, dict, Commented.

    An enumeration's member, a named tuple or a read-only mapping is written as what it is underneath. Raises
    `Refused` for anything else: bytes, sets, dates and objects have no one spelling in YAML or JSON.
    """
    match value:
        case None | bool() | Commented():
            return value
        case str():
            return str.__str__(value)
        case int():
            return int.__int__(value)
        case float():
            return float.__float__(value)
        case Mapping():
            return dict(value)
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return list(value)
    raise Refused(TypeError, f"cannot write a {type(value).__name__}")


def text_key(key: object) -> str:
    """`key` as an exact str; raises `Refused` for others: JSON has none, and YAML readers differ on them."""
    if isinstance(key, str):
        return str.__str__(key)
    raise Refused(TypeError, f"the key {key!r} is not a str")


def finite(number: float) -> float:
    """`number`; raises `Refused` for infinities and NaN, which JSON cannot hold and no setting means."""
    if math.isfinite(number):
        return number
    raise Refused(ValueError, f"{number} is not a finite number")
