"""What importing finds: units (containers that files describe), guesses with how sure they are and why, edges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class CannotImport(Exception):
    """A source cannot be imported; `hint` says what to do, and may be empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(message)


class Sure(StrEnum):
    """How sure a guess is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNSURE = "unsure"


class Role(StrEnum):
    """What a unit is for: only services come into `services`."""

    SERVICE = "service"
    STORE = "store"
    PROXY = "proxy"
    TRACING = "tracing"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Guess:
    """A value, how sure it is, and why, in a few words."""

    value: Any
    sure: Sure
    why: str


@dataclass(slots=True)
class Unit:
    """One container of a file, as Compose or Kubernetes would start it.

    name       the Compose service, or the workload or container on Kubernetes
    file       where it stands, as people were given it
    target     compose or kubernetes
    names      by which others reach it
    image      as written, variables that have no value included; empty where it is built only
    build      the folder that it is built from, and its Dockerfile's path
    env        its variables; one without a value is ''
    own_files  the variables among them that come from files (`env_file`)
    words      its entrypoint and command
    texts      other text that may hold addresses: configuration that is mounted
    ports      that it listens on
    published  host port → port
    needs      depends_on and links
    networks   Compose: those that it names; None where it uses that of the host or of another
    workload   Kubernetes: kind, name and container
    """

    name: str
    file: str
    target: str
    names: set[str] = field(default_factory=set)
    image: str = ""
    build: Path | None = None
    dockerfile: Path | None = None
    env: dict[str, str] = field(default_factory=dict)
    own_files: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    published: dict[int, int] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    networks: list[str] | None = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    workload: Mapping[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    entry: str = ""
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A call that files or traces show; `callee` is a unit's name."""

    caller: str
    callee: str
    guess: Guess


@dataclass(slots=True)
class FoundService:
    """A service as the spec will have it; `guesses` by key of the spec."""

    name: str
    unit: Unit | None
    guesses: dict[str, Guess] = field(default_factory=dict)
    calls: dict[str, Guess] = field(default_factory=dict)
    stores: dict[str, Guess] = field(default_factory=dict)
    tracing: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    """All that was found; `left_out` says of each unit that is no service what it is."""

    services: dict[str, FoundService] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    tracing: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    propagators: list[str] = field(default_factory=list)
    project: str = ""
    backend: str = "jaeger"
    compose_folder: Path | None = None
