"""The web server: OTLP over HTTP, the page, its answers, and a stream of what changed.

Who may ask what: anybody who reaches the address may send spans; the page and its answers are given only to this
machine, under a name that is this machine's (so no other site can read them by DNS rebinding).
"""

import ipaddress
import json
import socket
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from tracegen.traces import BadQuestion
from tracegen.view.answers import Answers, NotFound
from tracegen.view.grpc_server import CannotListen
from tracegen.view.receiver import LARGEST, PATHS, Answer, Receiver

#: The page may load its own files and ask its own server; nothing else, and nothing inline.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_JSON = "application/json"
#: How often a page is told what changed, at most, and how long nothing may be said.
_SECONDS, _QUIET_SECONDS = 1.0, 15.0
_WAIT_SECONDS = 30


class HttpServer:
    """Serves in threads of its own until it is stopped. Raises CannotListen when the port is taken.

    `state` gives what every page shows on its top; it is sent whenever it is another one.
    """

    def __init__(
        self, receiver: Receiver, answers: Answers, state: Callable[[], Mapping[str, Any]], host: str, port: int
    ) -> None:
        self.stopping = threading.Event()
        handler = type(
            "Handler", (_Handler,), {"receiver": receiver, "answers": answers, "state": staticmethod(state)}
        )
        try:
            self._server = _Server((host, port), handler, self.stopping)
        except OSError as error:
            raise CannotListen(f"{host}:{port}: {error.strerror or error}") from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; streams end."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A page that reconnects must not wait until the system forgets the old one; and another program that listens
    # is never shared with.
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: Any, stopping: threading.Event) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.stopping = stopping
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without the look-up of a name, which may ask the network."""
        socket_ = self.socket
        socket_.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        socket_.bind(self.server_address)
        self.server_address = socket_.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who goes away in the middle is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    answers: Answers
    state: Callable[[], Mapping[str, Any]]
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "tracegen"
    sys_version = ""
    timeout = _WAIT_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: the page shows what came in."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """As the base has it; gRPC on this port is told to people, since its clients hide it."""
        if code == HTTPStatus.HTTP_VERSION_NOT_SUPPORTED:
            self.receiver.notice("gRPC came to the port of OTLP over HTTP: it belongs to the other one (4317)")
        super().send_error(code, message, explain)

    def do_OPTIONS(self) -> None:
        """Traces of a page in a browser ask beforehand; pages of this machine may send."""
        self._answer(Answer(204, "", b""))

    def do_POST(self) -> None:
        """OTLP over HTTP."""
        path = urllib.parse.urlsplit(self.path).path
        if path not in PATHS:
            self._answer(_words(404, f"OTLP goes to {PATHS[0]}, not to {path[:100]}"))
            return
        body = self._body()
        if body is None:
            self.close_connection = True
            self._answer(_words(413, f"a request has more than {LARGEST >> 20} MiB, or ends before its end"))
            return
        headers = self.headers
        type_, encoding = headers.get("Content-Type", ""), headers.get("Content-Encoding", "")
        self._answer(self.receiver.over_http(path, type_, encoding, body))

    def do_GET(self) -> None:
        """The page, its files and its answers."""
        if not self._is_of_this_machine():
            self._answer(_words(403, "the page is given to this machine only, as 127.0.0.1 or localhost"))
            return
        address = urllib.parse.urlsplit(self.path)
        if address.path == "/events":
            self._stream()
        elif address.path.startswith("/api/"):
            self._answer(self._asked(address.path.removeprefix("/api/"), address.query))
        else:
            self._answer(_file(address.path.removeprefix("/") or "index.html"))

    do_HEAD = do_GET

    def _asked(self, path: str, query: str) -> Answer:
        try:
            said = urllib.parse.parse_qs(query, max_num_fields=100)
            found = dict(self.state()) if path == "state" else self.answers.answer(path, said)
        except NotFound as error:
            return _json(404, {"error": str(error)})
        except (BadQuestion, ValueError, OverflowError) as error:
            return _json(400, {"error": str(error)})
        return _json(200, found)

    def _stream(self) -> None:
        """Server-sent events: the state, whenever it is another one, and nothing otherwise."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        before, quiet = "", 0.0
        while not self.server.stopping.is_set():
            now = json.dumps(dict(self.state()))
            if now != before or quiet >= _QUIET_SECONDS:
                self.wfile.write(f"data: {now}\n\n".encode())
                before, quiet = now, 0.0
            quiet += _SECONDS
            self.server.stopping.wait(_SECONDS)

    def _is_of_this_machine(self) -> bool:
        host = urllib.parse.urlsplit(f"//{self.headers.get('Host', '')}")
        try:
            name = (host.hostname or "").lower()
        except ValueError:
            return False
        return (name == "localhost" or _is_loopback(name)) and _is_loopback(str(self.client_address[0]))

    def _body(self) -> bytes | None:
        """The body of a request, also one in chunks; None where it is too large or not whole."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        try:
            length = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            return None
        if not 0 <= length <= LARGEST:
            return None
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def _chunks(self) -> bytes | None:
        found = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(100).partition(b";")[0], 16)
            except ValueError:
                return None
            if size < 0 or len(found) + size > LARGEST:
                return None
            found += self.rfile.read(size)
            if size == 0:
                while self.rfile.readline(1_000).strip():
                    pass  # trailers
                return bytes(found)
            self.rfile.readline(2)

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.type:
            self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.content)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        self._allow_pages_of_this_machine()
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    def _allow_pages_of_this_machine(self) -> None:
        """Let pages that are served on this machine send spans; they can read nothing, for GET is not named."""
        if self.command not in ("OPTIONS", "POST"):
            return
        origin = self.headers.get("Origin", "")
        name = urllib.parse.urlsplit(origin).hostname or ""
        if name == "localhost" or _is_loopback(name):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Methods", "POST")
            self.send_header("Access-Control-Allow-Headers", "content-type, content-encoding, traceparent")
            self.send_header("Vary", "Origin")


def _is_loopback(name: str) -> bool:
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


@cache
def _file(name: str) -> Answer:
    """A file of the page; names are looked for among those that are there, so no path leads elsewhere."""
    found = next((each for each in files("tracegen.view").joinpath("page").iterdir() if each.name == name), None)
    suffix = name[name.rfind(".") :]
    if found is None or suffix not in _TYPES:
        return _words(404, "there is no such page")
    return Answer(200, f"{_TYPES[suffix]}; charset=utf-8", found.read_bytes())


def _json(status: int, data: Any) -> Answer:
    return Answer(status, _JSON, json.dumps(data, separators=(",", ":")).encode())


def _words(status: int, words: str) -> Answer:
    return Answer(status, "text/plain; charset=utf-8", words.encode())
