"""Tempo, started as rendered: spans in at the collector, out of Tempo's API. Needs TEMPO_BIN."""

import json
import re
import shutil
import ssl
import time
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from programs.running import Refused, Running, Span, fetch, free_port, send_spans, wait_until
from programs.servers import artifacts, s3
from programs.servers.kafka import KafkaServer
from programs.servers.s3 import S3Server
from programs.system import System
from support import compiled, development_certificates, one_service

_LOOPBACK = "127.0.0.1"
#: Tempo's own defaults, spelt out: only a path that stands in a file is mapped to a folder of the test.
_FOLDERS = {"live_store": "/var/tempo/live-store/traces", "block_builder": "/var/tempo/block-builder/traces"}


def on_this_machine(config: Any) -> Any:
    """Listen and advertise on loopback only: a container has an address of its own, this machine need not."""
    if "distributor" not in config:
        return config
    for server in ("server", "internal_server"):
        if server in config:
            config[server] |= {"http_listen_address": _LOOPBACK}
    config["memberlist"] = {
        **config.get("memberlist", {"bind_port": 7946}),
        "bind_addr": [_LOOPBACK],
        "advertise_addr": _LOOPBACK,
        "advertise_port": 7946,
    }
    for part, folder in _FOLDERS.items():
        config.setdefault(part, {}).setdefault("wal", {})["path"] = folder
    config["live_store"]["shutdown_marker_dir"] = "/var/tempo/live-store/shutdown-marker"
    for part in ("live_store", "backend_worker"):
        config.setdefault(part, {}).setdefault("ring", {})["instance_addr"] = _LOOPBACK
    # What waits for minutes in production is not what these tests are about.
    config["storage"]["trace"]["blocklist_poll"] = "2s"
    return config


def system(
    tmp_path: Path,
    backend: Mapping[str, Any],
    outside: dict[str, str] | None = None,
    *,
    secrets: Mapping[str, str] | None = None,
    files: Mapping[str, Path] | None = None,
    **more: Any,
) -> System:
    """The smallest system with this backend and what is said beside it."""
    service = {"language": "go", **({"tenant": "red"} if backend.get("tenants") else {})}
    spec = one_service(backend={"type": "tempo", **backend}, services={"api": service}, **more)
    return System(
        compiled(tmp_path, spec),
        tmp_path / "run",
        secrets,
        files=files,
        outside=outside,
        adapt=on_this_machine,
    )


def sent(
    rendered: System,
    count: int = 1,
    text: str = "",
    context: ssl.SSLContext | None = None,
    resource: Mapping[str, str] | None = None,
) -> list[Span]:
    """Spans that the gateway took; each has the text as an attribute."""
    spans = [Span(f"GET /{number}", attributes={"text": text}) for number in range(count)]
    address = f"http{'s' if context else ''}://{rendered.address('otel-gateway', 'otlp-http')}"
    send_spans(address, {"service.name": "api", **(resource or {})}, spans, context=context)
    return spans


def found(address: str, span: Span, tenant: str = "", context: ssl.SSLContext | None = None) -> bool:
    """Whether a trace is there; an unknown one is answered with 200 and an empty trace."""
    headers = {"X-Scope-OrgID": tenant} if tenant else {}
    address = address if "://" in address else f"http://{address}"
    answer = fetch(f"{address}/api/v2/traces/{span.trace_id}", headers=headers, context=context)
    return bool(json.loads(answer.body).get("trace", {}).get("resourceSpans"))


def test_single_takes_spans_and_gives_them_back_after_a_restart(tmp_path: Path, tempo: Path, collector: Path) -> None:
    rendered = system(tmp_path, {"storage": "local"})
    address = rendered.address("tempo", "http")
    process = rendered.start("tempo", tempo)
    with rendered.up("otel-gateway", collector):
        spans = sent(rendered, 10)
        for span in spans:
            wait_until(lambda span=span: found(address, span))
    # After a query it does not end by itself: it is killed, in the container too.
    process.stop(rendered.components["tempo"].grace)
    with process:
        rendered.wait_healthy("tempo", process)
        assert wait_until(lambda: all(found(address, span) for span in spans), 60)


def test_the_health_check_tells_alive_from_dead(tmp_path: Path, tempo: Path) -> None:
    rendered = system(tmp_path, {"storage": "local"})
    process = rendered.start("tempo", tempo)
    assert rendered.run_health_command("tempo", tempo) == 0
    process.kill9()
    assert rendered.run_health_command("tempo", tempo) != 0


def test_tenants_are_kept_apart(tmp_path: Path, tempo: Path, collector: Path) -> None:
    rendered = system(tmp_path, {"storage": "local", "tenants": ["red", "blue"]})
    address = rendered.address("tempo", "http")
    with rendered.up("tempo", tempo), rendered.up("otel-gateway", collector):
        (red,) = sent(rendered, resource={"tenant.id": "red"})
        (blue,) = sent(rendered, resource={"tenant.id": "blue"})
        (nobody,) = sent(rendered)
        assert wait_until(lambda: found(address, red, "red"))
        assert wait_until(lambda: found(address, blue, "blue"))
        assert wait_until(lambda: found(address, nobody, "red"))
        assert not found(address, red, "blue") and not found(address, blue, "red")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            fetch(f"http://{address}/api/search")


def test_blocks_go_to_s3_and_come_back_from_there(
    tmp_path: Path, tempo: Path, collector: Path, s3_server: S3Server
) -> None:
    with in_s3(s3_server) as (bucket, storage, secrets):
        rendered = system(tmp_path, {"storage": storage}, {"store:9000": s3_server.address}, secrets=secrets)
        address = rendered.address("tempo", "http")
        process = rendered.start("tempo", tempo)
        with rendered.up("otel-gateway", collector):
            spans = sent(rendered, 5)
            for span in spans:
                assert wait_until(lambda span=span: found(address, span))
        # A block is completed half a minute after its first span.
        wait_until(lambda: blocks(s3_server, bucket), 90)
        process.stop(15)
        shutil.rmtree(tmp_path / "run" / "tempo" / "var")
        (tmp_path / "run" / "tempo" / "var" / "tempo").mkdir(parents=True)
        with process:
            rendered.wait_healthy("tempo", process)
            assert wait_until(lambda: all(found(address, span) for span in spans), 60)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "encrypted"])
def test_the_store_inside_makes_its_bucket_and_asks_for_the_keys(
    tmp_path: Path, tempo: Path, collector: Path, s3_server: S3Server, secure: bool
) -> None:
    secrets = {"S3_ACCESS_KEY": "tracegen", "S3_SECRET_KEY": "a long secret"}
    more = encrypted(tmp_path, "tempo", "otel-gateway", "object-store") if secure else {}
    trusted = ssl.create_default_context(cafile=tmp_path / "certs" / "ca.pem") if secure else None
    rendered = system(tmp_path, {"storage": "s3"}, secrets=secrets, **more)
    weed = artifacts.program("seaweedfs", "weed")
    filer = f"http://{rendered.address('object-store', 'filer')}"
    with on_own_ports(rendered.prepare("object-store", weed), rendered) as store:
        rendered.wait_healthy("object-store", store)
        port = int(rendered.address("object-store", "s3").split(":")[1])
        right = replace(s3_server, port=port, access_key="tracegen", secret_key="a long secret")
        if secure:
            with pytest.raises(OSError):
                right.buckets()
        else:
            assert right.buckets() == ["traces"]
            for wrong in (replace(right, secret_key="guessed"), replace(right, access_key="guessed")):
                with pytest.raises(urllib.error.HTTPError, match="403"):
                    wrong.buckets()
        with rendered.up("tempo", tempo), rendered.up("otel-gateway", collector):
            sent(rendered, context=trusted)
            assert wait_until(lambda: fetch(f"{filer}/buckets/traces/single-tenant/").body, 90)
        assert re.search(r"^I\d{4} ", store.output(), re.MULTILINE), "its log is not where people look for it"


@contextmanager
def on_own_ports(store: Running, rendered: System) -> Iterator[Running]:
    """The rendered store, started, with free ports where it names none, and its own name on loopback."""
    command = [word.replace("-ip=object-store", f"-ip={_LOOPBACK}") for word in store._command]
    for name in ("s3", "filer"):
        number = rendered.components["object-store"].port(name)
        port = rendered.address("object-store", name).split(":")[1]
        command = [re.sub(rf"(?<==){number}$", port, word) for word in command]
    parts = ("master", "volume", "admin", "master.grpc", "volume.grpc", "filer.grpc", "admin.grpc", "s3.grpc")
    own = (part.partition(".") for part in parts)
    command += [f"-{part}.port{dot}{grpc}={free_port()}" for part, dot, grpc in own]
    store._command = command
    ports = [word.rpartition("=")[2] for word in command if ".port" in word]
    with s3._no_sockets_left(map(int, ports)), store:
        yield store


def test_every_hop_is_encrypted(tmp_path: Path, tempo: Path, collector: Path) -> None:
    """One process calls itself over gRPC too; the health check asks where there is no TLS."""
    rendered = system(tmp_path, {"storage": "local"}, **encrypted(tmp_path, "tempo", "otel-gateway"))
    trusted = ssl.create_default_context(cafile=tmp_path / "certs" / "ca.pem")
    with rendered.up("tempo", tempo) as process, rendered.up("otel-gateway", collector):
        (span,) = sent(rendered, context=trusted)
        address = f"https://{rendered.address('tempo', 'http')}"
        assert wait_until(lambda: found(address, span, context=trusted))
        assert rendered.run_health_command("tempo", tempo) == 0
        with pytest.raises((Refused, OSError)):
            send_spans(f"http://{rendered.address('tempo', 'otlp-http')}", {}, [Span("plain")])
        with pytest.raises(OSError):
            fetch(f"http://{rendered.address('tempo', 'http')}/ready")
        process.kill9()
        assert rendered.run_health_command("tempo", tempo) != 0


def test_what_is_over_a_tenants_limit_comes_later_and_is_not_lost(
    tmp_path: Path, tempo: Path, collector: Path
) -> None:
    """Tempo asks the collector to try again, which it does only where the tenant's entry says so."""
    slow = {"name": "red", "limits": {"bytes_per_second": "512Ki", "burst": "4Mi"}}
    rendered = system(tmp_path, {"storage": "local", "tenants": [slow]})
    with rendered.up("tempo", tempo), rendered.up("otel-gateway", collector) as gateway:
        spans = [sent(rendered, 2_000, text="x" * 1_000)[0] for _ in range(3)]
        wait_until(lambda: "RATE_LIMITED" in gateway.output())
        address = rendered.address("tempo", "http")
        assert wait_until(lambda: all(found(address, span, "red") for span in spans), 60)


@contextmanager
def in_s3(server: S3Server) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """A bucket, a storage that names it, and the secrets of that."""
    bucket = f"traces{time.time_ns()}"
    server.create_bucket(bucket)
    keys = {key: {"env": f"S3_{key.upper()}"} for key in ("access_key", "secret_key")}
    storage = {"type": "s3", "bucket": bucket, "endpoint": "http://store:9000", **keys}
    yield bucket, storage, {"S3_ACCESS_KEY": server.access_key, "S3_SECRET_KEY": server.secret_key}
    server.delete_bucket(bucket)


def blocks(server: S3Server, bucket: str) -> list[str]:
    """The blocks of spans that are complete, of Tempo's only tenant: what describes a block is written last."""
    return [key for key in server.keys(bucket, "single-tenant/") if key.endswith("/meta.json")]


def encrypted(folder: Path, *hosts: str) -> dict[str, Any]:
    """What a spec says for TLS, with a certificate for these hosts from the script that the documents name."""
    files = development_certificates(folder / "certs", *hosts)
    references = {key: {"file": path} for key, path in zip(("ca", "cert", "key"), files, strict=True)}
    return {"security": {"tls": {"enabled": True, **references}}, "files": files}


@contextmanager
def named(program: Path, hostname: str, folder: Path) -> Iterator[Path]:
    """The program in a machine of this name, as a container has: Tempo takes its partition from the number in it."""
    script = folder / f"{hostname}.sh"
    script.write_text(
        f'#!/bin/sh\nexec unshare --uts sh -c \'hostname {hostname}; exec {program} "$@"\' tempo "$@"\n'
    )
    script.chmod(0o755)
    yield script


ROLES = ("distributor", "live-store-a", "live-store-b", "block-builder", "querier", "query-frontend")


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "encrypted"])
def test_scalable_stores_and_finds_spans(
    tmp_path: Path, tempo: Path, collector: Path, kafka_server: KafkaServer, s3_server: S3Server, secure: bool
) -> None:
    if not shutil.which("unshare"):
        pytest.skip("unshare: gives each process a host name of its own")
    topic = f"tempo{time.time_ns()}"
    kafka_server.create_topic(topic, partitions=1)
    names = [f"tempo-{role}" for role in (*ROLES, "backend-scheduler", "backend-worker")]
    more = encrypted(tmp_path, *names, "otel-gateway") if secure else {}
    trusted = ssl.create_default_context(cafile=tmp_path / "certs" / "ca.pem") if secure else None
    with in_s3(s3_server) as (bucket, storage, secrets), ExitStack() as running:
        broker = {"brokers": ["kafka:9092"], "topic": topic, "partitions": 1}
        outside = {"store:9000": s3_server.address, "kafka:9092": kafka_server.address}
        backend = {"mode": "scalable", "storage": storage, "kafka": broker}
        rendered = system(tmp_path, backend, outside, secrets=secrets, **more)
        assert set(names) == {name for name in rendered.components if name.startswith("tempo-")}
        processes: list[tuple[str, Running]] = []
        for name in names:
            ordinals = rendered.components[name].ordinals
            program = running.enter_context(named(tempo, f"{name}-0", tmp_path)) if ordinals else tempo
            process = rendered.prepare(name, program)
            running.callback(process.stop, 15)
            processes.append((name, process.start()))
        for name, process in processes:
            # A backend worker waits a minute for the ring to be stable.
            rendered.wait_healthy(name, process, seconds=100)
        with rendered.up("otel-gateway", collector):
            address = f"http{'s' if secure else ''}://{rendered.address('tempo-query-frontend', 'http')}"
            for span in sent(rendered, 10, context=trusted):
                assert wait_until(lambda span=span: found(address, span, context=trusted), 60)
        wait_until(lambda: blocks(s3_server, bucket), 60)
