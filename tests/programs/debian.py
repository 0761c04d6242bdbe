"""Programs of Debian that are on no PATH: their packages are unpacked into the cache, without root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from programs.build import ProgramMissing, _cache

FETCH_SECONDS = 600


def debian_program(package: str, program: str) -> list[str]:
    """How to start a program: from PATH, or out of the package and what it depends on."""
    if found := shutil.which(program):
        return [found]
    root = _unpacked(package)
    binary = next((path for path in sorted(root.glob(f"usr/bin/{program}*")) if _is_program(path)), None)
    if binary is None:
        raise ProgramMissing(program, f"Debian's {package} has no {program}")
    libraries = ":".join(sorted({str(path.parent) for path in root.glob("usr/lib/**/lib*.so*")}))
    return ["env", f"LD_LIBRARY_PATH={libraries}", str(binary)]


def debian_root(package: str) -> Path:
    """The folder below which the files of packages are, by spaces: `/` where they are installed."""
    return _unpacked(package) if _needed(package) else Path("/")


def _is_program(path: Path) -> bool:
    """Debian's names are links into `/etc/alternatives`, which is not there."""
    return path.is_file() and path.read_bytes()[:4] == b"\x7fELF"


def _unpacked(package: str) -> Path:
    if not shutil.which("apt-get"):
        raise ProgramMissing(package, "it is not on PATH, and this is no Debian")
    whole = _cache() / "debian" / package.replace(" ", "+")
    if not whole.exists():
        whole.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=whole.parent) as folder:
            root = Path(folder) / "root"
            _unpack(package, Path(folder), root)
            root.rename(whole)
    return whole


def _unpack(package: str, folder: Path, root: Path) -> None:
    if os.geteuid() == 0 and not _needed(package):
        _run(package, ["apt-get", "update"], folder)
    names = _needed(package)
    if not names:
        raise ProgramMissing(package, "apt knows no such package; `apt-get update` as root may help")
    _run(package, ["apt-get", "download", *names], folder)
    for archive in sorted(folder.glob("*.deb")):
        _run(package, ["dpkg-deb", "--extract", str(archive), str(root)], folder)


def _needed(package: str) -> list[str]:
    """The package and what it depends on, as far as it is not installed."""
    command = ["apt-get", "install", "--simulate", "--no-install-recommends", *package.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    return re.findall(r"^Inst (\S+)", done.stdout, re.MULTILINE)


def _run(package: str, command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    if done.returncode != 0:
        raise ProgramMissing(package, f"`{' '.join(command[:2])}` failed: {done.stderr.strip()[-300:]}")
