"""What the manifests of Kubernetes come to, where the invariants of the matrix do not look."""

import os
import re
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import compiled, one_service
from tracegen.parts.calls import server_calls
from tracegen.problems import ProblemsFound
from tracegen.system import Call

LOGIN = {
    "issuer": "https://login.example.com",
    "client_id": "traces",
    "client_secret": {"env": "LOGIN_CLIENT"},
    "cookie_secret": {"env": "LOGIN_COOKIE"},
}


def on_kubernetes(folder: Path, **said: Any) -> dict[str, str]:
    """The tree of the smallest spec with what is said."""
    tree = compiled(folder, one_service(targets=["kubernetes"], **said)).tree
    return {path: content.decode() for path, content in tree.items()}


def variables(tree: dict[str, str], service: str) -> list[dict[str, Any]]:
    manifest = yaml.safe_load(tree[f"kubernetes/services/{service}/deployment.yaml"])
    found: list[dict[str, Any]] = manifest["spec"]["template"]["spec"]["containers"][0]["env"]
    return found


def test_a_dollar_stays_a_dollar_and_a_secret_comes_before_the_text_that_has_it(tmp_path: Path) -> None:
    tree = on_kubernetes(
        tmp_path,
        security={"ingest_auth": {"bearer": {"env": "TOKEN"}}},
        services={"api": {"language": "go", "env": {"PRICE": "$(HOME) $$5", "TOKEN": "not that one"}}},
    )
    found = {each["name"]: each for each in variables(tree, "api")}
    assert found["PRICE"]["value"] == "$$(HOME) $$$$5"
    assert found["TOKEN"]["value"] == "not that one"
    assert found["OTEL_EXPORTER_OTLP_HEADERS"]["value"] == "authorization=Bearer%20$(TOKEN_)"
    assert found["TOKEN_"]["valueFrom"]["secretKeyRef"] == {"name": "shop-env", "key": "TOKEN"}
    assert list(found).index("TOKEN_") < list(found).index("OTEL_EXPORTER_OTLP_HEADERS")


@pytest.mark.parametrize("flavor", ["plain", "operator"])
def test_an_override_of_a_configuration_reaches_kubernetes(tmp_path: Path, flavor: str) -> None:
    patch = {"collector/gateway.yaml": {"processors": {"memory_limiter": {"check_interval": "7s"}}}}
    tree = on_kubernetes(tmp_path, overrides=patch, kubernetes={"flavor": flavor})
    where = (
        "configuration/collector/gateway" if flavor == "plain" else "platform/otel-gateway/open-telemetry-collector"
    )
    assert "check_interval: 7s" in tree[f"kubernetes/{where}.yaml"]


def test_an_override_of_a_manifest_acts_on_it(tmp_path: Path) -> None:
    path = "kubernetes/platform/jaeger/stateful-set.yaml"
    tree = on_kubernetes(tmp_path, overrides={path: {"spec": {"minReadySeconds": 9}}})
    assert yaml.safe_load(tree[path])["spec"]["minReadySeconds"] == 9


def test_a_copy_cannot_be_overridden_apart_from_its_original(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound) as found:
        on_kubernetes(tmp_path, overrides={"kubernetes/configuration/jaeger/config.yaml": {"a": 1}})
    assert [each.code.id for each in found.value.problems] == ["TG121"]


def test_a_changed_job_has_another_name(tmp_path: Path) -> None:
    backend = {"type": "jaeger", "mode": "scalable", "storage": "opensearch"}
    names = set()
    for partitions in (3, 4, 3):
        tree = on_kubernetes(tmp_path, backend={**backend, "kafka": {"partitions": partitions}})
        names.add(yaml.safe_load(tree["kubernetes/platform/kafka-topic/job.yaml"])["metadata"]["name"])
    assert len(names) == 2


def test_a_service_cannot_have_the_name_of_the_login(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound) as found:
        on_kubernetes(
            tmp_path,
            services={"ui-login": {"language": "go"}},
            kubernetes={"ingress": {"host": "traces.example.com", "tls_secret": "tls", "login": LOGIN}},
        )
    assert [each.code.id for each in found.value.problems] == ["TG205"]


def test_the_login_alone_reaches_the_user_interface(tmp_path: Path) -> None:
    tree = on_kubernetes(
        tmp_path, kubernetes={"ingress": {"host": "traces.example.com", "tls_secret": "tls", "login": LOGIN}}
    )
    policy = yaml.safe_load(tree["kubernetes/platform/jaeger/network-policy.yaml"])["spec"]["ingress"]
    asks = [each for each in policy if 16686 in [port["port"] for port in each["ports"]]]
    assert [peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in asks[0]["from"]] == ["ui-login"]
    assert len(asks) == 1
    route = yaml.safe_load(tree["kubernetes/ingress.yaml"])["spec"]["rules"][0]["http"]["paths"][0]
    assert route["backend"]["service"]["name"] == "ui-login"


def test_the_commands_of_the_readme_make_the_secrets(tmp_path: Path) -> None:
    """They are run, with a kubectl that writes down what it is told."""
    tree = on_kubernetes(
        tmp_path,
        security={"ingest_auth": {"basic": {"username": "o'neil $x", "password": {"env": "PASS"}}}},
        services={"api": {"language": "go", "env": {"CA": {"file": "certs/ca.pem"}}}},
    )
    (tmp_path / "kubectl").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    (tmp_path / "kubectl").chmod(0o755)
    told = []
    for block in re.findall(r"```sh\n(kubectl create.*?)\n```", tree["kubernetes/README.md"], re.DOTALL):
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PASS": "p$a 'b"}
        done = subprocess.run(["sh", "-c", block], env=environment, capture_output=True, text=True, check=True)
        told += done.stdout.splitlines()
    assert "--from-literal=PASS=p$a 'b" in told
    assert (
        f"--from-literal=PASS_BASIC={b64encode(b'o' + bytes([39]) + b'neil $x:p$a ' + bytes([39]) + b'b').decode()}"
        in told
    )
    assert "--from-file=certs-ca.pem=certs/ca.pem" in told


def test_a_level_is_not_enforced_where_the_operator_adds_a_privileged_sidecar(tmp_path: Path) -> None:
    exe = {"OTEL_GO_AUTO_TARGET_EXE": "/app"}
    levels = []
    for kind in ({}, {"instrumentation": "auto", "env": exe}):
        tree = on_kubernetes(
            tmp_path, kubernetes={"flavor": "operator"}, services={"api": {"language": "go", **kind}}
        )
        labels = yaml.safe_load(tree["kubernetes/namespace.yaml"])["metadata"]["labels"]
        levels.append("pod-security.kubernetes.io/enforce" in labels)
    assert levels == [True, False]


def test_an_ingress_to_tempo_leads_to_what_is_read_alone(tmp_path: Path) -> None:
    said: dict[str, Any] = {"host": "traces.example.com", "tls_secret": "tls"}
    tree = on_kubernetes(tmp_path, backend={"type": "tempo"}, kubernetes={"ingress": said})
    (path,) = yaml.safe_load(tree["kubernetes/ingress.yaml"])["spec"]["rules"][0]["http"]["paths"]
    assert path["path"] == "/api"
    said = {"host": "traces.example.com", "gateway": {"name": "public"}}
    tree = on_kubernetes(tmp_path, backend={"type": "tempo"}, kubernetes={"ingress": said})
    (rule,) = yaml.safe_load(tree["kubernetes/http-route.yaml"])["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/api"}}]
    assert "user interface" not in tree["kubernetes/README.md"].partition("## Look")[2].partition("## Change")[0]


def test_an_instrumentation_comes_before_the_pods_that_need_it(tmp_path: Path) -> None:
    services = {"api": {"language": "java", "image": "ghcr.io/acme/api:1", "instrumentation": "auto"}}
    tree = on_kubernetes(tmp_path, kubernetes={"flavor": "operator"}, services=services)
    said = yaml.safe_load(tree["kubernetes/kustomization.yaml"])
    assert said["sortOptions"] == {"order": "fifo"}
    assert said["resources"][:3] == ["namespace.yaml", "service-account.yaml", "instrumentation.yaml"]


def test_meshes_are_told_which_ports_speak_grpc(tmp_path: Path) -> None:
    tree = on_kubernetes(tmp_path)
    ports = yaml.safe_load(tree["kubernetes/platform/otel-gateway/service.yaml"])["spec"]["ports"]
    told = {each["name"]: each.get("appProtocol") for each in ports}
    assert told == {"otlp-grpc": "grpc", "otlp-http": "http", "health": None, "metrics": None}


def test_a_template_of_a_claim_says_what_the_api_server_would_add(tmp_path: Path) -> None:
    tree = on_kubernetes(tmp_path)
    (claim,) = yaml.safe_load(tree["kubernetes/platform/otel-gateway/stateful-set.yaml"])["spec"][
        "volumeClaimTemplates"
    ]
    assert (claim["apiVersion"], claim["kind"]) == ("v1", "PersistentVolumeClaim")


def test_prometheus_is_asked_whether_it_is_ready(tmp_path: Path) -> None:
    tree = on_kubernetes(tmp_path, metrics=True)
    manifest = yaml.safe_load(tree["kubernetes/platform/prometheus/stateful-set.yaml"])
    assert manifest["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/-/ready"


@pytest.mark.parametrize(
    ("server", "call"),
    [
        ("https://search.example.com", Call("search.example.com", 443)),
        ("http://search:9200", Call("search", 9200)),
        ("kafka-0:9093", Call("kafka-0", 9093)),
        ("http://[fd00::1]:9200", Call("fd00::1", 9200)),
    ],
)
def test_servers_are_calls(server: str, call: Call) -> None:
    assert server_calls([server]) == (call,)
