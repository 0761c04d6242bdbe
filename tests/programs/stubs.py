"""A service whose stub and example were rendered: built, started with its rendered environment, asked and stopped."""

from __future__ import annotations

import importlib
import json
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError

from programs.build import _cache
from programs.plugin import absent
from programs.running import LOOPBACK, Answer, Running, fetch, free_port
from tracegen.compiler import Rendered
from tracegen.system import Secret, Service

LANGUAGES = Path(__file__).resolve().parent / "languages"
#: A JVM on two busy cores takes its time.
START_SECONDS = 120
#: What the pages promise: how long a stopped service may still send.
STOP_SECONDS = 10


def language_names() -> list[str]:
    """The languages whose services can be built here, by listing."""
    return sorted(path.stem for path in LANGUAGES.glob("*.py") if path.stem != "__init__")


def language(name: str) -> ModuleType:
    """The module that builds services of a language."""
    return importlib.import_module(f"programs.languages.{name}")


@dataclass(frozen=True)
class Built:
    """A rendered service in its folder, with the command that starts it."""

    service: Service
    folder: Path
    command: list[str]

    @contextmanager
    def up(self, endpoint: str, logs: Path, **changed: str) -> Iterator[Up]:
        """Started with its rendered environment, sending to `endpoint`; `changed` are further variables."""
        port = free_port()
        rendered = texts(self.service)
        # What it would ask itself is in the way of counting what it was asked.
        rendered.pop("EXAMPLE_REQUESTS_PER_SECOND", None)
        environment = {**rendered, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "PORT": str(port), **changed}
        running = Running(
            Path(shutil.which(self.command[0]) or self.command[0]),
            self.command[1:],
            logs,
            name=self.service.name,
            environment=environment,
            working_folder=self.folder,
        )
        with running:
            running.wait_until(f"http://{LOOPBACK}:{port}{self.service.health}", START_SECONDS)
            yield Up(running, port)


@dataclass(frozen=True)
class Up:
    """A service that runs."""

    running: Running
    port: int

    def get(self, path: str, **headers: str) -> Answer:
        """The answer to a GET, whatever its status; `_` in names of headers is written `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            return fetch(f"http://{LOOPBACK}:{self.port}{path}", headers=named)
        except HTTPError as error:
            with error:
                return Answer(error.code, error.headers.get("Content-Type", ""), error.read())

    def stop(self) -> int | None:
        """End it by SIGTERM as a container is ended; the exit code."""
        code = self.running.stop(STOP_SECONDS)
        time.sleep(0.5)  # a recorder writes a few times a second
        return code

    def log_lines(self) -> list[dict[str, Any]]:
        """The lines of its log that are JSON objects."""
        found = []
        for line in self.running.output().splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                found.append(value)
        return found


def build(rendered: Rendered, name: str, folder: Path) -> Built:
    """Write the rendered files of a service into a folder and build them there."""
    service = rendered.system.services[name]
    module = language(service.language)
    for tool in module.TOOLS:
        if not shutil.which(tool):
            absent(service.language, f"{tool} is not on PATH")
    for path, content in rendered.tree.items():
        if path.startswith(f"{service.stub}/"):
            target = folder / path.removeprefix(f"{service.stub}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    cache = _cache() / "languages"
    cache.mkdir(parents=True, exist_ok=True)
    return Built(service, folder, module.build(folder, cache))


def texts(service: Service) -> dict[str, str]:
    """The whole environment of a service; none of it is secret here."""
    values = {**service.environment, **service.own_environment}
    assert not any(isinstance(part, Secret) for value in values.values() for part in value)
    return {name: "".join(str(part) for part in value) for name, value in values.items()}


class Callee:
    """Stands for a service that is called, or for a collector: answers 200, and keeps the headers of each request."""

    def __init__(self) -> None:
        self.headers: list[Mapping[str, str]] = []
        kept = self.headers

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.do_GET()

            def do_GET(self) -> None:
                kept.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Callee:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def variants(kinds: Sequence[str], packs: Any) -> list[tuple[str, str, str]]:
    """(language, framework, instrumentation) of everything that the packs write and that can be built here."""
    return [
        (name, framework, kind)
        for name in language_names()
        for framework in packs.languages[name].frameworks
        for kind in kinds
        if kind in packs.languages[name].instrumentation and not (kind == "auto" and packs.languages[name].auto_needs)
    ]
