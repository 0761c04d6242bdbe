"""Tempo in both modes on every storage: every key is one that Tempo knows, and the real one takes it where it is."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import ROOT, compiled, one_service
from tracegen.catalogue import catalogue
from tracegen.compiler import Rendered
from tracegen.system import Wait

OPTIONS = {
    line
    for line in (ROOT / "tests" / "data" / "tempo-options.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
}
#: What other programs define, receivers being the Collector's, and what has host names as keys.
_ELSEWHERE = ("distributor.receivers", "block_builder.assigned_partitions")
#: What Tempo grants when nothing is said, as it prints its defaults: an entry that leaves one out sets it to zero.
#: max_condition_groups_per_tag_query is not here, since Tempo reads it from the defaults for everybody.
_GRANTED = {
    "ingestion.rate_strategy": "local",
    "ingestion.rate_limit_bytes": 30 * 2**20,
    "ingestion.burst_size_bytes": 30 * 2**20,
    "ingestion.max_traces_per_user": 0,
    "ingestion.retry_info_enabled": True,
    "read.max_bytes_per_tag_values_query": 1_000_000,
    "global.max_bytes_per_trace": 5 * 2**20,
}

_KEY = {"env": "S3_KEY"}
_STORAGES: list[dict[str, Any]] = [
    {"type": "local"},
    {"type": "s3"},
    {"type": "s3", "bucket": "traces", "region": "eu-central-1"},
    {
        "type": "s3",
        "bucket": "traces",
        "endpoint": "http://store:9000",
        "prefix": "tempo/shop",
        "access_key": _KEY,
        "secret_key": {"env": "S3_SECRET"},
        "tls": {"ca": "certs/s3.pem", "server_name": "store"},
    },
    {"type": "gcs", "bucket": "traces", "prefix": "shop", "credentials": {"file": "secrets/gcs.json"}},
    {"type": "azure", "account": "acmetraces", "container": "traces", "key": {"env": "AZURE_KEY"}, "prefix": "shop"},
    {"type": "azure", "account": "acmetraces", "container": "traces"},
]
_TENANTS: list[list[Any]] = [
    [],
    ["red", {"name": "blue", "limits": {"bytes_per_second": "20Mi", "burst": "40Mi", "retention": "36h"}}],
]
_ROLES = {"block-builder": {"replicas": 2}, "live-store": {"replicas": 2}, "querier": {"replicas": 3}}
_KAFKAS = [
    {},
    {
        "brokers": ["kafka:9092"],
        "sasl": {"mechanism": "PLAIN", "username": "t", "password": {"env": "KAFKA_PASSWORD"}},
    },
]
_TLS = {"enabled": True, "ca": {"file": "ca.pem"}, "cert": {"file": "tls.crt"}, "key": {"file": "tls.key"}}


def specs() -> Iterator[dict[str, Any]]:
    """Every combination of storage, tenants and TLS in both modes."""
    for storage, tenants, secure in product(_STORAGES, _TENANTS, (False, True)):
        single = {"type": "tempo", "storage": storage, "tenants": tenants, "retention": "14d"}
        yield spec(single, secure)
        if storage["type"] != "local":
            for kafka in _KAFKAS:
                yield spec({**single, "mode": "scalable", "roles": _ROLES, "kafka": kafka}, secure)


def spec(backend: Mapping[str, Any], secure: bool = False) -> dict[str, Any]:
    service = {"language": "go", **({"tenant": "red"} if backend.get("tenants") else {})}
    security = {"security": {"tls": _TLS}} if secure else {}
    return one_service(backend=dict(backend), services={"api": service}, **security)


def config_of(rendered: Rendered) -> dict[str, Any]:
    """The configuration as Tempo reads it, without what its expansion does to it."""
    content: dict[str, Any] = yaml.safe_load(rendered.tree["tempo/tempo.yaml"])
    return content


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict) and path not in _ELSEWHERE:
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    else:
        yield path


@pytest.mark.parametrize("described", list(specs()), ids=lambda each: str(each["backend"]) + str("security" in each))
def test_every_key_is_one_that_tempo_knows(tmp_path: Path, described: dict[str, Any]) -> None:
    rendered = compiled(tmp_path, described)
    unknown = {path for path in leaves(config_of(rendered)) if path not in OPTIONS and path not in _ELSEWHERE}
    assert not unknown
    for entry in yaml.safe_load(rendered.tree.get("tempo/overrides.yaml", b"{}")).get("overrides", {}).values():
        assert not {f"overrides.defaults.{path}" for path in leaves(entry)} - OPTIONS


@pytest.mark.parametrize("described", list(specs()), ids=lambda each: str(each["backend"]) + str("security" in each))
def test_the_real_tempo_takes_every_configuration(tmp_path: Path, tempo: Path, described: dict[str, Any]) -> None:
    rendered = compiled(tmp_path, described)
    for path in ("tempo.yaml", "overrides.yaml"):
        content = rendered.tree.get(f"tempo/{path}", b"")
        (tmp_path / path).write_bytes(content.replace(b"/etc/tempo/", f"{tmp_path}/".encode()))
    command = [
        str(tempo),
        f"-config.file={tmp_path / 'tempo.yaml'}",
        "-config.expand-env=true",
        "-config.verify=true",
    ]
    secrets = dict.fromkeys(
        ("S3_KEY", "S3_SECRET", "S3_ACCESS_KEY", "S3_SECRET_KEY", "AZURE_KEY", "KAFKA_PASSWORD"), "x"
    )
    done = subprocess.run(
        command, env={**os.environ, **secrets}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stdout + done.stderr


def test_a_wrong_key_would_be_found(tmp_path: Path) -> None:
    """The counter-proof."""
    content = config_of(compiled(tmp_path, spec({"type": "tempo"})))
    content["backend_worker"]["compaction"]["block_retenton"] = "1h"
    assert "backend_worker.compaction.block_retenton" in set(leaves(content)) - OPTIONS


@pytest.mark.parametrize(("said", "hours"), [("14d", "336h"), ("90m", "2h"), ("10s", "1h")])
def test_retention_reaches_both_places_that_decide_it(tmp_path: Path, said: str, hours: str) -> None:
    """In whole hours, and never fewer than was said."""
    content = config_of(compiled(tmp_path, spec({"type": "tempo", "retention": said})))
    assert content["backend_scheduler"]["provider"]["compaction"]["compaction"]["block_retention"] == hours
    assert content["backend_worker"]["compaction"]["block_retention"] == hours


def test_each_tenant_has_a_whole_entry(tmp_path: Path) -> None:
    """What an entry leaves out is zero, and a rate of zero refuses every span."""
    rendered = compiled(tmp_path, spec({"type": "tempo", "tenants": _TENANTS[1], "retention": "14d"}))
    entries = yaml.safe_load(rendered.tree["tempo/overrides.yaml"])["overrides"]
    assert set(entries) == {"red", "blue", "*"}
    for entry in entries.values():
        assert set(leaves(entry)) == {*_GRANTED, "compaction.block_retention"}
    for path, granted in _GRANTED.items():
        section, key = path.split(".")
        assert entries["red"][section][key] == granted
    assert entries["blue"]["ingestion"]["rate_limit_bytes"] == 20 * 2**20
    assert entries["blue"]["compaction"]["block_retention"] == "36h"
    assert entries["red"]["compaction"]["block_retention"] == "336h"


def test_a_burst_has_room_for_the_largest_request_of_a_collector(tmp_path: Path) -> None:
    """What is larger than a burst can never be taken (TG324)."""
    rendered = compiled(tmp_path, spec({"type": "tempo", "tenants": _TENANTS[1]}))
    largest = catalogue().storages["local"].delivery.largest
    exporters = yaml.safe_load(rendered.tree["collector/gateway.yaml"])["exporters"].values()
    assert {each["sending_queue"]["batch"]["max_size"] for each in exporters} == {largest}


def test_the_guide_names_the_header_of_tenants_and_the_scheme(tmp_path: Path) -> None:
    rendered = compiled(tmp_path, spec({"type": "tempo", "tenants": _TENANTS[1]}, secure=True))
    guide = rendered.tree["TRACING.md"].decode()
    assert "X-Scope-OrgID" in guide and "<https://127.0.0.1:3200>" in guide


def test_single_is_one_process_whatever_the_traffic(tmp_path: Path) -> None:
    described = spec({"type": "tempo"})
    described["services"]["api"]["traffic"] = {"requests_per_second": 5000}
    parts = compiled(tmp_path, described).system.components
    assert parts["tempo"].replicas == 1 and not [name for name in parts if name.startswith("tempo-")]


def test_scalable_has_every_role_and_partitions_for_all(tmp_path: Path) -> None:
    rendered = compiled(tmp_path, spec({"type": "tempo", "mode": "scalable", "storage": "s3", "roles": _ROLES}))
    parts = rendered.system.components
    targets = {word.removeprefix("-target=") for part in parts.values() for word in part.args if "-target=" in word}
    assert targets == {
        "distributor",
        "live-store",
        "block-builder",
        "querier",
        "query-frontend",
        "backend-scheduler",
        "backend-worker",
    }
    assert parts["tempo-distributor"].needs == {"object-store": Wait.HEALTHY, "kafka-topic": Wait.COMPLETED}


@pytest.mark.parametrize(("partitions", "stores", "builders"), [(1, 1, 1), (3, 2, 2), (4, 3, 3), (8, 4, 2)])
def test_every_partition_has_one_reader_and_every_reader_one_that_is_written_to(
    tmp_path: Path, partitions: int, stores: int, builders: int
) -> None:
    """Distributors write to the partitions that a live store owns: the first ones, by the number of its host name."""
    roles = {"live-store": {"replicas": stores}, "block-builder": {"replicas": builders}}
    described = {"type": "tempo", "mode": "scalable", "storage": "s3", "roles": roles}
    rendered = compiled(tmp_path, spec({**described, "kafka": {"partitions": partitions}}))
    assigned = config_of(rendered)["block_builder"]["assigned_partitions"]
    assert sorted(number for numbers in assigned.values() for number in numbers) == list(range(partitions))
    assert all(min(numbers) < stores for numbers in assigned.values())
    services = yaml.safe_load(rendered.tree["compose.yaml"])["services"]
    names = {each["hostname"] for name, each in services.items() if name.startswith("tempo-block-builder")}
    assert names == set(assigned)


def test_no_more_live_stores_by_default_than_partitions(tmp_path: Path) -> None:
    described = {"type": "tempo", "mode": "scalable", "storage": "s3", "kafka": {"partitions": 1}}
    parts = compiled(tmp_path, spec(described)).system.components
    assert parts["tempo-live-store-a"].replicas == parts["tempo-live-store-b"].replicas == 1


@pytest.mark.parametrize("mode", ["single", "scalable"])
def test_whoever_calls_over_grpc_verifies_a_name_of_the_rendered_system(tmp_path: Path, mode: str) -> None:
    """One process calls itself as well: without these it never gets ready."""
    rendered = compiled(tmp_path, spec({"type": "tempo", "mode": mode, "storage": "s3"}, secure=True))
    config = config_of(rendered)
    callers = [config["querier"]["frontend_worker"], config["live_store_client"], config["backend_scheduler_client"]]
    for caller in callers:
        assert caller["grpc_client_config"]["tls_enabled"] is True
        assert caller["grpc_client_config"]["tls_server_name"] in rendered.system.components


def test_who_owns_partitions_has_a_host_name_with_its_number(tmp_path: Path) -> None:
    rendered = compiled(tmp_path, spec({"type": "tempo", "mode": "scalable", "storage": "s3", "roles": _ROLES}))
    services = yaml.safe_load(rendered.tree["compose.yaml"])["services"]
    names = {name: each["hostname"] for name, each in services.items() if "hostname" in each}
    assert names["tempo-live-store-a"] == "tempo-live-store-a-0"
    assert names["tempo-live-store-b-2"] == "tempo-live-store-b-1"
    assert names["tempo-block-builder-2"] == "tempo-block-builder-1"


def test_secrets_are_variables_and_never_in_a_file(tmp_path: Path) -> None:
    rendered = compiled(tmp_path, spec({"type": "tempo", "storage": _STORAGES[3]}))
    assert config_of(rendered)["storage"]["trace"]["s3"]["access_key"] == "${S3_KEY}"
    assert rendered.system.components["tempo"].environment["S3_KEY"]


def test_the_store_inside_takes_the_same_keys_as_tempo_shows(tmp_path: Path) -> None:
    parts = compiled(tmp_path, spec({"type": "tempo", "storage": "s3"})).system.components
    store, tempo_ = parts["object-store"].environment, parts["tempo"].environment
    assert store["AWS_ACCESS_KEY_ID"] == tempo_["S3_ACCESS_KEY"]
    assert store["AWS_SECRET_ACCESS_KEY"] == tempo_["S3_SECRET_KEY"]
