"""A Kubernetes API server over etcd: it takes and refuses objects as a cluster does. It has no node: nothing runs."""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from programs import build
from programs.running import LOOPBACK, Running, free_port, wait_until
from programs.servers.custom_resources import definitions
from programs.servers.launch import Server, data_folder, loopback, running

NAME = "kube-apiserver"
MANAGER = "tracegen-tests"
REQUEST_SECONDS = 60.0

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Taken:
    """What became of an object, with all defaults, and the warnings that the API server gave beside it."""

    thing: Object
    warnings: tuple[str, ...] = ()


class Refused(Exception):
    """The API server did not take an object; the text is its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True)
class KubernetesServer(Server):
    """An API server with TLS, RBAC and Pod Security admission; `token` is that of an administrator."""

    authority: Path
    token: str = field(repr=False)
    _connections: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @property
    def url(self) -> str:
        """`https://host:port`."""
        return f"https://{self.address}"

    def apply(self, thing: Object, *, dry_run: bool = True) -> Taken:
        """What becomes of an object in a server-side apply; raises Refused.

        Decoding is strict: an unknown field and a key that stands twice in a list of such are refused.
        """
        query = {"fieldManager": MANAGER, "force": "true", "fieldValidation": "Strict"}
        return self._send("PATCH", self._path(thing, thing["metadata"]["name"]), thing, query, dry_run)

    def create(self, thing: Object, *, dry_run: bool = True) -> Taken:
        """What becomes of a new object; raises Refused."""
        return self._send("POST", self._path(thing), thing, {"fieldValidation": "Strict"}, dry_run)

    def read(self, thing: Object) -> Object:
        """The object of that kind and name as it is kept; raises Refused."""
        return self.get(self._path(thing, thing["metadata"]["name"]))

    def delete(self, thing: Object) -> None:
        """Take an object away at once; raises Refused."""
        self._request(
            "DELETE", f"{self._path(thing, thing['metadata']['name'])}?propagationPolicy=Background", None, ""
        )

    def get(self, path: str) -> Object:
        """The answer to a path such as `/version`; raises Refused."""
        return self._request("GET", path, None, "").thing

    def namespace(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """A namespace with the service account that a controller makes in each: without it no Pod is taken."""
        metadata = {"name": name, "labels": dict(labels or {})}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, dry_run=False)
        account = {"name": "default", "namespace": name}
        self.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}, dry_run=False)

    def kubeconfig(self, folder: Path) -> Path:
        """A configuration for kubectl."""
        cluster = {"server": self.url, "certificate-authority": str(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": NAME,
            "clusters": [{"name": NAME, "cluster": cluster}],
            "users": [{"name": NAME, "user": {"token": self.token}}],
            "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        }
        path = folder / "kubeconfig"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    @cached_property
    def _resources(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """The path of each kind, and whether it lies in namespaces, as far as it was asked for."""
        return {}

    def _path(self, thing: Object, name: str = "") -> str:
        version, kind = thing["apiVersion"], thing["kind"]
        if (version, kind) not in self._resources:
            self._resources.update(self._discovered(version))
        if (version, kind) not in self._resources:
            raise Refused(404, f"no kind {kind} in {version}")
        plural, is_namespaced = self._resources[version, kind]
        namespace = thing["metadata"].get("namespace", "default")
        middle = f"/namespaces/{namespace}" if is_namespaced else ""
        return f"{_group(version)}{middle}/{plural}" + (f"/{name}" if name else "")

    def _discovered(self, version: str) -> dict[tuple[str, str], tuple[str, bool]]:
        found = self.get(_group(version))["resources"]
        whole = [each for each in found if "/" not in each["name"]]
        return {(version, each["kind"]): (each["name"], each["namespaced"]) for each in whole}

    def _send(self, method: str, path: str, thing: Object, query: Mapping[str, str], dry_run: bool) -> Taken:
        asked = urlencode({**query, **({"dryRun": "All"} if dry_run else {})})
        kind = "application/apply-patch+yaml" if method == "PATCH" else "application/json"
        return self._request(method, f"{path}?{asked}", json.dumps(thing).encode(), kind)

    def _request(self, method: str, path: str, body: bytes | None, kind: str) -> Taken:
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, "Accept": "application/json"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        if answer.status >= 300:
            raise Refused(answer.status, _message(content))
        return Taken(json.loads(content), tuple(_warning(text) for text in answer.headers.get_all("Warning", [])))

    def _connection(self) -> http.client.HTTPSConnection:
        """One for each thread, kept open."""
        if not hasattr(self._connections, "one"):
            context = ssl.create_default_context(cafile=str(self.authority))
            self._connections.one = http.client.HTTPSConnection(
                self.host, self.port, timeout=REQUEST_SECONDS, context=context
            )
        connection: http.client.HTTPSConnection = self._connections.one
        return connection


def _message(content: bytes) -> str:
    """Of a path that does not exist, the answer is no JSON."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, LookupError):
        return content.decode(errors="replace").strip()


def _warning(header: str) -> str:
    """The text in `299 - "text"`."""
    return header.split(" ", 2)[2].strip('"').replace('\\"', '"')


def _group(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


@contextmanager
def started(logs: Path) -> Iterator[KubernetesServer]:
    """The API server, ready, with the custom resources of `custom_resources`; raises ProgramMissing.

    Programs and definitions are had first: nothing is started for a server that cannot be.
    """
    program, store, custom = build.find(NAME), build.find("etcd"), definitions()
    with data_folder(NAME) as folder, _etcd(store, folder, logs) as etcd:
        server = _server(program, folder, logs)
        with running(NAME, _command(program, server, folder, etcd), folder, logs, lambda: _ready(server)) as process:
            yield _with_custom_resources(_of_process(server, process), custom)


def _server(program: Path, folder: Path, logs: Path) -> KubernetesServer:
    return KubernetesServer(
        version=build.version(NAME, program),
        host=LOOPBACK,
        port=free_port(),
        pid=0,
        log=logs / f"{NAME}.log",
        authority=folder / "certificates" / "apiserver.crt",
        token=secrets.token_hex(),
    )


def _of_process(server: KubernetesServer, process: Running) -> KubernetesServer:
    return KubernetesServer(
        server.version, server.host, server.port, process.pid, process.log, server.authority, server.token
    )


@contextmanager
def _etcd(program: Path, folder: Path, logs: Path) -> Iterator[str]:
    client, peer = (f"http://{loopback(free_port())}" for _ in range(2))
    addresses = {
        "--listen-client-urls": client,
        "--advertise-client-urls": client,
        "--listen-peer-urls": peer,
        "--initial-advertise-peer-urls": peer,
        "--initial-cluster": f"default={peer}",
    }
    words = [f"{flag}={address}" for flag, address in addresses.items()]
    command: list[str | Path] = [program, "--data-dir", folder / "etcd", "--unsafe-no-fsync", *words]
    # The API server waits for it by itself.
    with running("etcd", command, folder, logs, lambda: True):
        yield client


def _command(program: Path, server: KubernetesServer, folder: Path, etcd: str) -> list[str | Path]:
    """Admission is what a release has by default, Pod Security and service accounts with it."""
    key = folder / "accounts.key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True, timeout=60)
    tokens = folder / "tokens.csv"
    tokens.write_text(f'{server.token},admin,admin,"system:masters"\n', encoding="utf-8")
    settings = {
        "--etcd-servers": etcd,
        "--bind-address": server.host,
        "--secure-port": server.port,
        "--cert-dir": server.authority.parent,
        "--token-auth-file": tokens,
        "--authorization-mode": "RBAC",
        "--service-account-issuer": "https://kubernetes.default.svc",
        "--service-account-key-file": key,
        "--service-account-signing-key-file": key,
        "--service-cluster-ip-range": "10.0.0.0/16",
        # Nobody comes by these; they may not be of this machine alone.
        "--advertise-address": "192.0.2.1",
        "--endpoint-reconciler-type": "none",
        # The tests are the only clients, and many at once.
        "--enable-priority-and-fairness": "false",
        "--max-requests-inflight": "0",
    }
    return [program, *(f"{flag}={value}" for flag, value in settings.items())]


def _ready(server: KubernetesServer) -> bool:
    """Not yet: its certificate is not there, it does not listen, or a part of it is not ready."""
    if not server.authority.exists():
        return False
    try:
        server.namespace("default")
    except (Refused, OSError):
        return False
    return True


def _with_custom_resources(server: KubernetesServer, custom: list[Object]) -> KubernetesServer:
    for definition in custom:
        server.create(definition, dry_run=False)
    for definition in custom:
        wait_until(partial(_is_served, server, definition))
    return server


def _is_served(server: KubernetesServer, definition: Object) -> bool:
    spec = definition["spec"]
    served = [each["name"] for each in spec["versions"] if each["served"]]
    try:
        found = [server.get(f"/apis/{spec['group']}/{version}") for version in served]
    except Refused:
        return False
    names = {each["name"] for answer in found for each in answer["resources"]}
    return str(spec["names"]["plural"]) in names
