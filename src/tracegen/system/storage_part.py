"""What a storage adds to a backend that uses it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracegen.emit import Value
from tracegen.system.component import Call, Component, SecretMount, Text, Volume, Wait
from tracegen.system.file import Structured


@dataclass(frozen=True, slots=True)
class StoragePart:
    """`config` goes into the backend's configuration; `components` run beside it; the rest goes to its processes.
    `calls` are the servers of the storage.

    `written_at_once`: a span is acknowledged when it is stored; False where the storage's client collects first.
    `archive` is the configuration of the same storage for traces that people put aside, empty where it has none.
    `files` are the configuration of servers among the components.
    `disk` is that of the volume that a process of the backend has anyway, where spans lie there; empty elsewhere.
    """

    config: Mapping[str, Value]
    archive: Mapping[str, Value] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    files: tuple[Structured, ...] = ()
    volumes: tuple[Volume, ...] = ()
    secret_files: tuple[SecretMount, ...] = ()
    environment: Mapping[str, Text] = field(default_factory=dict)
    needs: Mapping[str, Wait] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    grace: int = 30
    written_at_once: bool = True
    disk: str = ""
