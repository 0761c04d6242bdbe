"""What Docker and kubectl say, where they are there and answer at once, and the room on the disk.

https://docs.docker.com/reference/cli/docker/compose/ps/, and the status of a pod:
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 4
#: Below this nothing that keeps spans works for long: a queue, Badger, a search server that turns read-only.
LEAST_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class State:
    """A container that does not do its work: the unit's name, and how it is."""

    unit: str
    words: str


def compose_states(folder: Path) -> Iterator[State]:
    """Containers of this folder's Compose project that are not running, or not healthy."""
    printed = _printed(["docker", "compose", "--project-directory", str(folder), "ps", "--all", "--format", "json"])
    for each in _objects(printed):
        state, health = str(each.get("State", "")), str(each.get("Health", ""))
        code = each.get("ExitCode", 0)
        if state == "exited" and code == 0:
            continue  # a job that is done
        if state not in ("running", "created") or health == "unhealthy":
            words = f"{health or state}" if state == "running" else f"{state} (exit code {code})"
            yield State(str(each.get("Service", "")), words)


def pod_states(namespace: str) -> Iterator[State]:
    """Containers of pods that wait for something, by the name that their pod's label has."""
    printed = _printed(
        ["kubectl", "get", "pods", "--namespace", namespace, "--output", "json", "--request-timeout=3s"]
    )
    for pod in next(iter(_objects(printed)), {}).get("items", []):
        name = pod.get("metadata", {}).get("labels", {}).get("app.kubernetes.io/name", "")
        for container in pod.get("status", {}).get("containerStatuses", []):
            waiting = container.get("state", {}).get("waiting", {})
            if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
                yield State(name, f"{waiting['reason']}: {waiting.get('message', '')}".rstrip(": "))


def docker_folder() -> Path | None:
    """Where Docker keeps volumes, if that is on this machine."""
    printed = _printed(["docker", "info", "--format", "{{.DockerRootDir}}"]).strip()
    return Path(printed) if printed.startswith("/") and Path(printed).is_dir() else None


def no_room(folder: Path, least: int = LEAST_BYTES) -> str:
    """What is wrong with the disk that a folder is on; empty when there is room."""
    usage = shutil.disk_usage(folder)
    if usage.free >= least:
        return ""
    return f"{usage.free / 1024 / 1024:,.0f} MiB of {usage.total / 1024 / 1024:,.0f} are free on the disk of {folder}"


def _printed(command: list[str]) -> str:
    """What a program prints; nothing where it is not there, fails, or does not answer at once."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout if ended.returncode == 0 else ""


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """JSON objects: one, a list of them, or one a line."""
    try:
        whole = json.loads(text)
        yield from whole if isinstance(whole, list) else [whole]
    except ValueError:
        for line in text.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue
