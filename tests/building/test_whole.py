"""build_system gives the whole system: rendering makes no component, changes none, and finishes nothing."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from support import ROOT, compiled, one_service, problems_of
from tracegen.problems import Severity

RENDERING = sorted((ROOT / "src" / "tracegen" / "render").rglob("*.py"))
RECORDS = {
    "Component",
    "Unit",
    "Compose",
    "Cluster",
    "Design",
    "System",
    "Port",
    "Volume",
    "FileMount",
    "SecretMount",
}
INGRESS = {"host": "traces.example.com", "tls_secret": "tls"}
LOGIN = {
    "issuer": "https://login.example.com",
    "client_id": "traces",
    "client_secret": {"env": "CLIENT"},
    "cookie_secret": {"env": "COOKIE"},
    "email_domains": ["example.com"],
}


def made_in(tree: ast.AST) -> list[str]:
    """What is called in a module that makes or changes a record of the system."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = (ast.unparse(call).removeprefix("dataclasses.").removeprefix("copy.") for call in calls)
    return [name for name in names if name in RECORDS | {"replace"}]


@pytest.mark.parametrize("path", RENDERING, ids=lambda path: path.name)
def test_rendering_makes_and_changes_no_record_of_the_system(path: Path) -> None:
    # `overrides` are laid over planned files, which are no part of the system.
    assert made_in(ast.parse(path.read_text(encoding="utf-8"))) == (["replace"] if path.name == "files.py" else [])


@pytest.mark.parametrize(
    "text",
    [
        "replace(component, files=())",
        "Component(name='helper')",
        "dataclasses.replace(component, ports=())",
        "Port('a', 1)",
    ],
)
def test_one_that_is_made_is_seen(text: str) -> None:
    assert made_in(ast.parse(text))


def test_compose_has_a_unit_for_each_replica_and_for_the_owner_of_volumes(tmp_path: Path) -> None:
    backend = {"type": "jaeger", "storage": "badger"}
    compose = compiled(tmp_path, one_service(collector={"replicas": 2}, backend=backend)).system.compose
    units = {unit.name: unit for unit in compose.units}
    assert {"volume-owner", "otel-gateway", "otel-gateway-2"} <= units.keys()
    assert units["otel-gateway-2"].aliases == ("otel-gateway",)
    assert set(units["otel-gateway-2"].needs) == {"volume-owner"}
    volumes = [each.name for unit in compose.units if unit.name != "volume-owner" for each in unit.volumes]
    assert len(volumes) == len(set(volumes)) == 3


def test_more_replicas_leave_the_first_where_it_is_with_what_it_keeps(tmp_path: Path) -> None:
    def volumes(replicas: int) -> dict[str, list[str]]:
        folder = tmp_path / str(replicas)
        folder.mkdir()
        units = compiled(folder, one_service(collector={"replicas": replicas})).system.compose.units
        return {unit.name: [each.name for each in unit.volumes] for unit in units if unit.name != "volume-owner"}

    assert volumes(2) == {**volumes(1), "otel-gateway-2": ["otel-gateway-queue-2"]}


def test_processes_that_tell_each_other_their_addresses_share_all_networks(tmp_path: Path) -> None:
    """Some need the broker, and might tell the others their address in a network that these are not in."""
    backend = {"type": "tempo", "mode": "scalable", "storage": {"type": "gcs", "bucket": "traces"}}
    units = compiled(tmp_path, one_service(backend=backend)).system.compose.units
    networks = {unit.name: unit.networks for unit in units}
    assert {each for name, each in networks.items() if name.startswith("tempo-")} == {("default", "stores")}
    assert networks["kafka"] == networks["kafka-topic"] == ("stores",)
    assert networks["otel-gateway"] == ("default",)


def test_two_environments_and_the_base_are_three_projects(tmp_path: Path) -> None:
    said = one_service(environments={"dev": {}, "prod": {}})
    found = []
    for environment in (None, "dev", "prod"):
        folder = tmp_path / str(environment)
        folder.mkdir()
        system = compiled(folder, said, environment).system
        found.append((system.project, system.services["api"].attributes["service.namespace"]))
    assert found == [("shop", "shop"), ("shop-dev", "shop"), ("shop-prod", "shop")]


@pytest.mark.parametrize(("login", "name"), [(None, "jaeger"), (LOGIN, "ui-login")])
def test_one_component_of_a_cluster_says_that_it_shows_the_user_interface(
    login: Any, name: str, tmp_path: Path
) -> None:
    ingress = {**INGRESS, **({"login": login} if login else {})}
    said = one_service(targets=["kubernetes"], kubernetes={"ingress": ingress})
    system = compiled(tmp_path, said).system
    found = system.cluster.user_interface
    assert found is not None
    assert found[0].name == name
    assert [each.name for each in system.cluster.components.values() if each.ui] == [name]
    assert "ui-login" not in system.components


def test_a_service_that_runs_elsewhere_is_in_the_system_and_not_among_what_runs(tmp_path: Path) -> None:
    services = {"api": {"language": "go"}, "web": {"language": "go", "deploy": False, "image": "web:1"}}
    system = compiled(tmp_path, {**one_service(), "targets": ["kubernetes"], "services": services}).system
    assert set(system.elsewhere) == set(system.cluster.elsewhere) == {"web"}
    assert "web" not in system.components
    endpoint = system.cluster.elsewhere["web"].environment["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert f".{system.kubernetes.namespace}.svc" in str(endpoint[0])


WORKERS = {
    "orders": {"language": "python", "calls": ["worker"]},
    "worker": {"language": "go", "framework": "none", "port": "none", "image": "registry.test/worker:2"},
}


def test_a_worker_has_no_port_no_probe_and_no_service(tmp_path: Path) -> None:
    targets = ["compose", "kubernetes"]
    kubernetes = {"network_policies": "strict"}
    rendered = compiled(tmp_path, one_service(targets=targets, kubernetes=kubernetes, services=WORKERS))
    (unit,) = (each for each in rendered.system.compose.units if each.name == "worker")
    assert not unit.ports and unit.component.health is None
    deployment = rendered.tree["kubernetes/services/worker/deployment.yaml"].decode()
    assert "Probe" not in deployment and "containerPort" not in deployment
    assert "kubernetes/services/worker/service.yaml" not in rendered.tree
    assert "kubernetes/services/orders/service.yaml" in rendered.tree
    # It is called through a queue, so nobody is told an address of it.
    assert "WORKER_URL" not in rendered.system.services["orders"].own_environment
    assert rendered.system.services["orders"].calls == ("worker",)


@pytest.mark.parametrize("key", ["port", "framework"])
def test_a_worker_is_no_example(key: str, tmp_path: Path) -> None:
    services = {"worker": {"language": "python", key: "none"}}
    (tmp_path / "tracegen.yaml").write_text(json.dumps(one_service(services=services)), encoding="utf-8")
    found = [each for each in problems_of(tmp_path / "tracegen.yaml") if each.severity is Severity.ERROR]
    assert [each.code.id for each in found] == ["TG502"]
    assert "answers requests" in found[0].message
