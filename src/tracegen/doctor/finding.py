"""What is found: the hop that is broken, where, how one can tell, and the command that mends it."""

from dataclasses import dataclass, field

#: The hops of a span's path, in its order.
HOPS = ("environment", "address", "receiver", "processor", "exporter", "backend", "storage")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file: its path below the folder that is looked at, and the line, counted from 1."""

    file: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken hop. `services` are those whose spans go that way; `target` is compose, kubernetes, files or live."""

    hop: str
    mark: Mark
    evidence: str
    command: str
    target: str = ""
    services: tuple[str, ...] = field(default=())
