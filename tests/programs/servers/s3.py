"""Object storage with Amazon's S3 protocol: SeaweedFS, all its parts in one process, with a key that it checks."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import secrets
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
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
    port = free_port()
    access_key, secret_key = f"tracegen{secrets.token_hex(6)}", secrets.token_hex(20)
    with data_folder(NAME) as folder:
        command: list[str | Path] = [
            weed,
            "-logtostderr=true",
            "mini",
            *_options(folder, port, access_key, secret_key),
        ]
        server = S3Server(artifacts.version(NAME), LOOPBACK, port, 0, logs, access_key, secret_key)
        environment = {"TMPDIR": str(folder)}
        with running(NAME, command, folder, logs, lambda: _stores(server), environment=environment) as process:
            server.delete_bucket(PROBE)
            yield replace(server, pid=process.pid, log=process.log)


def _options(folder: Path, port: int, access_key: str, secret_key: str) -> list[str]:
    """All ports that it opens are free ones; what is not object storage is off where it can be."""
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    identities = folder / "identities.json"
    identities.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    (folder / "data").mkdir()
    ports = {f"{part}.port": free_port() for part in ("master", "volume", "filer", "admin")}
    remote = {f"{part}.port.grpc": free_port() for part in ("master", "volume", "filer", "admin", "s3")}
    options = {
        "dir": folder / "data",
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "s3.port": port,
        "s3.config": identities,
        **ports,
        **remote,
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "filer.localSocket": folder / "filer.sock",
        "admin.ui": "false",
        "webdav": "false",
        "master.telemetry": "false",
    }
    return [f"-{name}={value}" for name, value in options.items()]


def _stores(server: S3Server) -> bool:
    """Whether an object can be written and read: the gateway answers before its storage is there."""
    if PROBE not in server.buckets():
        server.create_bucket(PROBE)
    server.put(PROBE, "probe", b"probe")
    return server.get(PROBE, "probe") == b"probe"
