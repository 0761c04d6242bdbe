"""Values of OTLP (AnyValue, KeyValue): from messages to Python, and from JSON to messages."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span

#: A value of an attribute: str, bool, int, float, bytes, None, a list of values, or a dict of text to value.
Value = Any

#: How deep values of JSON may nest: protobuf itself refuses messages deeper than 100, and each level is two.
DEEPEST = 40
#: Pairs of key and value repeat: so many are remembered as messages, so that they are made once.
_REMEMBERED = 20_000

_INT64 = range(-(1 << 63), 1 << 63)


class BadSpan(ValueError):
    """What was read is no OTLP; the text says where."""


def plain(value: AnyValue) -> Value:
    """The value of a message as Python has it; None where nothing is said."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return pairs(value.kvlist_value.values)
    return getattr(value, kind)


def pairs(attributes: Iterable[KeyValue]) -> dict[str, Value]:
    """Attributes as a dict; of two with one key the last stays."""
    found: dict[str, Value] = {}
    for each in attributes:
        value = each.value
        # Text is what most attributes are, and an empty one is the only text that this cannot tell.
        found[each.key] = value.string_value or plain(value)
    return found


def message_of(value: Value, depth: int = 0) -> AnyValue:
    """A Python value as a message. Raises BadSpan for what OTLP has no form for."""
    if depth > DEEPEST:
        raise BadSpan(f"a value is nested deeper than {DEEPEST}")
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        # What does not fit 64 bits is kept as text rather than lost.
        return AnyValue(int_value=value) if value in _INT64 else AnyValue(string_value=str(value))
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=text(value))
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, Mapping):
        values = [KeyValue(key=text(key), value=message_of(each, depth + 1)) for key, each in value.items()]
        return AnyValue(kvlist_value=KeyValueList(values=values))
    if isinstance(value, list | tuple):
        return AnyValue(array_value=ArrayValue(values=[message_of(each, depth + 1) for each in value]))
    raise BadSpan(f"a value of type {type(value).__name__} is no attribute")


def text(value: Any) -> str:
    """A text that UTF-8 can hold: half of a surrogate pair, which JSON can say, becomes a question mark."""
    found = value if isinstance(value, str) else str(value)
    return found if found.isascii() else found.encode("utf-8", "replace").decode()


def _of_json(value: Any, depth: int = 0) -> AnyValue:
    """An AnyValue as OTLP's JSON has it: {"stringValue": …}, 64-bit integers as text."""
    if not isinstance(value, Mapping):
        raise BadSpan(f'a value should be an object such as {{"stringValue": …}}, not {str(value)[:40]!r}')
    if depth > DEEPEST:
        raise BadSpan(f"a value is nested deeper than {DEEPEST}")
    for key, each in value.items():
        make = _KINDS.get(key)
        if make is not None and each is not None:
            try:
                return make(each, depth)
            except (TypeError, ValueError, OverflowError, AttributeError, binascii.Error) as error:
                raise BadSpan(f"{key} cannot be {str(each)[:40]!r}") from error
    return AnyValue()


def _array(value: Any, depth: int) -> AnyValue:
    return AnyValue(array_value=ArrayValue(values=[_of_json(each, depth + 1) for each in value.get("values") or ()]))


def _list(value: Any, depth: int) -> AnyValue:
    found = [
        KeyValue(key=text(each.get("key", "")), value=_of_json(each.get("value") or {}, depth + 1))
        for each in value.get("values") or ()
    ]
    return AnyValue(kvlist_value=KeyValueList(values=found))


_KINDS = {
    "stringValue": lambda value, _: AnyValue(string_value=text(value)),
    "intValue": lambda value, _: AnyValue(int_value=int(value)),
    "boolValue": lambda value, _: AnyValue(bool_value=value in (True, "true")),
    "doubleValue": lambda value, _: AnyValue(double_value=float(value)),
    "bytesValue": lambda value, _: AnyValue(bytes_value=base64.b64decode(value)),
    "arrayValue": _array,
    "kvlistValue": _list,
}
_KINDS |= {
    "string_value": _KINDS["stringValue"],
    "int_value": _KINDS["intValue"],
    "bool_value": _KINDS["boolValue"],
    "double_value": _KINDS["doubleValue"],
    "bytes_value": _KINDS["bytesValue"],
    "array_value": _array,
    "kvlist_value": _list,
}


class Attributes:
    """Makes attributes of JSON into protobuf, and remembers those that repeat."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], bytes] = {}

    def written(self, attributes: Any) -> bytes:
        """The list `attributes` of a span, as bytes to be added to those of a span in protobuf. Raises BadSpan."""
        found = []
        known = self._known
        for each in attributes or ():
            try:
                place = (each["key"], *each["value"].items())
                written = known.get(place)
            except (TypeError, KeyError, AttributeError):
                # Lists and maps cannot be remembered, and what has no form is told by who makes it.
                found.append(_written(each))
                continue
            if written is None:
                written = _written(each)
                if len(known) < _REMEMBERED:
                    known[place] = written
            found.append(written)
        return b"".join(found)


def messages(attributes: Any) -> list[KeyValue]:
    """A list `attributes` in JSON as messages. Raises BadSpan."""
    return [_pair(each) for each in attributes or ()]


def _written(attribute: Any) -> bytes:
    key, value = attribute.get("key"), attribute.get("value")
    if len(value or ()) == 1 and isinstance(key, str) and isinstance(inner := value.get("stringValue"), str):
        return _written_text(text(key).encode(), text(inner).encode())
    return Span(attributes=[_pair(attribute)]).SerializeToString()


def _written_text(key: bytes, value: bytes) -> bytes:
    """An attribute that is text, as protobuf has it in a span: most are, and messages take five times as long."""
    inner = b"\x0a" + length(value) + value
    pair = b"\x0a" + length(key) + key + b"\x12" + length(inner) + inner
    return b"\x4a" + length(pair) + pair


_SHORT = tuple(bytes((number,)) for number in range(0x80))


def length(data: bytes) -> bytes:
    """The length of data as a varint."""
    number = len(data)
    if number <= 0x7F:
        return _SHORT[number]
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _pair(attribute: Any) -> KeyValue:
    # What has its default is left out by protobuf's writers of JSON: here, a key without letters.
    if not isinstance(attribute, Mapping) or not isinstance(attribute.get("key", ""), str):
        raise BadSpan(f'an attribute should be {{"key": …, "value": …}}, not {str(attribute)[:40]!r}')
    return KeyValue(key=text(attribute.get("key", "")), value=_of_json(attribute.get("value") or {}))
