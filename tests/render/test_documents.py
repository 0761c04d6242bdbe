"""TRACING.md: what it says of a system is so."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import compiled, one_service

SCALABLE = {"type": "jaeger", "mode": "scalable", "storage": "opensearch"}
TEMPO = {"type": "tempo", "mode": "scalable", "storage": {"type": "gcs", "bucket": "traces"}}


def guide(folder: Path, environment: str | None = None, **said: Any) -> str:
    return compiled(folder, one_service(**said), environment).tree["TRACING.md"].decode()


@pytest.mark.parametrize(
    ("backend", "shows", "others"),
    [
        ({"type": "jaeger"}, "jaeger", set()),
        (SCALABLE, "jaeger-query", {"jaeger-collector", "jaeger-ingester"}),
        (
            TEMPO,
            "tempo-query-frontend",
            {"tempo-distributor", "tempo-live-store-a", "tempo-live-store-b", "tempo-block-builder"},
        ),
    ],
    ids=["single", "jaeger", "tempo"],
)
def test_only_the_process_that_has_the_api_is_asked_for_it(
    backend: Any, shows: str, others: set[str], tmp_path: Path
) -> None:
    text = guide(tmp_path, backend=backend)
    assert re.findall(r"^\| `([a-z-]+)` .* \| its log, and its API \|$", text, re.MULTILINE) == [shows]
    assert set(re.findall(r"^\| `([a-z-]+)` .* \| its log \|$", text, re.MULTILINE)) == others


def test_the_limits_are_those_of_the_compose_file_together(tmp_path: Path) -> None:
    tree = compiled(tmp_path, one_service(backend=SCALABLE, collector={"replicas": 2})).tree
    containers = yaml.safe_load(tree["compose.yaml"])["services"].values()
    deployed = [each["deploy"] for each in containers]
    limits = [(each.get("replicas", 1), each["resources"]["limits"]) for each in deployed]
    cores = sum(replicas * float(each["cpus"]) for replicas, each in limits)
    memory = sum(replicas * int(each["memory"].removesuffix("M")) for replicas, each in limits) / 1024
    text = f"add up to {cores:g} cores and {memory:.1f} GiB of memory"
    assert text in tree["TRACING.md"].decode()


def test_the_numbers_of_a_collector_are_read_without_a_shell_in_it(tmp_path: Path) -> None:
    text = guide(tmp_path, "dev", environments={"dev": {}})
    read = r"`docker run --rm --network shop-dev_default busybox:\S+ wget -q -O - http://otel-gateway:8888/metrics`"
    assert re.search(read, text)


def test_an_environment_tells_the_command_that_tells_the_port(tmp_path: Path) -> None:
    said = one_service(environments={"dev": {}})
    assert "`docker compose port jaeger 16686`" in compiled(tmp_path, said, "dev").tree["TRACING.md"].decode()
    assert "<http://127.0.0.1:16686>" in compiled(tmp_path, said).tree["TRACING.md"].decode()


def test_what_a_proxy_must_leave_alone_is_what_tracegen_runs(tmp_path: Path) -> None:
    assert '`"noProxy": "jaeger,otel-gateway"`' in guide(tmp_path)
    assert "noProxy" not in guide(tmp_path, targets=["kubernetes"])


def test_certificates_are_read_by_users_of_containers_too(tmp_path: Path) -> None:
    """As a clone under umask 077 has them, no process could start; what lies elsewhere is somebody else's."""
    certificates = {"ca": {"file": "pki/ca.pem"}, "cert": {"file": "certs/tls.crt"}, "key": {"file": "certs/tls.key"}}
    text = guide(tmp_path, security={"tls": {"enabled": True, **certificates}})
    (folders,) = re.findall(r"`chmod -R go\+rX ([^`]+)`", text)
    assert folders.split() == ["certs", "collector", "jaeger", "pki", "services"]
