"""What the host may reach: groups of ports, some at a port that the spec names."""

from collections.abc import Iterable, Mapping

from tracegen.decide.records import Published
from tracegen.spec.said import Said
from tracegen.system.record import names_of


def groups_of(publish: Iterable[str | Published]) -> tuple[str, ...]:
    """The groups, each once."""
    named = ([each] if isinstance(each, str) else list(_said(each)) for each in publish)
    return tuple(dict.fromkeys(group for groups in named for group in groups))


def ports_of(publish: Iterable[str | Published], said: Said) -> Mapping[str, int]:
    """The port of the host of each group that has one in the spec.

    An environment that names none itself has none: that of the base is the base's.
    """
    if said.environment is not None and not said.said_by_layer("compose", "publish"):
        return {}
    found = (_said(each) for each in publish if not isinstance(each, str))
    return {group: port for ports in found for group, port in ports.items()}


def _said(published: Published) -> dict[str, int]:
    found = ((name, getattr(published, name)) for name in names_of(published))
    return {group: port for group, port in found if port is not None}
