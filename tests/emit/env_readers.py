"""The readers of environment files themselves: each takes a file and gives what it read, or raises."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import ClassVar

Reader = Callable[[Path], dict[str, str]]

COMPOSE = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
SYSTEMD = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"


def _run(*command: str, folder: Path | None = None, **environment: str) -> str:
    variables = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(command, capture_output=True, check=True, env=variables, cwd=folder)
    return done.stdout.decode()


def compose(file: Path) -> dict[str, str]:
    project = file.with_suffix(".compose.yaml")
    project.write_text(f"name: x\nservices: {{a: {{image: b, env_file: [{file.name}]}}}}\n")
    read = json.loads(_run(str(COMPOSE), "-f", str(project), "config", "--format", "json", HOME="/home/x"))
    return {name: value.replace("$$", "$") for name, value in read["services"]["a"].get("environment", {}).items()}


def shell(program: str) -> Reader:
    def read(file: Path) -> dict[str, str]:
        before = _run(program, "-c", "env -0", folder=file.parent, HOME="/home/x")
        command = f"set -e; set -a; . {shlex.quote(str(file))}; env -0"
        # A value such as a>b makes a file where the shell stands.
        after = _run(program, "-c", command, folder=file.parent, HOME="/home/x")
        pairs = set(after.split("\0")) - set(before.split("\0"))
        return dict(pair.split("=", 1) for pair in pairs)

    return read


def systemd(file: Path) -> dict[str, str]:
    """The generator for `environment.d` reads with the parser of `EnvironmentFile=`, but leaves out empty values."""
    folder = file.with_suffix(".config") / "environment.d"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder / "zz.conf")
    before = _run(SYSTEMD, XDG_CONFIG_HOME="/nowhere")
    pairs = set(shlex.split(_run(SYSTEMD, XDG_CONFIG_HOME=str(folder.parent)))) - set(shlex.split(before))
    return dict(pair.split("=", 1) for pair in pairs)


class _Engine(BaseHTTPRequestHandler):
    """Enough of Docker's engine for the client to read the file and say what it would start."""

    protocol_version = "HTTP/1.1"
    created: ClassVar[list[list[str]]]

    def _answer(self, code: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True

    def do_HEAD(self) -> None:
        self._answer(200, {})

    def do_GET(self) -> None:
        self._answer(200, {"ApiVersion": "1.44"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.created.append(body.get("Env") or [])
        self._answer(201, {"Id": "0" * 64, "Warnings": []})

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: object) -> None:
        pass


def docker(file: Path) -> dict[str, str]:
    class Handler(_Engine):
        created: ClassVar[list[list[str]]] = []

    socket = file.parent / "engine.sock"
    socket.unlink(missing_ok=True)
    with ThreadingUnixStreamServer(str(socket), Handler) as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        try:
            _run(
                "docker",
                "-H",
                f"unix://{socket}",
                "create",
                "--env-file",
                str(file),
                "x",
                HOME=str(file.parent),
            )
        finally:
            engine.shutdown()
    return dict(pair.split("=", 1) for pair in Handler.created[-1])


#: Those that this machine has.
READERS: dict[str, Reader] = {
    name: reader
    for name, reader, found in (
        ("docker run", docker, shutil.which("docker")),
        ("compose", compose, COMPOSE),
        ("systemd", systemd, Path(SYSTEMD).exists()),
        ("sh", shell("sh"), shutil.which("sh")),
        ("bash", shell("bash"), shutil.which("bash")),
    )
    if found
}
