"""What tracegen itself may do to a machine: no network and no process while rendering, nothing at import."""

import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support import ROOT

#: Refuses by Python's own audit events, which nothing in the process can take back.
GUARD = """
import sys
REFUSED = {events!r}
def refuse(event, arguments):
    if event.startswith(REFUSED) or (event == "open" and WRITES and _writes(arguments)):
        raise RuntimeError(f"refused: {{event}} {{arguments[:1]}}")
def _writes(arguments):
    return bool(isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")) or bool(arguments[2] & 3)
WRITES = {writes}
sys.addaudithook(refuse)
"""
NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostby", "socket.sendto", "urllib.")
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "pty.spawn")
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "shutil.")


def guarded(code: str, *events: str, writes: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs code in which these events end as an exception; `writes`: opening a file to write does too."""
    script = GUARD.format(events=events, writes=writes) + code
    return subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True, timeout=300)


def command(*words: str) -> str:
    return f"from tracegen.cli import main; main({list(words)!r})"


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("[0-9]*")))
def test_rendering_needs_no_network_and_no_process(example: str, tmp_path: Path) -> None:
    spec = str(ROOT / "examples" / example / "tracegen.yaml")
    for words in (["validate", spec], ["render", spec, "-o", str(tmp_path)], ["render", spec, "-o", str(tmp_path)]):
        ended = guarded(command(*words), *NETWORK, *PROCESSES)
        assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "TRACING.md").is_file()


def test_explaining_needs_no_network_either() -> None:
    spec = str(ROOT / "examples" / "01-hello" / "tracegen.yaml")
    ended = guarded(command("explain", spec, "backend.storage"), *NETWORK, *PROCESSES)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('127.0.0.1', 1))",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        command("traces", "--from", "http://127.0.0.1:1"),
    ],
    ids=["connection", "process", "shell", "a command that asks an address"],
)
def test_the_guard_refuses(code: str) -> None:
    ended = guarded(code, *NETWORK, *PROCESSES)
    assert ended.returncode != 0
    assert "refused: " in ended.stdout + ended.stderr


IMPORT_ALL = """
import importlib, pkgutil, tracegen
names = [each.name for each in pkgutil.walk_packages(tracegen.__path__, "tracegen.")]
assert len(names) > 250, names
for name in names:
    if not name.endswith("__main__") and ".data." not in name:
        importlib.import_module(name)
"""


def test_importing_does_nothing() -> None:
    """No connection, no process, no file written, by any of the modules."""
    ended = guarded(IMPORT_ALL, *NETWORK, *PROCESSES, *CHANGES, writes=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("code", ["open('x', 'w')", "import os; os.mkdir('x')"])
def test_the_guard_of_imports_refuses(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "refused: " in guarded(code, *CHANGES, writes=True).stderr
    assert not list(tmp_path.iterdir())


@cache
def pins() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "pins.py"))


def test_pins_of_all_languages_and_of_images_are_asked_about() -> None:
    found = {(each.manager, each.shown) for each in pins()["pins"]()}
    assert found >= {
        ("pip", "opentelemetry-sdk"),
        ("pip", "Django"),
        ("npm", "@opentelemetry/api"),
        ("npm", "fastify"),
        ("go", "go.opentelemetry.io/otel/sdk"),
        ("go", "image collector"),
        ("cargo", "tokio"),
        ("mvn", "org.springframework.boot:spring-boot-starter-parent"),
        ("mvn", "image kafka"),
    }


@pytest.mark.parametrize(
    ("pinned", "newest", "age", "late"),
    [
        ("1.45.1", "1.45.2", 121, True),
        ("1.45.1", "1.45.2", 120, False),
        ("1.45.1", "1.45.1", 900, False),
        ("1.45.1", "1.45.2", None, False),
        ("v0.161.0", "v0.165.0", 121, True),
        ("0.2.191", "1.0.0-alpha.5", 900, False),
        ("0.23.46", "0.24.0-dev.2", 900, False),
        ("0.66b1", "0.66b2", 121, True),
        ("2026.10.18", "2026.10.19.post1", 121, True),
        # Some projects go back: what came later has a lower number.
        ("v0.71.0", "v0.65.0", 900, False),
    ],
)
def test_a_pin_is_late_that_is_behind_and_old(pinned: str, newest: str, age: int | None, late: bool) -> None:
    assert pins()["is_late"](pinned, newest, age, 120) is late
