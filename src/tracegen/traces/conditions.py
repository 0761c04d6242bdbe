"""A selection as a condition of SQL."""

from collections.abc import Mapping, Sequence

from tracegen.traces.records import STATUSES
from tracegen.traces.selection import Condition, Selection
from tracegen.traces.values import Value

#: A resource: its number, version, attributes.
Resources = Sequence[tuple[int, str, Mapping[str, Value]]]


def where(selection: Selection, resources: Resources) -> tuple[str, list[object]]:
    """A condition on rows of `spans`, and the values in it; `true` for all of them.

    The function `fulfils(data, key, operator, value)` of the connection tells of attributes.
    """
    found: list[str] = []
    values: list[object] = []
    for said, sql, value in (
        (selection.start is not None, "start >= ?", selection.start),
        (selection.end is not None, "start < ?", selection.end),
        (selection.service, "service = ?", selection.service),
        (selection.name, "instr(lower(name), ?) > 0", selection.name.lower()),
        (selection.shortest is not None, "duration >= ?", selection.shortest),
        (selection.longest is not None, "duration <= ?", selection.longest),
        (selection.status, "status = ?", STATUSES.index(selection.status) if selection.status else None),
    ):
        if said:
            found.append(sql)
            values.append(value)
    if selection.version:
        found.append(_in([number for number, version, _ in resources if version == selection.version]))
    for condition in selection.conditions:
        found.append(f"({_of_resources(condition, resources)} or {_OF_SPANS})")
        values += [condition.needle, condition.key, condition.operator, condition.value]
    return " and ".join(found) or "true", values


#: Most spans are told by their bytes alone, in which keys stand as they are.
_OF_SPANS = "(instr(data, ?) > 0 and fulfils(data, ?, ?, ?))"


def _of_resources(condition: Condition, resources: Resources) -> str:
    return _in([number for number, _, said in resources if _fulfils(condition, said)])


def _fulfils(condition: Condition, attributes: Mapping[str, Value]) -> bool:
    return condition.key in attributes and condition.holds(attributes[condition.key])


def _in(numbers: Sequence[int]) -> str:
    return f"resource in ({', '.join(map(str, numbers))})" if numbers else "false"
