"""Object storage with Amazon's S3 protocol: SeaweedFS, all its parts in one process, with a key that it checks."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import secrets
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from programs.running import LOOPBACK, free_port
from programs.servers import artifacts
from programs.servers.launch import Server, data_folder, running
from programs.servers.web import request

NAME = "seaweedfs"
REGION = "us-east-1"
PROBE = "tracegen-probe"
SOCKETS = Path("/tmp")


@dataclass(frozen=True)
class S3Server(Server):
    """An object storage without TLS; buckets are in the path (`http://host:port/bucket/key`)."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str = REGION

    @property
    def url(self) -> str:
        """`http://host:port`; many clients want `address` instead."""
        return f"http://{self.address}"

    def buckets(self) -> list[str]:
        """The names of the buckets, sorted."""
        found = ElementTree.fromstring(self._call("GET", "/"))
        return sorted(each.text or "" for each in found.iterfind("{*}Buckets/{*}Bucket/{*}Name"))

    def create_bucket(self, bucket: str) -> None:
        """Create a bucket; its name must be new."""
        self._call("PUT", f"/{bucket}")

    def delete_bucket(self, bucket: str) -> None:
        """Delete a bucket with all that is in it."""
        self._call("DELETE", f"/{bucket}")

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Store an object."""
        self._call("PUT", f"/{bucket}/{key}", content)

    def get(self, bucket: str, key: str) -> bytes:
        """Read an object; raises urllib.error.HTTPError with 404 when there is none."""
        return self._call("GET", f"/{bucket}/{key}")

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of the objects in a bucket, sorted; at most 1000."""
        found = ElementTree.fromstring(self._call("GET", f"/{bucket}", query={"list-type": "2", "prefix": prefix}))
        assert found.findtext("{*}IsTruncated") != "true", f"{bucket} has more than 1000 objects"
        return sorted(each.text or "" for each in found.iterfind("{*}Contents/{*}Key"))

    def _call(self, method: str, path: str, body: bytes = b"", query: Mapping[str, str] | None = None) -> bytes:
        path = urllib.parse.quote(path)
        asked = urllib.parse.urlencode(sorted((query or {}).items()), quote_via=urllib.parse.quote, safe="")
        headers = self._signed(method, path, asked, body, datetime.datetime.now(datetime.UTC))
        return request(method, f"{self.url}{path}?{asked}", body or None, headers).body

    def _signed(self, method: str, path: str, query: str, body: bytes, now: datetime.datetime) -> dict[str, str]:
        """The headers of Amazon's signature, version 4."""
        time, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": self.address, "x-amz-content-sha256": digest, "x-amz-date": time}
        names = ";".join(headers)
        lines = [f"{name}:{value}" for name, value in headers.items()]
        canonical = "\n".join([method, path, query, *lines, "", names, digest])
        scope = f"{day}/{self.region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.secret_key}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.digest(key, part.encode(), "sha256")
        credential = f"Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
        return {**headers, "Authorization": f"AWS4-HMAC-SHA256 {credential}"}


@contextmanager
def started(logs: Path) -> Iterator[S3Server]:
    """An object storage without buckets, to the end of the block."""
    weed = artifacts.program(NAME, "weed")
    server = S3Server(
        artifacts.version(NAME),
        LOOPBACK,
        free_port(),
        pid=0,
        log=logs,
        access_key=f"tracegen{secrets.token_hex(6)}",
        secret_key=secrets.token_hex(20),
    )
    ports = _other_ports()
    with data_folder(NAME) as folder, _no_sockets_left(ports.values()):
        command: list[str | Path] = [weed, "-logtostderr=true", "mini", *_options(folder, server, ports)]
        with running(NAME, command, folder, logs, lambda: _stores(server)) as process:
            server.delete_bucket(PROBE)
            yield replace(server, pid=process.pid, log=process.log)


def _other_ports() -> dict[str, int]:
    """Its parts talk to each other over ports of their own; those not named here can be turned off."""
    web = [f"{part}.port" for part in ("master", "volume", "filer", "admin")]
    remote = [f"{part}.port.grpc" for part in ("master", "volume", "filer", "admin", "s3")]
    return {name: free_port() for name in (*web, *remote)}


def _options(folder: Path, server: S3Server, ports: Mapping[str, int]) -> list[str]:
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": server.access_key, "secretKey": server.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    identities = folder / "identities.json"
    identities.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    (folder / "data").mkdir()
    options = {
        "dir": folder / "data",
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        **ports,
        "s3.port": server.port,
        "s3.config": identities,
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.localSocket": folder / "s3.sock",
        "filer.localSocket": folder / "filer.sock",
        "admin.ui": "false",
        "webdav": "false",
        "master.telemetry": "false",
    }
    return [f"-{name}={value}" for name, value in options.items()]


@contextmanager
def _no_sockets_left(ports: Iterable[int]) -> Iterator[None]:
    """It leaves sockets in a fixed folder, also when it is asked to end; their names have its ports."""
    try:
        yield
    finally:
        for port in ports:
            for left in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)


def _stores(server: S3Server) -> bool:
    """Whether an object can be written and read: the gateway answers before its storage is there."""
    if PROBE not in server.buckets():
        server.create_bucket(PROBE)
    server.put(PROBE, "probe", b"probe")
    return server.get(PROBE, "probe") == b"probe"
