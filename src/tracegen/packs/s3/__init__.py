"""Blocks in S3, in a store that exists or in one node of ours.

https://grafana.com/docs/tempo/latest/configuration/hosted-storage/s3/ · SeaweedFS: https://github.com/seaweedfs/seaweedfs/wiki
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from tracegen.decide.records import S3Storage
from tracegen.emit import Commented, Value
from tracegen.packs.contract import Storage
from tracegen.parts.calls import server_calls
from tracegen.parts.certificates import CA_PATH, CERT_PATH, KEY_PATH, client_mounts, client_path, server_mounts
from tracegen.parts.variables import variables_of
from tracegen.render.otel.text import tempo_text
from tracegen.system import Call, Component, Design, Health, Port, Secret, Text, Volume, Wait, text
from tracegen.system.storage_part import StoragePart

NAME = "object-store"
IMAGE = "seaweedfs"

#: What tells a pod who it is: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html. Roles of a
#: service account's annotation come over 443, and those of a machine from its metadata, at 80 too.
_IDENTITY = "169.254.170.23"

_BUCKET = "traces"
_PORT, _FILER_PORT = 8333, 8888


def _keys(design: Design, inside: bool) -> Mapping[str, Text]:
    """The access key and its secret: said, of our own store's, or none for workload identity."""
    texts = design.backend.storage.texts
    said = {key: texts[key] for key in ("access_key", "secret_key") if key in texts}
    if said or not inside:
        return said
    return {key: text(_own_secret(design, f"S3_{key.upper()}")) for key in ("access_key", "secret_key")}


def _own_secret(design: Design, variable: str) -> Secret:
    return Secret(variable, f"{design.name}-env", variable)


def _config(design: Design, inside: bool, keys: Mapping[str, Text]) -> Value:
    options, tls = _options(design), design.backend.storage.tls
    url = urlsplit(_own_url(design) if inside else _url_of(options))
    config: dict[str, Value] = {"bucket": options.bucket or _BUCKET, "endpoint": url.netloc}
    if options.region:
        config["region"] = options.region
    if options.prefix:
        config["prefix"] = options.prefix
    if url.scheme == "http":
        config["insecure"] = True
    if inside or options.endpoint:
        config["forcepathstyle"] = Commented(True, "Stores other than AWS seldom have a host name for each bucket.")
    config |= {key: tempo_text(value) for key, value in keys.items()}
    if inside and design.certificates:
        config |= {"tls_ca_path": CA_PATH, "tls_server_name": NAME}
    if tls and tls.ca:
        config["tls_ca_path"] = client_path("s3", "ca.crt")
    if tls and tls.server_name:
        config["tls_server_name"] = tls.server_name
    return config


def _options(design: Design) -> S3Storage:
    return design.backend.storage.options_as(S3Storage)


def _own_url(design: Design) -> str:
    return f"http{'s' if design.certificates else ''}://{NAME}:{_PORT}"


def _url_of(options: S3Storage) -> str:
    """The endpoint with a scheme; AWS where none is said."""
    endpoint = options.endpoint or f"s3.{options.region}.amazonaws.com"
    return endpoint if "://" in endpoint else f"https://{endpoint}"


def _store(design: Design, keys: Mapping[str, Text]) -> Component:
    """One process; it is healthy when the bucket is there."""
    image = design.images[IMAGE]
    return Component(
        name=NAME,
        image=image.reference,
        why="Keeps the blocks of spans, in a bucket that it makes when it starts.",
        entrypoint=("/usr/bin/weed",),
        args=(
            # Else its log goes to /tmp, which is memory here, and nobody sees it.
            "-logtostderr=true",
            "mini",
            "-dir=/data",
            f"-ip={NAME}",
            "-ip.bind=0.0.0.0",
            f"-bucket={_BUCKET}",
            f"-s3.port={_PORT}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-filer.port={_FILER_PORT}",
            "-admin.ui=false",
            "-webdav=false",
            "-master.telemetry=false",
            *((f"-s3.cert.file={CERT_PATH}", f"-s3.key.file={KEY_PATH}") if design.certificates else ()),
        ),
        ports=(Port("s3", _PORT), Port("filer", _FILER_PORT)),
        health=Health(
            command=("wget", "--spider", "--quiet", f"http://127.0.0.1:{_FILER_PORT}/buckets/{_BUCKET}/"),
            port=_FILER_PORT,
            path=f"/buckets/{_BUCKET}/",
        ),
        secret_files=server_mounts(design.certificates),
        volumes=(Volume("object-store-data", "/data", _options(design).size, "blocks"),),
        environment={"AWS_ACCESS_KEY_ID": keys["access_key"], "AWS_SECRET_ACCESS_KEY": keys["secret_key"]},
        resources=design.backend.server,
        user=image.user,
        writable=("/tmp",),
        login=False,
        production=False,
    )


class S3:
    """S3 as a storage of Tempo."""

    def part(self, design: Design) -> StoragePart:
        """S3 in Tempo; with neither bucket nor endpoint the rendered system runs a store."""
        options, inside = _options(design), design.backend.storage.inside
        keys = _keys(design, inside)
        tls = design.backend.storage.tls
        return StoragePart(
            config={"backend": "s3", "s3": _config(design, inside, keys)},
            components=(_store(design, keys),) if inside else (),
            secret_files=client_mounts("s3", tls),
            environment=variables_of(keys.values()),
            needs={NAME: Wait.HEALTHY} if inside else {},
            calls=(
                *server_calls([_own_url(design) if inside else _url_of(options)]),
                *(() if keys else (Call(_IDENTITY, 80),)),
            ),
        )


STORAGE: Storage = S3()
