"""Cassandra and ClickHouse under Jaeger: what is rendered, and that the real Jaeger takes it."""

import subprocess
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from programs.system import System
from support import compiled, one_service
from tracegen.system import Component, Wait

#: Keys that are rendered and that Jaeger 2.13, which judges here, does not know yet; those newer have them.
NEWER_THAN_THE_JUDGE = {
    ("clickhouse", "ttl"): "since 2.18",
    ("clickhouse", "tls"): "since 2.19",
}

_LOGIN: Mapping[str, Any] = {"username": "jaeger", "password": {"env": "STORE_PASSWORD"}}
_TLS: Mapping[str, Any] = {
    "ca": "certs/ca.pem",
    "cert": {"file": "certs/client.crt"},
    "key": {"file": "certs/client.key"},
    "server_name": "store",
}
_SERVERS = {"cassandra": ["one.example.com:9042", "two.example.com:9042"], "clickhouse": ["click:9000"]}
_OWN: Mapping[str, list[Mapping[str, Any]]] = {
    "cassandra": [{}, {"keyspace": "traces", "datacenter": "west", "replication_factor": 2}],
    "clickhouse": [{}, {"database": "traces"}],
}


def storages() -> Iterator[dict[str, Any]]:
    """Every combination of options: a node of ours, and servers with and without login, TLS and `manage`."""
    for kind, own in ((kind, own) for kind, all_own in _OWN.items() for own in all_own):
        yield {"type": kind, **own}
        yield {"type": kind, **own, "size": "5Gi"}
        for login, tls, manage in product(({}, _LOGIN), (None, {}, {"ca": "certs/ca.pem"}, _TLS), (True, False)):
            more: dict[str, Any] = {**login, **({} if tls is None else {"tls": tls}), "manage": manage}
            made_elsewhere = set() if manage else {"replication_factor"}
            kept = {key: value for key, value in own.items() if key not in made_elsewhere}
            yield {"type": kind, "servers": _SERVERS[kind], **kept, **more}


def system(tmp_path: Path, storage: Mapping[str, Any], **more: Any) -> System:
    backend = {"type": "jaeger", "storage": dict(storage), **more.pop("backend", {})}
    return System(
        compiled(tmp_path, one_service(backend=backend, **more)), tmp_path / "run", {"STORE_PASSWORD": "secret"}
    )


def configured(rendered: System) -> dict[str, Any]:
    """The storage in Jaeger's configuration, below its type."""
    config = yaml.safe_load(rendered.rendered.tree["jaeger/config.yaml"])
    backends: dict[str, Any] = config["extensions"]["jaeger_storage"]["backends"]["main"]
    return backends


def as_the_judge_knows_it(path: Path) -> None:
    """Leave out what Jaeger 2.13 does not know."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    main = config["extensions"]["jaeger_storage"]["backends"]["main"]
    for kind, key in NEWER_THAN_THE_JUDGE:
        main.get(kind, {}).pop(key, None)
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("storage", list(storages()), ids=str)
def test_the_real_jaeger_takes_every_combination(tmp_path: Path, jaeger: Path, storage: dict[str, Any]) -> None:
    rendered = system(tmp_path, storage)
    path = rendered.config_path("jaeger")
    as_the_judge_knows_it(path)
    command = [str(jaeger), "validate", "--config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("kind", "key"), list(NEWER_THAN_THE_JUDGE))
def test_what_is_left_out_for_the_judge_is_unknown_to_it(tmp_path: Path, jaeger: Path, kind: str, key: str) -> None:
    """Else the table above would hide a mistake."""
    rendered = system(tmp_path, {"type": kind, "servers": _SERVERS[kind], "tls": {"ca": "certs/ca.pem"}})
    command = [str(jaeger), "validate", "--config", str(rendered.config_path("jaeger"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert f"{kind}' has invalid keys" in done.stderr and key in done.stderr


def test_the_schema_of_cassandra_is_made_with_the_retention_of_the_spec(tmp_path: Path) -> None:
    schema = configured(system(tmp_path, {"type": "cassandra"}, backend={"retention": "3d"}))["cassandra"]["schema"]
    assert schema == {
        "keyspace": "jaeger_v1",
        "create": True,
        "datacenter": "datacenter1",
        "replication_factor": 1,
        "trace_ttl": "72h",
        "dependencies_ttl": "72h",
        "compaction_window": "2h",
    }


@pytest.mark.parametrize(("retention", "window"), [("2h", "1h"), ("7d", "4h"), ("90d", "45h")])
def test_spans_of_cassandra_are_grouped_into_about_fifty_windows(tmp_path: Path, retention: str, window: str) -> None:
    rendered = system(tmp_path, {"type": "cassandra"}, backend={"retention": retention})
    assert configured(rendered)["cassandra"]["schema"]["compaction_window"] == window


def test_three_copies_are_kept_in_a_cluster_that_exists(tmp_path: Path) -> None:
    cassandra = configured(system(tmp_path, {"type": "cassandra", "servers": _SERVERS["cassandra"]}))["cassandra"]
    assert cassandra["schema"]["replication_factor"] == 3
    assert cassandra["connection"]["servers"] == _SERVERS["cassandra"]


def test_a_server_without_a_port_gets_the_usual_one(tmp_path: Path) -> None:
    """Jaeger refuses a bare host name for Cassandra."""
    cassandra = configured(system(tmp_path, {"type": "cassandra", "servers": ["store", "10.0.0.1:9142"]}))[
        "cassandra"
    ]
    assert cassandra["connection"]["servers"] == ["store:9042", "10.0.0.1:9142"]
    clickhouse = configured(system(tmp_path, {"type": "clickhouse", "servers": ["store"]}))["clickhouse"]
    assert clickhouse["addresses"] == ["store:9000"]


def test_clickhouse_makes_its_tables_with_the_retention_of_the_spec(tmp_path: Path) -> None:
    clickhouse = configured(system(tmp_path, {"type": "clickhouse"}, backend={"retention": "36h"}))["clickhouse"]
    assert clickhouse == {
        "protocol": "native",
        "addresses": ["clickhouse:9000"],
        "database": "jaeger",
        "create_schema": True,
        "ttl": "36h",
    }


def test_somebody_elses_tables_are_left_alone(tmp_path: Path) -> None:
    cassandra = system(tmp_path, {"type": "cassandra", "servers": _SERVERS["cassandra"], "manage": False})
    assert configured(cassandra)["cassandra"]["schema"] == {"keyspace": "jaeger_v1", "create": False}
    clickhouse = system(tmp_path, {"type": "clickhouse", "servers": _SERVERS["clickhouse"], "manage": False})
    assert configured(clickhouse)["clickhouse"]["create_schema"] is False
    assert "ttl" not in configured(clickhouse)["clickhouse"]


@pytest.mark.parametrize("kind", list(_SERVERS))
def test_a_login_and_certificates_reach_jaeger(tmp_path: Path, kind: str) -> None:
    rendered = system(tmp_path, {"type": kind, "servers": _SERVERS[kind], **_LOGIN, "tls": _TLS})
    settings = configured(rendered)[kind]
    settings = settings.get("connection", settings)
    assert settings["auth"] == {"basic": {"username": "jaeger", "password": "${env:STORE_PASSWORD}"}}
    assert settings["tls"] == {
        "insecure": False,
        "ca_file": f"/etc/tracegen/{kind}/ca.crt",
        "cert_file": f"/etc/tracegen/{kind}/tls.crt",
        "key_file": f"/etc/tracegen/{kind}/tls.key",
        "server_name_override": "store",
    }
    jaeger = rendered.components["jaeger"]
    assert {mount.secret.file for mount in jaeger.secret_files} == {
        "certs/ca.pem",
        "certs/client.crt",
        "certs/client.key",
    }
    assert "STORE_PASSWORD" in jaeger.environment
    assert b"STORE_PASSWORD=" in rendered.rendered.tree[".env.example"]


@pytest.mark.parametrize("kind", list(_SERVERS))
def test_without_a_server_one_node_runs_that_jaeger_waits_for(tmp_path: Path, kind: str) -> None:
    rendered = system(tmp_path, {"type": kind, "size": "5Gi"})
    node = rendered.components[kind]
    assert not node.production
    assert rendered.components["jaeger"].needs == {kind: Wait.HEALTHY}
    assert [volume.size for volume in node.volumes] == ["5Gi"]
    assert not any(port.publish for port in node.ports), "it asks for no login"


@pytest.mark.parametrize("storage", list(storages())[::5], ids=str)
def test_docker_compose_takes_it(tmp_path: Path, docker_compose: Path, storage: dict[str, Any]) -> None:
    rendered = system(tmp_path, storage)
    (tmp_path / "compose.yaml").write_bytes(rendered.rendered.tree["compose.yaml"])
    (tmp_path / "services" / "api").mkdir(parents=True)
    (tmp_path / "services" / "api" / "otel.env").touch()
    command = [str(docker_compose), "--file", str(tmp_path / "compose.yaml"), "config", "--quiet"]
    environment = {"STORE_PASSWORD": "secret", "PATH": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", list(_SERVERS))
def test_with_a_server_none_runs(tmp_path: Path, kind: str) -> None:
    rendered = system(tmp_path, {"type": kind, "servers": _SERVERS[kind]})
    assert kind not in rendered.components
    assert not rendered.components["jaeger"].needs


def test_the_memory_of_cassandra_fits_its_container(tmp_path: Path) -> None:
    node = system(tmp_path, {"type": "cassandra"}).components["cassandra"]
    heap, direct = (mebibytes(node, name) for name in ("MAX_HEAP_SIZE", "MAX_DIRECT_MEMORY_SIZE"))
    assert node.resources is not None
    assert (heap + direct) * 2**20 <= node.resources.memory * 3 // 4


def mebibytes(component: Component, variable: str) -> int:
    return int("".join(str(part) for part in component.environment[variable]).removesuffix("M"))


def test_what_clickhouse_writes_of_its_own_work_does_not_fill_the_volume(tmp_path: Path) -> None:
    rendered = system(tmp_path, {"type": "clickhouse"})
    (mount,) = rendered.components["clickhouse"].files
    assert mount.target.startswith("/etc/clickhouse-server/config.d/")
    tables = yaml.safe_load(rendered.rendered.tree[mount.source])
    assert {"query_log", "metric_log", "asynchronous_metric_log", "text_log", "trace_log"} <= tables.keys()
    assert all(each == {"ttl": "event_date + INTERVAL 3 DAY DELETE"} for each in tables.values())


def test_servers_of_others_keep_their_own_settings(tmp_path: Path) -> None:
    rendered = system(tmp_path, {"type": "clickhouse", "servers": ["store"]})
    assert not [path for path in rendered.rendered.tree if path.startswith("clickhouse/")]


@pytest.mark.parametrize(
    ("version", "gated"),
    [("2.17.0", False), ("2.18.0", True), ("2.20.0", True), ("2.21.0", False), ("2.24.1", False)],
)
def test_the_feature_gate_of_clickhouse_is_opened_where_there_is_one(
    tmp_path: Path, version: str, gated: bool
) -> None:
    """Before it an unknown gate stops Jaeger; from 2.21 it does nothing, and from 2.23 it is unknown again."""
    rendered = system(tmp_path, {"type": "clickhouse"}, versions={"jaeger": version})
    assert ("--feature-gates=storage.clickhouse" in rendered.components["jaeger"].args) is gated
