"""What a team does with what is rendered for Kubernetes: an overlay, its own manifests, and changes that roll out."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.test_matrix import RICH, rich
from invariants import System
from invariants._manifests import Manifest, Workload
from invariants._specs import compile_spec
from patches import merged
from programs.servers.kubernetes import KubernetesServer
from real.clusters import kustomized, pod, written
from support import tracegen, tree_of

SECONDS = 120
TEAM_IMAGE = "registry.example.com/ledger:7"

OVERLAY = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop-prod
resources: [../../kubernetes]
patches:
  - target: {kind: Deployment, name: web}
    patch: '[{"op": "replace", "path": "/spec/replicas", "value": 7}]'
"""

#: A service that runs elsewhere, and one whose manifests lie beside its own.
LEDGER = merged(
    RICH,
    {
        "security": {"ingest_auth": {"bearer": {"env": "INGEST_TOKEN"}}},
        "services": {"ledger": {"language": "java", "deploy": False, "calls": ["web"], "env": {"LIMIT": "5"}}},
    },
)
TEAM = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: ledger, labels: {{team: money}}}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: ledger}}}}
  template:
    metadata: {{labels: {{app: ledger}}}}
    spec:
      containers:
        - name: main
          image: '{TEAM_IMAGE}'
          env:
            - {{name: HEAP, value: 1g}}
            - {{name: LIMIT, value: '9'}}
            - {{name: WEB_URL, value: 'https://web.finance.svc:8443/v2'}}
            - {{name: OTEL_RESOURCE_ATTRIBUTES, value: team=red}}
          envFrom: [{{secretRef: {{name: money}}}}]
        - {{name: beside, image: 'registry.example.com/beside:2'}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: other}}
spec:
  selector: {{matchLabels: {{app: other}}}}
  template:
    metadata: {{labels: {{app: other}}}}
    spec: {{containers: [{{name: main, image: 'registry.example.com/other:1'}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: ledger}}
spec: {{selector: {{app: ledger}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""


def test_an_overlay_changes_what_it_says_and_nothing_else(kubectl: Path, tmp_path: Path) -> None:
    written(rich().tree, tmp_path)
    overlay = overlaid(tmp_path)
    base = by_name(kustomized(kubectl, tmp_path / "kubernetes"))
    for (kind, name), found in by_name(kustomized(kubectl, overlay)).items():
        expected = base["Namespace", "shop"] if kind == "Namespace" else base[kind, name]
        if kind == "Namespace":
            assert name == "shop-prod"
            expected = merged(expected, {"metadata": {"name": name}})
        else:
            expected = merged(expected, {"metadata": {"namespace": "shop-prod"}})
        if (kind, name) == ("Deployment", "web"):
            expected = merged(expected, {"spec": {"replicas": 7}})
        assert found == expected, (kind, name)


def test_an_overlay_stays_as_it_is_through_renders(tmp_path: Path) -> None:
    spec = tmp_path / "tracegen.yaml"
    spec.write_text(yaml.safe_dump(RICH), encoding="utf-8")
    assert tracegen("render", spec).code == 0
    before = tree_of(overlaid(tmp_path))
    smaller = merged(RICH, {"services": {"web": None, "api": {"calls": []}}, "collector": {"replicas": 3}})
    spec.write_text(yaml.safe_dump(smaller), encoding="utf-8")
    assert tracegen("render", spec).code == 0
    assert tree_of(tmp_path / "overlays" / "prod") == before


def test_a_component_adds_variables_to_a_teams_workload_and_changes_nothing_else(
    kubectl: Path, kubernetes_server: KubernetesServer, tmp_path: Path
) -> None:
    system = System.of("ledger", compile_spec(LEDGER))
    written(system.tree, tmp_path)
    own = by_name(kustomized(kubectl, of_the_team(tmp_path / "own", [])))
    found = by_name(kustomized(kubectl, of_the_team(tmp_path / "with", ["../kubernetes/components/ledger"])))
    added = {name: found.pop(name) for name in found.keys() - own.keys()}
    assert {kind for kind, _ in added} == {"ConfigMap"}
    changed = found["Deployment", "ledger"]
    template = changed["spec"]["template"]
    container, marks = template["spec"]["containers"][0], template["metadata"].pop("annotations")
    own_container = own["Deployment", "ledger"]["spec"]["template"]["spec"]["containers"][0]
    variables, sources = container.pop("env"), container.pop("envFrom")
    own_variables, own_sources = own_container.pop("env"), own_container.pop("envFrom")
    assert found == own
    assert variables[: len(own_variables)] == own_variables
    assert sources == [*own_sources, {"configMapRef": {"name": "ledger-otel"}}]
    maps = {name: each["data"] for (_, name), each in added.items()}
    assert {**maps["ledger-otel"], **values(variables[len(own_variables) :], maps)} == expected_variables(system)
    assert list(marks) == ["checksum/ledger-otel"]
    template["metadata"]["annotations"], container["env"], container["envFrom"] = marks, variables, sources
    kubernetes_server.apply(merged(changed, {"metadata": {"namespace": "default"}}))
    kubernetes_server.create(pod(Workload(Manifest("", changed)), "default"))


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Rollout"])
def test_a_component_finds_the_workload_and_the_container_that_the_spec_names(
    kubectl: Path, tmp_path: Path, kind: str
) -> None:
    workload = {"kind": kind, "name": "prod-ledger", "container": "app"}
    system = System.of("named", compile_spec(merged(LEDGER, {"services": {"ledger": {"workload": workload}}})))
    written(system.tree, tmp_path)
    team = of_the_team(tmp_path / "with", ["../kubernetes/components/ledger"])
    pods = {"spec": {"containers": [{"name": "proxy", "image": "proxy:1"}, {"name": "app", "image": "app:1"}]}}
    spec = {"jobTemplate": {"spec": {"template": pods}}} if kind == "CronJob" else {"template": pods}
    group = {"CronJob": "batch/v1", "Job": "batch/v1", "Rollout": "argoproj.io/v1alpha1"}.get(kind, "apps/v1")
    thing = {"apiVersion": group, "kind": kind, "metadata": {"name": "prod-ledger"}, "spec": spec}
    (team / "team.yaml").write_text(yaml.safe_dump(thing), encoding="utf-8")
    spec = by_name(kustomized(kubectl, team))[kind, "prod-ledger"]["spec"]
    template = (spec["jobTemplate"]["spec"] if kind == "CronJob" else spec)["template"]
    proxy, app = template["spec"]["containers"]
    assert proxy == {"name": "proxy", "image": "proxy:1"}
    assert app["envFrom"] == [{"configMapRef": {"name": "ledger-otel"}}]
    assert [each["name"] for each in app["env"]] == ["INGEST_TOKEN", "OTEL_EXPORTER_OTLP_HEADERS"]
    assert list(template["metadata"]["annotations"]) == ["checksum/ledger-otel"]


@pytest.mark.parametrize(
    "workload", [{}, {"workload": {"name": "prod-ledger"}}, {"workload": {"name": "other", "container": "app"}}]
)
def test_a_component_that_finds_no_workload_fails(kubectl: Path, tmp_path: Path, workload: dict[str, Any]) -> None:
    system = System.of("named", compile_spec(merged(LEDGER, {"services": {"ledger": workload}})))
    written(system.tree, tmp_path)
    team = of_the_team(tmp_path / "with", ["../kubernetes/components/ledger"])
    (team / "team.yaml").write_text(TEAM.replace("{name: ledger,", "{name: another,"), encoding="utf-8")
    done = subprocess.run([str(kubectl), "kustomize", str(team)], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode != 0, done.stdout


def test_a_component_asks_the_operator_for_an_agent(kubectl: Path, tmp_path: Path) -> None:
    system = System.of("operator", compile_spec(merged(LEDGER, {"kubernetes": {"flavor": "operator"}})))
    written(system.tree, tmp_path)
    found = by_name(kustomized(kubectl, of_the_team(tmp_path / "with", ["../kubernetes/components/ledger"])))
    marks = found["Deployment", "ledger"]["spec"]["template"]["metadata"]["annotations"]
    assert marks == {"instrumentation.opentelemetry.io/inject-java": "shop/tracing"}


def test_a_changed_configuration_rolls_those_that_read_it_and_nobody_else(kubectl: Path, tmp_path: Path) -> None:
    override = {"overrides": {"collector/gateway.yaml": {"processors": {"memory_limiter": {"check_interval": "2s"}}}}}
    other = System.of("changed", compile_spec(merged(RICH, override)))
    before = templates(kustomized(kubectl, written(rich().tree, tmp_path / "before")))
    after = templates(kustomized(kubectl, written(other.tree, tmp_path / "after")))
    assert {name for name in before if before[name] != after[name]} == {"otel-gateway"}


def test_changes_are_applied_over_what_runs(
    kubectl: Path, kubernetes_server: KubernetesServer, tmp_path: Path
) -> None:
    """Jobs and selectors cannot be changed: what differs has another name."""
    configuration = kubernetes_server.kubeconfig(tmp_path)
    kafka = {"name": "changing", "backend": {"mode": "scalable", "storage": "opensearch"}}
    steps: list[dict[str, Any]] = [
        {},
        {"backend": {"retention": "3d"}},
        {"collector": {"replicas": 3}, "services": {"web": {"replicas": 4}}},
        {"overrides": {"jaeger/ingester.yaml": {"service": {"telemetry": {"logs": {"level": "warn"}}}}}},
        {"metrics": True},
    ]
    spec = merged(RICH, kafka)
    for number, step in enumerate(steps):
        spec = merged(spec, step)
        folder = written(System.of("step", compile_spec(spec)).tree, tmp_path / str(number))
        command = [str(kubectl), "--kubeconfig", str(configuration), "apply", "-k", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, f"{step}: {done.stderr}"


def overlaid(folder: Path) -> Path:
    """An overlay as kubernetes/README.md proposes it."""
    overlay = folder / "overlays" / "prod"
    overlay.mkdir(parents=True)
    (overlay / "kustomization.yaml").write_text(OVERLAY, encoding="utf-8")
    return overlay


def of_the_team(folder: Path, components: list[str]) -> Path:
    folder.mkdir()
    (folder / "team.yaml").write_text(TEAM, encoding="utf-8")
    content = {"resources": ["team.yaml"], "components": components}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def by_name(things: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["kind"], each["metadata"]["name"]): each for each in things}


def templates(things: list[dict[str, Any]]) -> dict[str, Any]:
    """The templates of all pods: a workload rolls when its own changes."""
    running = [each for each in things if "template" in each.get("spec", {})]
    return {each["metadata"]["name"]: each["spec"]["template"] for each in running}


def values(variables: list[dict[str, Any]], maps: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What the container gets; a secret stands there as <name/key>, and in texts as $(NAME)."""
    return {each["name"]: _value(each, maps) for each in variables}


def _value(variable: dict[str, Any], maps: Mapping[str, Mapping[str, str]]) -> str:
    assert ("value" in variable) is not ("valueFrom" in variable), variable
    if "value" in variable:
        return str(variable["value"])
    reference = variable["valueFrom"]
    if "configMapKeyRef" in reference:
        return maps[reference["configMapKeyRef"]["name"]][reference["configMapKeyRef"]["key"]]
    return f"<{reference['secretKeyRef']['name']}/{reference['secretKeyRef']['key']}>"


def expected_variables(system: System) -> dict[str, str]:
    """Those of its environment file with the hosts' full names, its `env`, and what it shows to the collector."""
    lines = system.tree["services/ledger/otel.env"].splitlines()
    said = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    full = {name: value.replace("://otel-gateway:", "://otel-gateway.shop.svc:") for name, value in said.items()}
    secret = {"INGEST_TOKEN": "<shop-env/INGEST_TOKEN>"}
    return {**full, **secret, "LIMIT": "5", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20$(INGEST_TOKEN)"}
