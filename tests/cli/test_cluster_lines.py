"""`tracegen render` says what a change leaves to do in the cluster."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from support import one_service, tracegen

SPEC = one_service(targets=["kubernetes"])
ELSEWHERE = {"language": "java", "deploy": False}


def rendered(folder: Path, *specs: dict[str, Any]) -> str:
    """What the last of several renders prints."""
    out = ""
    for spec in specs:
        (folder / "tracegen.yaml").write_text(yaml.safe_dump({**SPEC, **spec}), encoding="utf-8")
        done = tracegen("render", folder / "tracegen.yaml")
        assert done.code == 0, done.err
        out = done.out
    return out


@pytest.mark.parametrize(
    ("before", "after", "commands"),
    [
        ({}, {"collector": {"queue": "memory"}}, ["statefulset otel-gateway"]),
        (
            {"collector": {"replicas": 2}},
            {"collector": {"topology": "none"}},
            [
                "networkpolicy otel-gateway",
                "poddisruptionbudget otel-gateway",
                "service otel-gateway",
                "statefulset otel-gateway",
            ],
        ),
        ({}, {"kubernetes": {"create_namespace": False}}, []),
        (
            {"kubernetes": {"namespace": "prod"}},
            {"kubernetes": {"namespace": "prod"}, "name": "store"},
            [
                "networkpolicy shop-tracing-default-deny",
                "serviceaccount shop-tracing",
                "deployment api",
                "statefulset jaeger",
                "statefulset otel-gateway",
            ],
        ),
        ({}, {"attributes": {"team": "shop"}}, []),
    ],
)
def test_what_is_no_longer_rendered_is_to_be_deleted(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], commands: list[str]
) -> None:
    out = rendered(tmp_path, before, after)
    told = [line for line in out.splitlines() if line.startswith("kubectl")]
    namespace = before.get("kubernetes", {}).get("namespace", "shop")
    assert told == [f"kubectl delete {each} --namespace {namespace}" for each in commands]


@pytest.mark.parametrize(
    "after", [{"collector": {"queue": {"size": "9Gi"}}}, {"kubernetes": {"storage_class": "fast"}}]
)
def test_a_volume_of_another_size_or_class_has_its_steps(tmp_path: Path, after: dict[str, Any]) -> None:
    out = rendered(tmp_path, {}, after)
    assert "kubectl edit persistentvolumeclaim otel-gateway-queue-otel-gateway-0 --namespace shop" in out
    assert "kubectl delete statefulset otel-gateway --cascade=orphan --namespace shop" in out


def test_volumes_that_nobody_mounts_any_more_are_named(tmp_path: Path) -> None:
    out = rendered(tmp_path, {"collector": {"replicas": 3}}, {"collector": {"replicas": 1}})
    names = "otel-gateway-queue-otel-gateway-1 otel-gateway-queue-otel-gateway-2"
    assert f"# kubectl delete persistentvolumeclaim {names} --namespace shop" in out.splitlines()


@pytest.mark.parametrize("after", [{"kubernetes": {"namespace": "prod"}}, {"targets": ["compose"], "kubernetes": {}}])
def test_what_a_namespace_keeps_has_its_commands(tmp_path: Path, after: dict[str, Any]) -> None:
    before = {"kubernetes": {"k8s_attributes": True}, "services": {**SPEC["services"], "old": ELSEWHERE}}
    told = [line for line in rendered(tmp_path, before, {**before, **after}).splitlines() if "kubectl" in line]
    ours = "app.kubernetes.io/instance=shop,app.kubernetes.io/managed-by=tracegen"
    kinds = "deployment,networkpolicy,service,serviceaccount,statefulset"
    assert told == [
        f"kubectl delete {kinds} --namespace shop --selector {ours}",
        f"kubectl delete configmap --namespace shop --selector '{ours},!app.kubernetes.io/component'",
        "kubectl delete clusterrole shop-shop-tracing-pods",
        "kubectl delete clusterrolebinding shop-shop-tracing-pods",
        "# volumes and Secrets stay: kubectl get persistentvolumeclaim,secret --namespace shop",
    ]


def test_a_first_render_and_the_same_again_leave_nothing_to_do(tmp_path: Path) -> None:
    assert "kubectl" not in rendered(tmp_path, {})
    assert "kubectl" not in rendered(tmp_path, {}, {})
