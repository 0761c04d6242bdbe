"""`tracegen run`: rendered example services without containers, seen by the viewer or by the spec's backend."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from programs.build import _cache
from programs.running import wait_until
from support import compiled, one_service

SPEC = one_service(
    services={
        "web": {"language": "python", "calls": ["pay"]},
        "pay": {"language": "go"},
        "bought": {"language": "node", "image": "registry.example.com/bought:1"},
    },
    security={"ingest_auth": {"bearer": {"env": "INGEST_TOKEN"}}},
)
KEPT = _cache() / "run"


@contextmanager
def run(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The command, and what it said by the first word of a line, as soon as everything is started or refused."""
    compiled(folder, SPEC)
    (folder / ".env").write_text("INGEST_TOKEN=a+b\n", encoding="utf-8")
    command = [sys.executable, "-m", "tracegen", "run", "--no-browser", *options]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said: dict[str, str] = {}
            for line in process.stdout or ():
                name, _, rest = line.strip().partition(" ")
                said[name.rstrip(":")] = rest.strip()
                if rest.strip().endswith("it has an image"):
                    break
            yield process, said
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def answer(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as found:
        return str(found.read().decode())


def left() -> list[str]:
    """Processes whose command or folder has to do with a run, but for the command itself."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            words += str((process / "cwd").readlink())
        except OSError:
            continue
        if "tracegen-run-" in words or str(KEPT) in words:
            found.append(words)
    return found


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is built is kept for later tests, in a folder by which its processes are found."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(KEPT))
    return tmp_path


def test_services_run_and_the_viewer_sees_them(cached: Path) -> None:
    with run(cached) as (process, said):
        assert said["bought"] == "not started: it has an image"
        assert "the viewer takes its spans" in said["jaeger"] and "spans go past it" in said["otel-gateway"]
        assert answer(said["web"])

        def seen() -> bool:
            edges = json.loads(answer(f"{said['page']}api/map"))["edges"]
            return any((each["caller"], each["callee"], each["state"]) == ("web", "pay", "seen") for each in edges)

        wait_until(seen, 60)
    assert process.returncode == 130
    assert not left()


def test_spans_go_to_the_backend_where_it_is_here(cached: Path, jaeger: Path, collector: Path) -> None:
    with run(cached, "--jaeger", str(jaeger), "--collector", str(collector)) as (process, said):
        assert said["otel-gateway"].startswith("http://127.0.0.1:"), said
        answer(said["web"])

        def stored() -> bool:
            return "web" in answer(f"{said['traces']}/api/v3/services")

        wait_until(stored, 60)
    assert process.returncode == 130
    assert not left()
