"""What Docker Compose starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracegen.system.component import Component, Port, Volume, Wait

#: The networks of compose.yaml: the one that Compose makes anyway, and one that leads nowhere else.
DEFAULT_NETWORK, INNER_NETWORK = "default", "stores"


@dataclass(frozen=True, slots=True)
class ComposeService:
    """A service of somebody's own Compose file: its name there ('': the service's), and its networks."""

    service: str = ""
    networks: tuple[str, ...] = (DEFAULT_NETWORK,)


@dataclass(frozen=True, slots=True)
class Unit:
    """A service of compose.yaml: a component, or one of its replicas.

    volumes   the component's, or the replica's own
    ports     those that the host may reach
    needs     the units that it waits for
    networks  those that it is in
    aliases   further names by which others reach it
    chosen    numbers of the ports for which the engine chooses the host's
    hosts     the host's port of a port by its number, where it is another
    hostname  ends in the number of the replica; empty where Compose chooses one
    """

    name: str
    component: Component
    volumes: tuple[Volume, ...]
    ports: tuple[Port, ...]
    needs: Mapping[str, Wait]
    networks: tuple[str, ...] = (DEFAULT_NETWORK,)
    aliases: tuple[str, ...] = ()
    hostname: str = ""
    replicas: int = 1
    chosen: frozenset[int] = frozenset()
    hosts: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compose:
    """All units, a job that others wait for first."""

    units: tuple[Unit, ...]
