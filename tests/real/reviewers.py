"""kube-score and checkov over rendered objects: what they say, and what of it is excepted in a data file."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from invariants import System
from support import ROOT

EXCEPTIONS = ROOT / "tests" / "data" / "kubernetes-exceptions.yaml"
SECONDS = 300
#: kube-score's grades: 1 is critical, 5 a warning, 10 fine.
_CRITICAL = 1


@dataclass(frozen=True, order=True)
class Remark:
    """A check of a tool that an object did not pass."""

    tool: str
    check: str
    component: str
    text: str


@dataclass(frozen=True)
class Excepted:
    """A check that may fail, for some components and where the spec says something for Kubernetes, and why."""

    tool: str
    check: str
    why: str
    of: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)

    def covers(self, remark: Remark, system: System) -> bool:
        """Whether a remark about a system is one that was thought about."""
        asked = all(system.get("kubernetes", key) == value for key, value in self.where.items())
        mine = (remark.tool, remark.check) == (self.tool, self.check)
        return mine and asked and (not self.of or remark.component in self.of)


def exceptions() -> list[Excepted]:
    """Those of the data file."""
    return [Excepted(**each) for each in yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))]


def reviewed(system: System) -> list[Mapping[str, Any]]:
    """The objects of a system, with what the Operator will make of its resources: it would be judged by nobody."""
    made = [each.manifest.thing for each in system.manifests.workloads if each.is_operated]
    return [each.thing for each in system.manifests.all] + made


def kube_score(program: Path, system: System) -> list[Remark]:
    """What kube-score calls critical of what tracegen runs."""
    text = "\n---\n".join(json.dumps(each) for each in reviewed(system))
    command = [program, "score", "--output-format", "json", "--kubernetes-version", "v1.34", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode in (0, 1), done.stderr
    return [remark for thing in json.loads(done.stdout) for remark in _critical(thing)]


def _critical(thing: Mapping[str, Any]) -> Iterator[Remark]:
    component = _component(thing["object_meta"])
    for check in thing["checks"] if component else ():
        if check["grade"] <= _CRITICAL and not check["skipped"]:
            comments = "; ".join(each["summary"] for each in check["comments"] or [])
            yield Remark("kube-score", check["check"]["id"], component, comments)


def checkov(packages: Path, systems: Mapping[str, System], folder: Path) -> dict[str, list[Remark]]:
    """What checkov says against what tracegen runs, by the name of the system; it has no severities."""
    for name, system in systems.items():
        text = "\n---\n".join(json.dumps(each) for each in reviewed(system) if each["kind"] != "ConfigMap")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    options = ["--framework", "kubernetes", "--output", "json", "--compact", "--quiet", "--skip-download"]
    done = subprocess.run(
        [sys.executable, "-m", "checkov.main", "--directory", str(folder), *options],
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 100 * len(systems)
    found: dict[str, list[Remark]] = {name: [] for name in systems}
    for check in answer["results"]["failed_checks"]:
        name = Path(check["file_path"]).stem
        component = _named(check["resource"], systems[name])
        if component:
            found[name].append(Remark("checkov", check["check_id"], component, check["check_name"]))
    return found


def _component(metadata: Mapping[str, Any]) -> str:
    """The component of what tracegen runs; empty for services of the team."""
    labels = metadata.get("labels") or {}
    if labels.get("app.kubernetes.io/component") == "service":
        return ""
    return str(labels.get("app.kubernetes.io/name") or metadata["name"])


def _named(resource: str, system: System) -> str:
    """`Deployment.shop.jaeger`, or a pod with all its labels behind that; empty for services of the team."""
    label = re.search(r"app\.kubernetes\.io/name-([a-z0-9-]+)", resource)
    name = label[1] if label else resource.split(".")[2]
    for workload in system.manifests.workloads:
        if name in (workload.manifest.name, workload.component):
            return workload.component if workload.is_platform else ""
    return name
