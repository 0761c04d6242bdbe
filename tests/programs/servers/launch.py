"""Starts a server in a folder that is gone afterwards, and ends it with all that it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from programs.build import ProgramMissing
from programs.running import LOOPBACK, Running

START_SECONDS = 120.0
END_SECONDS = 10.0
NICE = "5"
NOBODY = 65534


@dataclass(frozen=True)
class Server:
    """A server that answers on this machine; `log` stays when it is gone, what it stored does not."""

    version: str
    host: str
    port: int
    pid: int
    log: Path

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"


@contextmanager
def data_folder(name: str) -> Iterator[Path]:
    """A folder for configuration and data of a server, removed at the end.

    It lies directly below the system's temporary folder: another user could not enter pytest's own.
    """
    with tempfile.TemporaryDirectory(prefix=f"tracegen-{name}-", ignore_cleanup_errors=True) as folder:
        path = Path(folder).resolve()
        path.chmod(0o755)
        yield path


@contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    folder: Path,
    logs: Path,
    ready: Callable[[], object],
    *,
    environment: Mapping[str, str] | None = None,
    as_nobody: bool = False,
) -> Iterator[Running]:
    """A server from the moment that `ready` gives something true to the end of the block.

    It works in `folder` and prints to a file in `logs`. `as_nobody`: not as root, see `give_to_nobody`.
    """
    words = [*_prefix(name, as_nobody), *map(str, command)]
    program = Path(shutil.which(words[0]) or words[0])
    started = Running(program, words[1:], logs, name=name, environment=environment, working_folder=folder)
    try:
        started.start().wait_until(ready, START_SECONDS)
        yield started
    finally:
        _end(started)


def is_root() -> bool:
    """Whether this process may do anything, which some servers refuse."""
    return os.geteuid() == 0


def give_to_nobody(name: str, folder: Path, home: Path) -> Path:
    """Let nobody, as whom the server will run, own `folder`; gives the home, copied there if it must be.

    Only for root; nobody else needs it.
    """
    closed = [parent for parent in folder.parents if not _open_to_all(parent)]
    if closed:
        raise ProgramMissing(name, f"does not run as root, and nobody else can enter {closed[0]} (see TMPDIR)")
    if not all(map(_open_to_all, (home, *home.parents))):
        home = shutil.copytree(home, folder / "home")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return home


def _open_to_all(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def _prefix(name: str, as_nobody: bool) -> list[str]:
    """Others work on this machine too; and a server ends with the tests, also when these are killed."""
    nice = ["nice", "-n", NICE]
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if as_nobody:
            raise ProgramMissing(name, "does not run as root, and `setpriv` is not installed")
        return nice
    user = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if as_nobody else []
    return [*nice, setpriv, *user, "--pdeathsig", "TERM"]


def _end(started: Running) -> None:
    """Kill it and its children: its data goes with it, so nothing need be put in order."""
    if started.alive:
        started.kill9()
    with contextlib.suppress(ProcessLookupError):
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            os.killpg(started.pid, 0)
            time.sleep(0.02)


def loopback(port: int) -> str:
    """`127.0.0.1:port`."""
    return f"{LOOPBACK}:{port}"
