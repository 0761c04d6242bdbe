"""What a pack says of itself: one frozen record for each kind of pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen.emit import LiteralStyle


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
class ExampleImage:
    """What is known of the image that the example's Dockerfile builds.

    `health` asks the service itself whether it works, inside the container, with what is in the image; `writable`
    are the folders that it writes to, `memory` such as `256Mi` what it needs.
    """

    health: tuple[str, ...]
    user: int
    writable: tuple[str, ...]
    memory: str


@dataclass(frozen=True, slots=True)
class Library:
    """A library that a service talks with, and what makes its spans.

    `name` is the name in the spec, `title` what people call it, `packages` what is installed for it: exact versions
    by name. `switch` is how the stub switches it on, in the words of its language (see the pack's
    `libraries.yaml`); empty where installing the package is all.
    """

    name: str
    title: str
    packages: Mapping[str, str]
    switch: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LanguagePack(Pack):
    """A language: frameworks and kinds of instrumentation, the default of each first.

    `remote_sampling` has the kinds of instrumentation that honour a remote sampler, each with the protocol by
    which it asks (`http` or `grpc`); `environment` holds variables that every service of the language needs,
    `variables` those of one kind of instrumentation; `auto_needs` names what `auto` cannot do without.
    `settings` are the variables that carry what has no standard one, by kind of instrumentation: `health` the path
    whose requests make no spans (put into `health_pattern` where a pattern of addresses is wanted; {FRAMEWORK} in a
    name is the framework's), `baggage` the keys that are copied onto spans. `health_spans` are the kinds that
    cannot leave such requests out. `literal` is how it writes a string, `example` what its example service's image
    has (None: there is none), `runs_in_tests` whether the tests of tracegen build and run what is written for it,
    `limits` what it cannot do, each in a sentence; `libraries` are those whose spans a stub can switch on, by name.
    """

    frameworks: tuple[str, ...]
    instrumentation: tuple[str, ...]
    propagators: tuple[str, ...]
    remote_sampling: Mapping[str, str]
    environment: Mapping[str, str]
    variables: Mapping[str, Mapping[str, str]]
    auto_needs: str | None
    settings: Mapping[str, Mapping[str, str]]
    health_spans: tuple[str, ...]
    literal: LiteralStyle
    example: ExampleImage | None
    runs_in_tests: bool
    limits: tuple[str, ...]
    libraries: Mapping[str, Library]


@dataclass(frozen=True, slots=True)
class BackendPack(Pack):
    """A tracing backend: its modes (the default first) and the storage used when none is said.

    `roles` are those of mode scalable, with the replicas each has by default; each replica of `partition_owners`
    needs a partition of Kafka's topic. `entrance` names the component that takes spans in, by mode;
    `kafka_over_tls` tells whether it can encrypt its way to Kafka.
    """

    modes: tuple[str, ...]
    roles: Mapping[str, int]
    partition_owners: tuple[str, ...]
    entrance: Mapping[str, str]
    kafka_over_tls: bool
    default_storage: str | None


@dataclass(frozen=True, slots=True)
class StoragePack(Pack):
    """A storage: the backends and the modes that it serves.

    Without any of the options in `plain_unless` a server runs inside, and speaks no TLS.
    """

    backends: tuple[str, ...]
    modes: tuple[str, ...]
    plain_unless: tuple[str, ...]
