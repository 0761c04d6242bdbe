"""What a rendered system has, counted, beside files that people copy today: the tables of docs/hardening.md.

python tests/hardening.py              counts of every example, written into docs/hardening.md with --write
python tests/hardening.py FOLDER...    the same counts of any compose files and collector configurations
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from example_trees import all_rendered
from hardening_counts import Count
from hardening_kubernetes import kubernetes_counts
from invariants.security import WRITABLE_ROOT

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "hardening.md"

#: The marks of each table on the page.
TABLES = {
    "counts": ("<!-- counts: python tests/hardening.py -->", "<!-- end of counts -->"),
    "kubernetes": ("<!-- kubernetes: python tests/hardening.py -->", "<!-- end of kubernetes -->"),
}

#: What runs as root or cannot be read-only, by service name, and why.
EXCEPTIONS = {
    **{name: f"read-write: {why}" for name, why in WRITABLE_ROOT.items()},
    "volume-owner": "hands volumes to their users: root with the one capability for that, and it ends",
}


#: Removed when Python ends.
_FOLDERS: list[TemporaryDirectory[str]] = []

Service = Mapping[str, Any]


def containers(folder: Path) -> Iterator[tuple[str, Service]]:
    """The containers of all compose files below a folder; services of the team are told by their `env_file`."""
    for path in _compose_files(folder):
        content = _load(path)
        for name, service in (content.get("services") or {}).items():
            if isinstance(service, dict) and "env_file" not in service:
                yield name, service


def trace_pipelines(folder: Path) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Every pipeline that takes traces in, with the configuration that it stands in."""
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        content = _load(path) if ".tracegen" not in path.parts else {}
        pipelines = (
            (content.get("service") or {}).get("pipelines") if isinstance(content.get("service"), dict) else None
        )
        inside = set(content.get("connectors") or {})
        for name, pipeline in (pipelines or {}).items():
            is_of_traces = name.split("/")[0] == "traces" and isinstance(pipeline, dict)
            if is_of_traces and not inside.intersection(pipeline.get("receivers") or []):
                yield content, pipeline


def container_counts(folder: Path) -> dict[str, Count]:
    """What each container has; jobs need no health check."""
    found = list(containers(folder))
    running = [(name, each) for name, each in found if not _is_job(each)]
    waits = [wait for _, each in found for wait in _waits(each)]
    return {
        "images with a fixed tag": _count(found, lambda name, each: _is_pinned(str(each.get("image", "")))),
        "health check on what keeps running": _count(running, lambda name, each: "healthcheck" in each),
        "memory limit": _count(found, lambda name, each: _has_memory_limit(each)),
        "waits for healthy or completed": Count(sum(wait != "service_started" for wait in waits), len(waits)),
        "not root": _count(found, lambda name, each: name == "volume-owner" or _is_not_root(each)),
        "read-only root file system": _count(found, lambda name, each: name in WRITABLE_ROOT or _is_read_only(each)),
        "no capabilities": _count(found, lambda name, each: "ALL" in each.get("cap_drop", [])),
    }


def pipeline_counts(folder: Path) -> dict[str, Count]:
    """What each pipeline of traces has."""
    found = list(trace_pipelines(folder))
    limited = [(pipeline.get("processors") or [""])[0].startswith("memory_limiter") for _, pipeline in found]
    queues = [
        _is_persistent(content, exporter)
        for content, pipeline in found
        for exporter in pipeline.get("exporters") or []
        if exporter.startswith(("otlp", "load_balancing")) and "file_storage" in str(content.get("extensions"))
    ]
    return {
        "memory limiter first in the pipeline": Count(sum(limited), len(limited)),
        "queue on disk, where asked for": Count(sum(queues), len(queues)),
    }


def lint_counts(folder: Path) -> dict[str, Count]:
    """YAML files without a finding of yamllint, by the configuration of this repository."""
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    config = YamlLintConfig(file=str(ROOT / ".yamllint"))
    paths = [
        path for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]) if ".tracegen" not in path.parts
    ]
    clean = [not list(linter.run(path.read_text(encoding="utf-8"), config, str(path))) for path in paths]
    return {"YAML files that yamllint finds clean": Count(sum(clean), len(clean))}


def counts(folder: Path) -> dict[str, Count]:
    """All counts of a folder."""
    return container_counts(folder) | pipeline_counts(folder) | lint_counts(folder)


def table(name: str) -> str:
    """A table of the page, over everything that the examples render."""
    found = {"counts": counts, "kubernetes": kubernetes_counts}[name](examples_rendered())
    rows = ["| | tracegen |", "|---|---|"]
    rows += [f"| {each} | {count} |" for each, count in found.items()]
    return "\n".join(rows)


@cache
def examples_rendered() -> Path:
    """Every example, rendered whole: the repository keeps less. The folder goes away with this process."""
    folder = TemporaryDirectory(prefix="tracegen-examples-")
    _FOLDERS.append(folder)
    return all_rendered(Path(folder.name))


def write_page() -> None:
    """Put the tables into the page, each between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    for name, (begin, end) in TABLES.items():
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{table(name)}\n{end}{rest.split(end)[1]}"
    PAGE.write_text(text, encoding="utf-8")


def _compose_files(folder: Path) -> list[Path]:
    names = re.compile(r"(docker-)?compose.*\.ya?ml")
    paths = [path for path in folder.rglob("*.y*ml") if names.fullmatch(path.name)]
    return sorted(path for path in paths if ".tracegen" not in path.parts and path.parent.parent.name != "services")


def _load(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def _count(found: list[tuple[str, Service]], good: Callable[[str, Service], bool]) -> Count:
    return Count(sum(good(name, each) for name, each in found), len(found))


def _is_job(service: Service) -> bool:
    return service.get("restart") in ("no", "on-failure", False)


def _is_pinned(image: str) -> bool:
    image = re.sub(r"\$\{[^}]*:-([^}]*)\}", r"\1", image)
    tag = image.split("@")[0].rsplit("/", 1)[-1].partition(":")[2]
    return "@sha256:" in image or tag not in ("", "latest")


def _has_memory_limit(service: Service) -> bool:
    limits = ((service.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    return "memory" in limits or "mem_limit" in service


def _waits(service: Service) -> list[str]:
    needs = service.get("depends_on") or {}
    if isinstance(needs, list):
        return ["service_started"] * len(needs)
    return [(each or {}).get("condition", "service_started") for each in needs.values()]


def _is_not_root(service: Service) -> bool:
    return str(service.get("user", "0")).split(":")[0] not in ("0", "root")


def _is_read_only(service: Service) -> bool:
    """Or Compose has to copy a secret from a variable into it, which a read-only root refuses."""
    return service.get("read_only") is True or bool(service.get("secrets"))


def _is_persistent(content: Mapping[str, Any], exporter: str) -> bool:
    settings = (content.get("exporters") or {}).get(exporter) or {}
    return bool((settings.get("sending_queue") or {}).get("storage"))


def main() -> int:
    """Print counts, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true", help="write the tables into docs/hardening.md")
    arguments = parser.parse_args()
    if arguments.write:
        write_page()
    for folder in arguments.folders or [examples_rendered()]:
        print(folder)
        for name, count in {**counts(folder), **kubernetes_counts(folder)}.items():
            print(f"  {name}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
