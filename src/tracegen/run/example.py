"""Example services built by the toolchains of this machine, as their Dockerfile builds them in a container.

What a language needs and does stands in its pack (`example.here`); the command that starts it is that of the rendered
Dockerfile. What was built is kept by the content of the service's files.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tracegen.catalogue import Here
from tracegen.run.process import NotStarted

_BUILD_SECONDS = 1_800
_COMPLETE = ".tracegen-built"


@dataclass(frozen=True, slots=True)
class Built:
    """A command, the folder in which it starts, and variables of its image."""

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]


def cache_folder() -> Path:
    """Where what was built is kept: it is made anew where it is missing."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tracegen" / "run"


def missing(here: Here) -> str:
    """The first program that a language needs and that is not on PATH; empty where all are."""
    return next((each for each in here.needs if shutil.which(each) is None), "")


def build(files: Mapping[str, bytes], here: Here, cache: Path) -> Built:
    """Build a service from its files, by their path in its folder. Raises NotStarted."""
    if absent := missing(here):
        raise NotStarted(f"{absent} is not on PATH")
    folder = cache / _digest(files, here)
    if not (folder / _COMPLETE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        for line in here.build:
            _run(line, folder, cache)
        (folder / _COMPLETE).touch()
    command, environment = _last_stage(files["Dockerfile"].decode())
    path = os.pathsep.join([str(folder / here.path)] * bool(here.path) + [os.environ.get("PATH", "")])
    # Absolute in the image, beside its files here: a program that was built.
    first = command[0].removeprefix("/") if command[0].startswith("/") else ""
    program = str(folder / first) if first and (folder / first).exists() else command[0]
    found = shutil.which(program, path=path) or program
    return Built((found, *command[1:]), folder / here.folder, {**environment, "PATH": path})


def _run(line: str, folder: Path, cache: Path) -> None:
    done = subprocess.run(
        ["sh", "-ec", line],
        cwd=folder,
        env={**os.environ, "CACHE": str(cache)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        words = [each.strip() for each in done.stdout.decode(errors="replace").split("\n") if each.strip()]
        raise NotStarted(f"`{line}` failed: {' / '.join(words[-3:])[-500:]}")


def _digest(files: Mapping[str, bytes], here: Here) -> str:
    digest = hashlib.sha256(repr(here).encode())
    for path, content in sorted(files.items()):
        if path != "otel.env":  # read when it starts
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:20]


def _last_stage(dockerfile: str) -> tuple[list[str], dict[str, str]]:
    """The command of an image, and the variables that it sets beside PATH."""
    lines = dockerfile.split("\n")
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    environment: dict[str, str] = {}
    command: list[str] = []
    for line in lines[last:]:
        word, _, rest = line.partition(" ")
        if word == "ENV":
            environment |= dict(each.split("=", 1) for each in shlex.split(rest))
        elif word in ("CMD", "ENTRYPOINT"):
            command = [str(each) for each in json.loads(rest)]
    environment.pop("PATH", None)
    return command, environment
