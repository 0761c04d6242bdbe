"""What the rendered workloads of Kubernetes have, counted: the second table of docs/hardening.md.

Services of the team are left out. What is for the Operator's pods stands in its resource, and counts as well.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hardening_counts import Count
from invariants.security import WRITABLE_ROOT

Object = Mapping[str, Any]

_SERVICE = "service"
_PART, _NAME = "app.kubernetes.io/component", "app.kubernetes.io/name"
_OPERATED = "OpenTelemetryCollector"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", _OPERATED)
_PROBES = {"startupProbe", "readinessProbe", "livenessProbe"}


@dataclass(frozen=True)
class Workload:
    """One workload: its pod's settings and its container's, wherever they stand."""

    folder: Path
    kind: str
    name: str
    replicas: int
    pod: Object
    container: Object

    @property
    def is_job(self) -> bool:
        """Whether it ends by itself."""
        return self.kind in ("Job", "CronJob")

    @property
    def user(self) -> Object:
        """The security context of the pod."""
        key = "podSecurityContext" if self.kind == _OPERATED else "securityContext"
        found: Object = self.pod.get(key) or {}
        return found


def kubernetes_counts(folder: Path) -> dict[str, Count]:
    """All counts of the manifests below a folder."""
    found = list(workloads(folder))
    running = [each for each in found if not each.is_job]
    several = [each for each in running if each.replicas > 1]
    return {
        "images with a fixed tag": _count(found, lambda each: _is_pinned(each.container.get("image", ""))),
        "requests and limits for cores, memory and disk": _count(found, _is_sized),
        "probes for start, readiness and life": _count(running, lambda each: each.container.keys() >= _PROBES),
        "not root, and the runtime's seccomp profile": _count(found, _is_not_root),
        "read-only root file system": _count(found, _is_read_only),
        "no capabilities, and none to be gained": _count(found, _has_no_capabilities),
        "no token of the API mounted": _count(found, _has_no_token),
        "a network policy of its own": _count(found, lambda each: "NetworkPolicy" in _beside(each)),
        "a disruption budget, from two replicas on": _count(several, _has_budget),
        "spread over machines and zones, from two replicas on": _count(
            several, lambda each: len(each.pod.get("topologySpreadConstraints", [])) == 2
        ),
    }


def workloads(folder: Path) -> Iterator[Workload]:
    """What tracegen runs, by the manifests below a folder."""
    for path, thing in _objects(folder):
        labels = thing.get("metadata", {}).get("labels", {})
        if thing.get("kind") in _WORKLOADS and labels.get(_PART) != _SERVICE:
            yield _workload(path, thing)


def _workload(path: Path, thing: Object) -> Workload:
    spec = thing["spec"].get("jobTemplate", {}).get("spec", thing["spec"])
    scaled = _most(path.parent, spec)
    if thing["kind"] == _OPERATED:
        return Workload(path.parent, thing["kind"], thing["metadata"]["name"], scaled, spec, spec)
    pod = spec.get("template", {}).get("spec", {})
    container = (pod.get("containers") or [{}])[0]
    return Workload(path.parent, thing["kind"], thing["metadata"]["name"], scaled, pod, container)


def _most(folder: Path, spec: Object) -> int:
    scalers = [each for _, each in _objects(folder) if each.get("kind") == "HorizontalPodAutoscaler"]
    most = [each["spec"]["maxReplicas"] for each in scalers] + [spec.get("autoscaler", {}).get("maxReplicas", 0)]
    return int(max(*most, spec.get("replicas", 1)))


def _objects(folder: Path) -> Iterator[tuple[Path, Object]]:
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        if ".tracegen" not in path.parts and "configuration" not in path.parts:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            if isinstance(content, dict) and "apiVersion" in content:
                yield path, content


def _beside(workload: Workload) -> set[str]:
    return {each["kind"] for _, each in _objects(workload.folder)}


def _is_sized(workload: Workload) -> bool:
    resources = workload.container.get("resources", {})
    wanted = {"cpu", "memory", "ephemeral-storage"}
    return all(resources.get(key, {}).keys() >= wanted for key in ("requests", "limits"))


def _is_not_root(workload: Workload) -> bool:
    profile = workload.user.get("seccompProfile", {}).get("type")
    return workload.user.get("runAsNonRoot") is True and profile == "RuntimeDefault"


def _is_read_only(workload: Workload) -> bool:
    context = workload.container.get("securityContext", {})
    return workload.name in WRITABLE_ROOT or context.get("readOnlyRootFilesystem") is True


def _has_no_capabilities(workload: Workload) -> bool:
    context = workload.container.get("securityContext", {})
    dropped = context.get("capabilities", {}) == {"drop": ["ALL"]}
    return dropped and context.get("allowPrivilegeEscalation") is False


def _has_no_token(workload: Workload) -> bool:
    """The Operator's pods take it from their account, which mounts none."""
    if workload.kind == _OPERATED:
        return bool(workload.pod.get("serviceAccount"))
    return workload.pod.get("automountServiceAccountToken") is False


def _has_budget(workload: Workload) -> bool:
    return "PodDisruptionBudget" in _beside(workload) or "podDisruptionBudget" in workload.pod


def _is_pinned(image: str) -> bool:
    tag = image.split("@")[0].rsplit("/", 1)[-1].partition(":")[2]
    return "@sha256:" in image or tag not in ("", "latest")


def _count(found: list[Workload], good: Callable[[Workload], bool]) -> Count:
    return Count(sum(good(each) for each in found), len(found))
