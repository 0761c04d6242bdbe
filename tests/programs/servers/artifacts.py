"""Fetches what the servers are made of, once a machine, through the ordinary clients of Maven and Python.

The folder `pinned/<server>` says what belongs to a server: versions and checksums. Whatever arrives otherwise is
never used.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from programs import build
from programs.build import ProgramMissing

PINNED = Path(__file__).resolve().parent / "pinned"
FETCH_SECONDS = 15 * 60


class NotAsPinned(Exception):
    """What was fetched has another checksum than the committed one: a failure, wherever it happens."""


def version(name: str) -> str:
    """The pinned version of a server."""
    pom = PINNED / name / "pom.xml"
    if pom.exists():
        found = ElementTree.parse(pom).getroot().findtext("{*}version")
    else:
        requirement = re.search(r"==(\S+)", (PINNED / name / "requirements.txt").read_text(encoding="utf-8"))
        found = requirement and requirement[1]
    assert found, f"{name} has no version"
    return found


def jars(name: str) -> list[Path]:
    """The server's own jar and all that it needs, in an order that never changes."""
    folder = _once(name, lambda target, log: _with_maven(name, target, log))
    return sorted(folder.iterdir())


def unpacked(name: str) -> Path:
    """The home of a server that comes as one zip file."""
    folder = _once(name, lambda target, log: _zip_with_maven(name, target, log))
    return next(folder.glob(f"{name}-*"))


def program(name: str, file: str) -> Path:
    """A program that comes in a Python package, which is installed where nothing else is."""
    return packages(name) / "bin" / file


def packages(name: str) -> Path:
    """A folder with Python packages and nothing else, for PYTHONPATH."""
    return _once(name, lambda target, log: _with_pip(name, target, log))


def _once(name: str, make: Callable[[Path, Path], None]) -> Path:
    """The folder that `make` fills, given a folder and a file for what is printed; other processes wait for it."""
    place = build._cache() / "servers" / f"{name}-{version(name)}-{_digest(name)}"
    whole = place / "whole"
    with _locked(name, place):
        if not whole.exists():
            with tempfile.TemporaryDirectory(dir=place) as folder:
                target = Path(folder) / "target"
                target.mkdir()
                make(target, place / "fetch.log")
                target.replace(whole)
    return whole


def _digest(name: str) -> str:
    """Other pins are another folder, also where the version is the same."""
    digest = hashlib.sha256()
    for file in sorted((PINNED / name).iterdir()):
        digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(name: str, folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("wb")
    except OSError as error:
        raise ProgramMissing(name, f"the cache cannot be written: {error}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed, also by a crash
        yield


def _with_maven(name: str, target: Path, log: Path) -> None:
    """All runtime dependencies of the server's pom.xml; the pom pins the plugin that copies them."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ProgramMissing(name, "Maven is not installed (no `mvn` on PATH)")
    options = ["--batch-mode", "--strict-checksums", "--no-transfer-progress"]
    settings = [f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    pom = PINNED / name / "pom.xml"
    _run(name, [maven, *options, "--file", str(pom), "dependency:copy-dependencies", *settings], log)
    _verify(name, target)


def _zip_with_maven(name: str, target: Path, log: Path) -> None:
    _with_maven(name, target, log)
    for file in list(target.iterdir()):
        with zipfile.ZipFile(file) as content:
            content.extractall(target)
        file.unlink()


def _with_pip(name: str, target: Path, log: Path) -> None:
    """Install into a folder of its own; pip itself compares the checksums."""
    requirements = str(PINNED / name / "requirements.txt")
    strict = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"]
    command = [sys.executable, "-m", "pip", "install", *strict, "--target", str(target)]
    try:
        _run(name, [*command, "--requirement", requirements], log)
    except ProgramMissing:
        if "DO NOT MATCH THE HASHES" in _text(log):
            raise NotAsPinned(f"{name}: {requirements} has other checksums than what came (log: {log})") from None
        raise


def _run(name: str, command: Sequence[str], log: Path) -> None:
    try:
        with log.open("wb") as output:
            ended = subprocess.run(
                ["nice", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
                timeout=FETCH_SECONDS,
            )
    except subprocess.TimeoutExpired as error:
        raise ProgramMissing(name, f"not fetched within {FETCH_SECONDS} s (log: {log})") from error
    if ended.returncode != 0:
        raise ProgramMissing(name, f"not fetched: {_error(log)} (log: {log})")


def _error(log: Path) -> str:
    """The first line that Maven or pip calls an error: the last ones only say where to read on."""
    lines = _text(log).splitlines()
    errors = [line for line in lines if line.startswith(("[ERROR]", "ERROR:"))]
    return (errors or lines[-1:] or ["nothing was printed"])[0].strip()


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


def _verify(name: str, folder: Path) -> None:
    """Compare with SHA256SUMS: every file, and no other."""
    lines = (PINNED / name / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    expected = {file: checksum for checksum, file in (line.split() for line in lines)}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    differing = sorted(file for file, _ in expected.items() ^ found.items())
    if differing:
        raise NotAsPinned(f"{name}: not as in SHA256SUMS: {', '.join(dict.fromkeys(differing))}")
