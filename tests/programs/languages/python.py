"""Python: a virtual environment from the rendered requirements."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = ("sh",)
INSTALL_SECONDS = 600


def build(folder: Path, cache: Path) -> list[str]:
    """The command of the Dockerfile, with the environment that its first stage makes on PATH."""
    path = f"{environment(folder, cache) / 'bin'}:/usr/bin:/bin"
    return ["env", f"PATH={path}", "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "sh", "start.sh"]


def checks(folder: Path) -> list[list[str]]:
    """ruff as it comes, and the test of the stub where there is one."""
    ruff = [sys.executable, "-m", "ruff"]
    found = [[*ruff, "check", "--isolated", "."], [*ruff, "format", "--isolated", "--check", "."]]
    if (folder / "test_tracing.py").exists():
        python = (folder / ".python").read_text(encoding="utf-8")
        found.append([python, "-m", "unittest", "-q"])
    return found


def environment(folder: Path, cache: Path) -> Path:
    """The virtual environment of requirements.txt, made once for all services that have the same."""
    requirements = sorted(folder.glob("requirements*.txt"))
    content = b"\0".join(file.read_bytes() for file in requirements) + sys.version.encode()
    made = cache / f"python-{hashlib.sha256(content).hexdigest()[:16]}"
    if not (made / "complete").exists():
        shutil.rmtree(made, ignore_errors=True)
        _install(folder / "requirements.txt", made)
        (made / "complete").touch()
    (folder / ".python").write_text(str(made / "bin" / "python"), encoding="utf-8")
    return made


def _install(requirements: Path, made: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(made)], check=True, timeout=INSTALL_SECONDS)
    pip = [str(made / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as elsewhere:
        command = [*pip, "--requirement", str(requirements)]
        subprocess.run(command, check=True, timeout=INSTALL_SECONDS, cwd=elsewhere)
