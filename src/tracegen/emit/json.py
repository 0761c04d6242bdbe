"""JSON for the files whose readers want it, dashboards and sampling strategies among them."""

from json import dumps

from tracegen.emit.plain import plain
from tracegen.emit.value import Value


def to_json(value: Value) -> str:
    """`value` without its comments as JSON: two spaces, ASCII, keys in their order, one newline at the end.

    Raises TypeError and ValueError as `to_yaml` does, with the path in front.
    """
    return dumps(plain(value), indent=2, ensure_ascii=True, allow_nan=False) + "\n"
