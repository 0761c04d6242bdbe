"""What a pack says of itself: one frozen record for each kind of pack."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen.emit import LiteralStyle


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name in a program's configuration that is new since a version; it takes the one before too, and warns."""

    section: str
    name: str
    before: str
    since: str


@dataclass(frozen=True, slots=True)
class Added:
    """A key of a program's configuration that older versions refuse: where it stands, and since when it is known."""

    path: tuple[str, ...]
    since: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A digest that independent public files give for a pinned version: how many of how many, and when (a date)."""

    digest: str
    agree: int
    of: int
    date: str


@dataclass(frozen=True, slots=True)
class Image:
    """A pinned container image and what is known of its inside.

    `source` says where the version was seen; `tested` what the tests ran instead, when that differs. `oldest` is the
    oldest version for which what is rendered is known to be right, empty where nobody tried; `renamed` is what older
    ones call otherwise, `added` what they do not have. `seen` is what is known of its digest, and `digest` what it is
    pulled by, empty for the tag.
    """

    name: str
    repository: str
    version: str
    source: str
    tested: str
    user: int
    oldest: str = ""
    seen: Seen | None = None
    digest: str = ""
    renamed: tuple[Renamed, ...] = ()
    added: tuple[Added, ...] = ()

    @property
    def reference(self) -> str:
        """`repository:version`, with `@digest` where there is one, as a container engine takes it."""
        return f"{self.repository}:{self.version}" + (f"@{self.digest}" if self.digest else "")

    def is_before(self, version: str) -> bool:
        """Whether this is older than a version; a tag without numbers, such as a branch, counts as newest."""
        mine, other = numbers_of(self.version), numbers_of(version)
        compared = min(len(mine), len(other))
        return mine[:compared] < other[:compared]


def numbers_of(version: str) -> tuple[int, ...]:
    """The numbers of a version in their order, what follows a dash left out."""
    return tuple(int(each) for each in re.findall(r"\d+", version.partition("-")[0]))


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
class Here:
    """How the example is built on a machine, without its image, in the service's folder.

    `needs` are programs on PATH, `build` lines of a shell (`$CACHE` is a folder for all services of all projects).
    The image's command is started in `folder`, with the programs of the folder `path` first.
    """

    needs: tuple[str, ...]
    build: tuple[str, ...]
    path: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class ExampleImage:
    """What is known of the image that the example's Dockerfile builds.

    `health` asks the service itself whether it works, inside the container, with what is in the image; `writable`
    are the folders that it writes to, `memory` such as `256Mi` what it needs, `start` the seconds that it may take
    until it answers. `here` is how it is built without it.
    """

    health: tuple[str, ...]
    user: int
    writable: tuple[str, ...]
    memory: str
    start: int = 60
    here: Here | None = None


#: The framework of a worker, a job or a command line.
NO_FRAMEWORK = "none"


@dataclass(frozen=True, slots=True)
class Library:
    """A library that a service talks with, and what makes its spans.

    `name` is the name in the spec, `title` what people call it, `packages` what is installed for it: exact versions
    by name. `switch` is how the stub switches it on, in the words of its language (see the pack's
    `libraries.yaml`); empty where installing the package is all. `use` is what a person writes in place of, or
    beside, what they have; empty where there is nothing to write.
    """

    name: str
    title: str
    packages: Mapping[str, str]
    switch: tuple[str, ...]
    use: str


@dataclass(frozen=True, slots=True)
class OperatorAgent:
    """The agent that the OpenTelemetry Operator puts into services of a language, which it calls `name`.

    `variable` names the variable of a service that tells the agent which program to watch, and `annotation` where the
    Operator looks for the same; empty where it needs no telling. `is_only`: nothing else instruments the language
    without code, its examples neither.
    """

    name: str
    variable: str
    annotation: str
    is_only: bool


@dataclass(frozen=True, slots=True)
class LanguagePack(Pack):
    """A language: frameworks and kinds of instrumentation, the default of each first.

    `remote_sampling` has the kinds of instrumentation that honour a remote sampler, each with the protocol by
    which it asks (`http` or `grpc`); `environment` holds variables that every service of the language needs,
    `variables` those of one kind of instrumentation; `auto_needs` names what `auto` cannot do without;
    `operator_agent` is what the OpenTelemetry Operator has for it, None where it has nothing.
    `settings` are the variables that carry what has no standard one, by kind of instrumentation: `health` the path
    whose requests make no spans (put into `health_pattern` where a pattern of addresses is wanted; {FRAMEWORK} in a
    name is the framework's), `baggage` the keys that are copied onto spans. `health_spans` are the kinds that
    cannot leave such requests out. `literal` is how it writes a string, `example` what its example service's image
    has (None: there is none), `runs_in_tests` whether the tests of tracegen build and run what is written for it,
    `limits` what it cannot do, each in a sentence; `libraries` are those whose spans a stub can switch on, by name.
    `without_framework` is the framework, or `none`, whose files a worker gets; None where it has none of its own.
    """

    frameworks: tuple[str, ...]
    without_framework: str | None
    instrumentation: tuple[str, ...]
    propagators: tuple[str, ...]
    remote_sampling: Mapping[str, str]
    environment: Mapping[str, str]
    variables: Mapping[str, Mapping[str, str]]
    auto_needs: str | None
    operator_agent: OperatorAgent | None
    settings: Mapping[str, Mapping[str, str]]
    health_spans: tuple[str, ...]
    literal: LiteralStyle
    example: ExampleImage | None
    runs_in_tests: bool
    limits: tuple[str, ...]
    libraries: Mapping[str, Library]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a pack cannot do: `why` ends a message, `instead` is its hint."""

    why: str
    instead: str


@dataclass(frozen=True, slots=True)
class Sizing:
    """What one process takes of its machine, by the spans a second that it handles.

    steps   (spans a second, MiB of memory), rising: a rate has the first step that it does not pass, or the last
    more    MiB beside that where the spec asks for an archive
    core    spans a second that one core carries
    refuse  the share of the memory above which spans are refused; 0 for that of every collector
    """

    steps: tuple[tuple[int, int], ...]
    core: int
    more: int = 0
    refuse: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """How spans are sent to who stores them: one of `consumers` requests waits so many seconds for its answer.

    Requests have `smallest` to `largest` bytes; what takes longer than `timeout` is sent, and stored, again.
    """

    timeout: int = 30
    consumers: int = 10
    smallest: int = 500_000
    largest: int = 3_000_000


@dataclass(frozen=True, slots=True)
class KafkaClient:
    """How a backend's roles reach Kafka.

    `tls`: they can encrypt their way there. `mechanisms` of authentication that they know, empty for all that the
    spec has. `one_broker`: they are told one address, and learn the others from it.
    """

    tls: bool
    mechanisms: tuple[str, ...]
    one_broker: bool


@dataclass(frozen=True, slots=True)
class BackendPack(Pack):
    """A tracing backend: its modes (the default first), and the storage used when none is said.

    Without modes somebody else runs it. `roles` are those of mode scalable, with the replicas each has by default;
    each replica of `partition_owners` needs a partition of Kafka's topic, and `fed_by` names roles that read only
    what another one's partitions hold. `kafka` is None where there is no mode scalable. `otlp_host` names what takes
    spans in, by mode. `tenant_header` is the header that tells tenants apart, empty where it has none, and
    `no_tenants` says why. `serves_strategies`: remote samplers ask it, and not the collector before it.
    `adaptive_sampling` says why the rates that it computes are of no use, empty where it computes none. `sizing` is
    what roles take that do not write to the storage.
    """

    modes: tuple[str, ...]
    roles: Mapping[str, int]
    partition_owners: tuple[str, ...]
    fed_by: Mapping[str, str]
    kafka: KafkaClient | None
    otlp_host: Mapping[str, str]
    default_storage: str | None
    tenant_header: str
    no_tenants: Refusal | None
    serves_strategies: bool
    adaptive_sampling: str
    sizing: Mapping[str, Sizing]

    @property
    def runs_elsewhere(self) -> bool:
        """Whether somebody else runs it, and only its address is known."""
        return not self.modes


@dataclass(frozen=True, slots=True)
class Incomplete:
    """An option that needs another: `option` is said, and none of `without`. `{name}` in the message is its value."""

    option: str
    without: tuple[str, ...]
    message: str
    hint: str


#: What an option that is a reference to a secret, or a text in its place, refers to in the schema.
_REFERENCES = ("#/$defs/reference", "#/$defs/text_or_reference")


@dataclass(frozen=True, slots=True)
class StoragePack(Pack):
    """A storage: the backends and the modes that it serves.

    server_named_by   options that name a server that exists; without any of them tracegen runs what is needed
    inside_in_plain   the server that tracegen runs speaks no TLS
    incomplete        options that need others
    text_only         options whose text goes into a configuration, where a mounted file does not fit
    made_with_tables  keys that count when tables are made, and never later, such as `backend.retention`
    daily_indices     spans lie in an index a day, which is deleted as a whole
    no_retention      why the age of spans does not matter; None where it does
    no_archive        why it has no second place for traces; None where it has
    keeps_sampling    it can keep the state of adaptive sampling
    process           what the process of the backend takes that writes to it
    server            what the server takes that tracegen runs; None where there is none
    delivery          how spans are sent to the process that writes to it
    """

    backends: tuple[str, ...]
    modes: tuple[str, ...]
    server_named_by: tuple[str, ...]
    inside_in_plain: bool
    incomplete: tuple[Incomplete, ...]
    text_only: tuple[str, ...]
    made_with_tables: tuple[str, ...]
    daily_indices: bool
    no_retention: Refusal | None
    no_archive: Refusal | None
    keeps_sampling: bool
    process: Sizing
    server: Sizing | None
    delivery: Delivery

    @property
    def references(self) -> tuple[str, ...]:
        """The options that are a reference to a secret, or may be one, in the order of its `options.json`."""
        options: Mapping[str, Mapping[str, Any]] = self.options.get("properties", {})
        return tuple(key for key, each in options.items() if each.get("$ref") in _REFERENCES)
