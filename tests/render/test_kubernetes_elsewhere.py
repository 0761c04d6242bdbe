"""What a service that others run is given: it adds tracing, and touches nothing else of theirs."""

from pathlib import Path
from typing import Any

import yaml

from support import compiled, one_service

FOLDER = "kubernetes/components/ledger"


def of_ledger(folder: Path, **said: Any) -> dict[str, Any]:
    """The files of the ledger's component, and its fragment for Compose."""
    services = {"api": {"language": "go", "port": 9090}, "ledger": {"language": "java", "deploy": False, **said}}
    tree = compiled(folder, one_service(targets=["compose", "kubernetes"], services=services)).tree
    found = {path.removeprefix(f"{FOLDER}/"): content for path, content in tree.items() if path.startswith(FOLDER)}
    found["compose.yaml"] = tree["services/ledger/compose.yaml"]
    return {path: yaml.safe_load(content) for path, content in found.items()}


def test_the_key_of_the_servers_is_asked_of_nobody(tmp_path: Path) -> None:
    tls = {"enabled": True, "cert_manager": {"issuer": "company-ca"}}
    spec = one_service(
        targets=["kubernetes"], services={"ledger": {"language": "java", "deploy": False}}, security={"tls": tls}
    )
    tree = compiled(tmp_path, spec).tree
    values = yaml.safe_load(tree[f"{FOLDER}/values.yaml"])
    assert values["volumes"] == [{"name": "tracing-0", "configMap": {"name": "shop-ca"}}]
    assert [each["subPath"] for each in values["volumeMounts"]] == ["ca.crt"]
    assert "shop-tls" not in str(values)
    assert "kubectl create configmap shop-ca" in tree["kubernetes/README.md"].decode()


def test_where_a_service_sends_its_own_traffic_is_its_own(tmp_path: Path) -> None:
    files = of_ledger(tmp_path, calls=["api"])
    assert "API_URL" not in str(files)
    assert "http://api" not in str(files)


def test_variables_without_a_secret_come_where_those_of_the_container_win(tmp_path: Path) -> None:
    files = of_ledger(tmp_path, env={"LIMIT": "5", "PRICE": "$(LIMIT) $$5", "PASSWORD": {"env": "PASSWORD"}})
    data = files["config-map.yaml"]["data"]
    assert data["OTEL_SERVICE_NAME"] == "ledger"
    assert data["LIMIT"] == "5"
    assert data["PRICE"] == "$(LIMIT) $$5", "Kubernetes expands nothing there"
    assert [each["name"] for each in files["values.yaml"]["env"]] == ["PASSWORD"]
