"""Overlays of imported systems: the original files and they, as Docker Compose and kustomize see both."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from importing.systems import COMPOSE, MANIFESTS, written
from support import tracegen

pytestmark = pytest.mark.real


def configured(docker_compose: Path, folder: Path, *files: str) -> dict[str, Any]:
    """What Compose makes of files, read in their folder with all profiles."""
    named = [part for file in files for part in ("-f", file)]
    environment = {**os.environ, "PRICES_TAG": "1", "COMPOSE_PROFILES": "*"}
    done = subprocess.run(
        [docker_compose, *named, "config", "--format", "json"],
        cwd=folder, capture_output=True, text=True, timeout=60, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)
    return found


@pytest.fixture
def corner(tmp_path: Path) -> Path:
    folder = written(COMPOSE, tmp_path / "corner")
    networks = "networks: {front: {}, back: {}}\n"
    path = folder / "compose.yaml"
    path.write_text(path.read_text(encoding="utf-8") + networks, encoding="utf-8")
    ran = tracegen("new", folder / "tracing", "--from", path)
    assert ran.code == 0, ran.err
    return folder


def test_the_difference_that_an_overlay_makes_is_tracing_alone(docker_compose: Path, corner: Path) -> None:
    originals = ("compose.yaml", "compose.override.yaml")
    before = configured(docker_compose, corner, *originals)
    after = configured(docker_compose, corner, *originals, "tracing/compose.overlay.yaml")
    assert set(after["services"]) == set(before["services"])
    traced = {"web_shop", "basket", "prices", "orders", "nightly", "mail"}
    for name, service in before["services"].items():
        changed = after["services"][name]
        added = {k: v for k, v in changed.get("environment", {}).items() if k not in service.get("environment", {})}
        assert all(key.startswith(("OTEL_", "TRACING_")) for key in added), name
        assert bool(added) is (name in traced), name
        for key, value in service.get("environment", {}).items():
            assert changed["environment"][key] == value, f"{name} has {key} of its own"
        networks = {key: each or {} for key, each in (changed.get("networks") or {}).items()}
        own = {key: each or {} for key, each in (service.get("networks") or {}).items()}
        assert networks == ({**own, "tracegen": {}} if name in traced - {"orders"} else own), name
        same = {"environment", "env_file", "networks"}
        assert {k: v for k, v in changed.items() if k not in same} == {
            k: v for k, v in service.items() if k not in same
        }
    named = {"tracegen": {"name": "corner-tracing_default", "external": True}}
    networks = {key: {k: v for k, v in each.items() if k != "ipam"} for key, each in after["networks"].items()}
    assert networks == {**{k: {"name": each["name"]} for k, each in before["networks"].items()}, **named}
    assert {k: v for k, v in after.items() if k not in ("services", "networks")} == {
        k: v for k, v in before.items() if k not in ("services", "networks")
    }


def test_the_components_of_an_imported_cluster_add_tracing_alone(kubectl: Path, tmp_path: Path) -> None:
    folder = written(MANIFESTS, tmp_path / "cluster")
    ran = tracegen("new", folder / "tracing", "--from", folder)
    assert ran.code == 0, ran.err
    components = sorted((folder / "tracing" / "kubernetes" / "components").iterdir())
    assert [each.name for each in components] == ["gateway", "offers", "report", "stock"]
    before = built(kubectl, folder)
    listed = [f"tracing/kubernetes/components/{each.name}" for each in components]
    own = yaml.safe_load(MANIFESTS["kustomization.yaml"])
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({**own, "components": listed}), encoding="utf-8")
    after = built(kubectl, folder)
    added = {key: value for key, value in after.items() if key not in before}
    assert {kind for kind, _ in added} == {"ConfigMap"}
    for key, value in before.items():
        assert without_tracing(after[key], {name for _, name in added}) == without_tracing(value, set()), key
    gateway = after["Deployment", "gateway"]["spec"]["template"]["spec"]["containers"][1]
    assert [each["configMapRef"]["name"] for each in gateway["envFrom"]] == ["gateway", "gateway-otel"]
    own_name = after["ConfigMap", "gateway"]["data"]["OTEL_SERVICE_NAME"]
    assert added["ConfigMap", "gateway-otel"]["data"]["OTEL_SERVICE_NAME"] == own_name, "the later map would win"


def built(kubectl: Path, folder: Path) -> dict[tuple[str, str], Any]:
    """The objects that kustomize builds, by kind and name."""
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = [each for document in yaml.safe_load_all(done.stdout) for each in document.get("items", [document])]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def without_tracing(value: Any, maps: set[str]) -> Any:
    """An object without what refers to these ConfigMaps, and without the sums of their contents."""
    if isinstance(value, dict):
        kept = {key: without_tracing(each, maps) for key, each in value.items() if not key.startswith("checksum/")}
        return {key: each for key, each in kept.items() if each not in ([], {})}
    if isinstance(value, list):
        return [
            without_tracing(each, maps)
            for each in value
            if not (isinstance(each, dict) and each.get("configMapRef", {}).get("name") in maps)
        ]
    return value


def test_two_runs_write_the_same(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        folder = written(COMPOSE, tmp_path / name / "corner")
        assert tracegen("new", folder / "tracing", "--from", folder / "compose.yaml").code == 0
        text = (folder / "tracing" / "tracegen.yaml").read_text(encoding="utf-8")
        texts.append(text.replace(str(tmp_path / name), ""))
        shutil.rmtree(folder)
    assert texts[0] == texts[1]
