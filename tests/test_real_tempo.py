"""Tempo, started as rendered: spans in at the collector, out of Tempo's API. Needs TEMPO_BIN."""

import json
import shutil
import time
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from programs.running import Running, Span, fetch, send_spans, wait_until
from programs.servers.kafka import KafkaServer
from programs.servers.s3 import S3Server
from programs.system import System
from support import compiled

_LOOPBACK = "127.0.0.1"


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
    for part in ("live_store", "backend_worker"):
        config.setdefault(part, {}).setdefault("ring", {})["instance_addr"] = _LOOPBACK
    # What waits for minutes in production is not what these tests are about.
    config["storage"]["trace"]["blocklist_poll"] = "2s"
    return config


def system(tmp_path: Path, backend: Mapping[str, Any], outside: dict[str, str] | None = None, **more: Any) -> System:
    spec = {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "tempo", **backend},
        "services": {"api": {"language": "go", **({"tenant": "red"} if backend.get("tenants") else {})}},
        **more,
    }
    (tmp_path / "run").mkdir()
    secrets = {"S3_ACCESS_KEY": "none", "S3_SECRET_KEY": "none", **more.pop("secrets", {})}
    return System(
        compiled(tmp_path, {key: value for key, value in spec.items() if key != "secrets"}),
        tmp_path / "run",
        secrets | spec.get("secrets", {}),
        outside=outside,
        adapt=on_this_machine,
    )


def sent(rendered: System, count: int = 1, **resource: str) -> list[Span]:
    spans = [Span(f"GET /{number}") for number in range(count)]
    address = f"http://{rendered.address('otel-gateway', 'otlp-http')}"
    send_spans(address, {"service.name": "api", **resource}, spans)
    return spans


def found(address: str, span: Span, tenant: str = "") -> bool:
    """Whether a trace is there; an unknown one is answered with 200 and an empty trace."""
    headers = {"X-Scope-OrgID": tenant} if tenant else {}
    answer = fetch(f"http://{address}/api/v2/traces/{span.trace_id}", headers=headers)
    return bool(json.loads(answer.body).get("trace", {}).get("resourceSpans"))


def test_single_takes_spans_and_gives_them_back_after_a_restart(tmp_path: Path, tempo: Path, collector: Path) -> None:
    rendered = system(tmp_path, {"storage": "local"})
    address = rendered.address("tempo", "http")
    process = rendered.start("tempo", tempo)
    with rendered.up("otel-gateway", collector):
        spans = sent(rendered, 10)
        for span in spans:
            wait_until(lambda span=span: found(address, span))
    process.stop(15)  # it does not always end in time: what is written survives SIGKILL too
    with process:
        rendered.wait_healthy("tempo", process)
        assert wait_until(lambda: found(address, spans[0]), 60)


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
        (red,) = sent(rendered, **{"tenant.id": "red"})
        (blue,) = sent(rendered, **{"tenant.id": "blue"})
        (nobody,) = sent(rendered)
        assert wait_until(lambda: found(address, red, "red"))
        assert wait_until(lambda: found(address, blue, "blue"))
        assert wait_until(lambda: found(address, nobody, "red"))
        assert not found(address, red, "blue") and not found(address, blue, "red")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            fetch(f"http://{address}/api/search")


def test_blocks_go_to_s3(tmp_path: Path, tempo: Path, collector: Path, s3_server: S3Server) -> None:
    bucket = f"traces{time.time_ns()}"
    s3_server.create_bucket(bucket)
    storage = {
        "type": "s3",
        "bucket": bucket,
        "endpoint": "http://store:9000",
        "access_key": {"env": "S3_ACCESS_KEY"},
        "secret_key": {"env": "S3_SECRET_KEY"},
    }
    secrets = {"S3_ACCESS_KEY": s3_server.access_key, "S3_SECRET_KEY": s3_server.secret_key}
    rendered = system(tmp_path, {"storage": storage}, {"store:9000": s3_server.address}, secrets=secrets)
    process = rendered.start("tempo", tempo)
    with rendered.up("otel-gateway", collector):
        for span in sent(rendered, 5):
            wait_until(lambda span=span: found(rendered.address("tempo", "http"), span))
    process.stop(15)
    shutil.rmtree(tmp_path / "run" / "tempo" / "var")
    s3_server.delete_bucket(bucket)


@contextmanager
def named(program: Path, hostname: str, folder: Path) -> Iterator[Path]:
    """The program in a machine of this name, as a container has: Tempo takes its partition from the number in it."""
    script = folder / f"{hostname}.sh"
    script.write_text(
        f'#!/bin/sh\nexec unshare --uts sh -c \'hostname {hostname}; exec {program} "$@"\' tempo "$@"\n'
    )
    script.chmod(0o755)
    yield script


def test_scalable_stores_and_finds_spans(
    tmp_path: Path, tempo: Path, collector: Path, kafka_server: KafkaServer, s3_server: S3Server
) -> None:
    if not shutil.which("unshare"):
        pytest.skip("unshare: gives each process a host name of its own")
    topic, bucket = f"tempo{time.time_ns()}", f"traces{time.time_ns()}"
    kafka_server.create_topic(topic, partitions=1)
    s3_server.create_bucket(bucket)
    backend = {
        "mode": "scalable",
        "storage": {
            "type": "s3",
            "bucket": bucket,
            "endpoint": "http://store:9000",
            "access_key": {"env": "S3_ACCESS_KEY"},
            "secret_key": {"env": "S3_SECRET_KEY"},
        },
        "kafka": {"brokers": ["kafka:9092"], "topic": topic, "partitions": 1},
    }
    outside = {"store:9000": s3_server.address, "kafka:9092": kafka_server.address}
    secrets = {"S3_ACCESS_KEY": s3_server.access_key, "S3_SECRET_KEY": s3_server.secret_key}
    rendered = system(tmp_path, backend, outside, secrets=secrets)
    with ExitStack() as running:
        processes: list[tuple[str, Running]] = []
        for name in [name for name in rendered.components if name.startswith("tempo-")]:
            ordinals = rendered.components[name].ordinals
            program = running.enter_context(named(tempo, f"{name}-0", tmp_path)) if ordinals else tempo
            process = rendered.prepare(name, program)
            running.callback(process.stop, 15)
            processes.append((name, process.start()))
        for name, process in processes:
            # A backend worker waits a minute for the ring to be stable.
            rendered.wait_healthy(name, process, seconds=100)
        with rendered.up("otel-gateway", collector):
            address = rendered.address("tempo-query-frontend", "http")
            for span in sent(rendered, 10):
                assert wait_until(lambda span=span: found(address, span), 60)
