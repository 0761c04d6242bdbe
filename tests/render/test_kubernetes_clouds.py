"""What a cluster of somebody else wants: identities of clouds, logins of registries, ids that it gives itself."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from support import compiled, one_service


def on_kubernetes(folder: Path, **said: Any) -> dict[str, Any]:
    """The manifests of the smallest spec with what is said, by their paths."""
    tree = compiled(folder, one_service(targets=["kubernetes"], **said)).tree
    files = {path.removeprefix("kubernetes/"): text for path, text in tree.items() if path.startswith("kubernetes/")}
    return {path: yaml.safe_load(text) for path, text in files.items() if path.endswith(".yaml")}


@pytest.mark.parametrize(
    ("storage", "ports"),
    [
        ({"type": "s3", "bucket": "traces", "region": "eu-central-1"}, {443, 80}),
        ({"type": "gcs", "bucket": "traces"}, {443, 80, 988}),
        ({"type": "azure", "account": "acme", "container": "traces"}, {443, 80}),
        ({"type": "gcs", "bucket": "traces", "credentials": {"file": "gcs.json"}}, {443}),
        (
            {
                "type": "s3",
                "bucket": "traces",
                "region": "eu-central-1",
                "access_key": {"env": "KEY"},
                "secret_key": {"env": "SECRET"},
            },
            {443},
        ),
    ],
)
def test_a_pod_without_keys_may_ask_its_cloud_who_it_is(
    tmp_path: Path, storage: dict[str, Any], ports: set[int]
) -> None:
    files = on_kubernetes(tmp_path, backend={"type": "tempo", "storage": storage})
    rules = files["platform/tempo/network-policy.yaml"]["spec"]["egress"]
    opened = {each["port"] for rule in rules if "to" not in rule for each in rule["ports"]}
    assert opened - {53, 5353} == ports


def test_the_account_has_what_a_cloud_looks_for(tmp_path: Path) -> None:
    account = {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}, "labels": {"team": "a"}}
    files = on_kubernetes(tmp_path, kubernetes={"service_account": account})
    metadata = files["service-account.yaml"]["metadata"]
    assert metadata["annotations"] == account["annotations"]
    assert metadata["labels"]["team"] == "a"


def test_a_login_of_a_registry_reaches_every_pod(tmp_path: Path) -> None:
    files = on_kubernetes(tmp_path, kubernetes={"image_pull_secrets": ["mirror"]})
    assert files["service-account.yaml"]["imagePullSecrets"] == [{"name": "mirror"}]
    for path, each in files.items():
        pod = each.get("spec", {}).get("template", {}).get("spec")
        if pod and path.startswith("services/"):
            assert pod["imagePullSecrets"] == [{"name": "mirror"}]
        elif pod:
            assert pod["serviceAccountName"] == files["service-account.yaml"]["metadata"]["name"]


def test_without_fixed_ids_no_pod_names_one_and_certificates_are_readable(tmp_path: Path) -> None:
    tls = {"enabled": True, "cert_manager": {"issuer": "ca"}}
    files = on_kubernetes(tmp_path, kubernetes={"fixed_ids": False}, security={"tls": tls})
    pods = [each["spec"]["template"]["spec"] for each in files.values() if "template" in each.get("spec", {})]
    assert pods
    for pod in pods:
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & pod["securityContext"].keys()
        modes = {each["projected"]["defaultMode"] for each in pod.get("volumes", []) if "projected" in each}
        assert modes <= {0o444}


def test_placement_is_of_what_is_named(tmp_path: Path) -> None:
    said = {
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "node_selector": {"pool": "b"},
        "priority_class": "c",
    }
    own = {"tolerations": [{"key": "gpu"}], "labels": {"team": "pay"}, "annotations": {"x/y": "true"}}
    files = on_kubernetes(
        tmp_path,
        collector={"topology": "agent+gateway"},
        kubernetes=said,
        services={"api": {"language": "go", "kubernetes": own}, "web": {"language": "go"}},
    )
    pods = {path: each["spec"]["template"] for path, each in files.items() if "template" in each.get("spec", {})}
    gateway = pods["platform/otel-gateway/stateful-set.yaml"]["spec"]
    assert gateway["tolerations"] == said["tolerations"]
    assert gateway["nodeSelector"] == said["node_selector"]
    assert gateway["priorityClassName"] == "c"
    agent = pods["platform/otel-agent/daemon-set.yaml"]["spec"]
    assert agent["tolerations"] == [{"operator": "Exists"}]
    assert "nodeSelector" not in agent
    api, web = (pods[f"services/{name}/deployment.yaml"] for name in ("api", "web"))
    assert api["spec"]["tolerations"] == [{"key": "gpu"}]
    assert api["metadata"]["labels"]["team"] == "pay"
    assert api["metadata"]["annotations"]["x/y"] == "true"
    assert not {"tolerations", "nodeSelector", "priorityClassName"} & web["spec"].keys()
