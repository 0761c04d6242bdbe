"""What a pack says of itself: one frozen record for each kind of pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Image:
    """A pinned container image and what is known of its inside.

    `source` says where the version was seen; `tested` what the tests ran instead, when that differs.
    """

    name: str
    repository: str
    version: str
    source: str
    tested: str
    user: int

    @property
    def reference(self) -> str:
        """`repository:version` as a container engine takes it."""
        return f"{self.repository}:{self.version}"


@dataclass(frozen=True, slots=True)
class Pack:
    """What every pack has: its folder's name is its name in the spec."""

    name: str
    title: str
    description: str
    order: int
    sources: tuple[str, ...]
    folder: Path
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LanguagePack(Pack):
    """A language: frameworks and kinds of instrumentation, the default of each first.

    `remote_sampling` names the kinds of instrumentation that honour a remote sampler; `environment` holds
    variables that every service of the language needs; `auto_needs` names what `auto` cannot do without.
    """

    frameworks: tuple[str, ...]
    instrumentation: tuple[str, ...]
    propagators: tuple[str, ...]
    remote_sampling: tuple[str, ...]
    environment: Mapping[str, str]
    auto_needs: str | None


@dataclass(frozen=True, slots=True)
class BackendPack(Pack):
    """A tracing backend: its modes (the default first) and the storage used when none is said.

    `roles` are those of mode scalable, with the replicas each has by default; each replica of `partition_owners`
    needs a partition of Kafka's topic. `entrance` names the component that takes spans in, by mode.
    """

    modes: tuple[str, ...]
    roles: Mapping[str, int]
    partition_owners: tuple[str, ...]
    entrance: Mapping[str, str]
    default_storage: str | None


@dataclass(frozen=True, slots=True)
class StoragePack(Pack):
    """A storage: the backends and the modes that it serves."""

    backends: tuple[str, ...]
    modes: tuple[str, ...]
