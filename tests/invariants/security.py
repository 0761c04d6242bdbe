"""What containers of compose.yaml may do, and where they come from."""

import re
from collections.abc import Iterator

from invariants._system import Draft, Finding, System, copies_a_secret, is_job

_PINNED = re.compile(r".+(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})")

#: The one capability that a job may have: only root may change an owner.
_JOB_CAPABILITIES = ["CHOWN"]


def check_images_are_pinned(system: System) -> Iterator[Finding]:
    """Each image has a tag, and not the tag `latest`."""
    for name, container in system.containers.items():
        if not is_pinned(container["image"]):
            yield "compose.yaml", f"{name}: {container['image']} is whatever was pushed last"


def break_images_are_pinned__latest(draft: Draft) -> None:
    draft.container("jaeger")["image"] = "jaegertracing/jaeger:latest"


def break_images_are_pinned__no_tag(draft: Draft) -> None:
    draft.container("jaeger")["image"] = "registry.example.com:5000/jaeger"


def is_pinned(image: str) -> bool:
    """Whether an image has a tag or a digest, and not the tag `latest`."""
    return bool(_PINNED.fullmatch(image.rpartition("/")[2])) and not image.endswith(":latest")


def check_images_come_from_the_registry(system: System) -> Iterator[Finding]:
    """With `registry`, each image of ours comes from there."""
    registry = system.get("registry")
    for name, container in system.own_containers.items() if registry else ():
        if not container["image"].startswith(f"{registry}/"):
            yield "compose.yaml", f"{name}: {container['image']} does not come from {registry}"


def break_images_come_from_the_registry(draft: Draft) -> None:
    draft.container("jaeger")["image"] = "jaegertracing/jaeger:1.0"


def check_nobody_is_root(system: System) -> Iterator[Finding]:
    """Each container of ours runs as a user and group by number, none as root but a job that owns volumes."""
    for name, container in system.own_containers.items():
        user = re.fullmatch(r"([0-9]+):([0-9]+)", str(container.get("user", "")))
        if not user:
            yield "compose.yaml", f"{name} has no user and group by number"
        elif user[1] == "0" and container.get("cap_add") != _JOB_CAPABILITIES:
            yield "compose.yaml", f"{name} is root"
        if container.get("cap_add") and (not is_job(container) or container["cap_add"] != _JOB_CAPABILITIES):
            yield "compose.yaml", f"{name} has the capabilities {container['cap_add']}"


def break_nobody_is_root(draft: Draft) -> None:
    draft.container("jaeger")["user"] = "0:0"


def break_nobody_is_root__unsaid(draft: Draft) -> None:
    del draft.container("jaeger")["user"]


def break_nobody_is_root__capability(draft: Draft) -> None:
    draft.container("jaeger")["cap_add"] = ["CHOWN"]


#: What cannot run with a read-only root, and why.
WRITABLE_ROOT = {
    "elasticsearch": "it writes a key store and logs beside its programs",
    "jaeger-dependencies": "what does not fit its memory goes to its disk",
    "opensearch": "it writes a key store and logs beside its programs",
}


def check_nothing_is_allowed_beyond_need(system: System) -> Iterator[Finding]:
    """Each container of ours has a read-only root, no capabilities, and cannot gain privileges."""
    for name, container in system.own_containers.items():
        excused = copies_a_secret(container, system.compose) or name in WRITABLE_ROOT
        if container.get("read_only") is not True and not excused:
            yield "compose.yaml", f"{name}: its root is not read-only"
        if container.get("cap_drop") != ["ALL"]:
            yield "compose.yaml", f"{name}: not all capabilities are dropped"
        if "no-new-privileges:true" not in container.get("security_opt", []):
            yield "compose.yaml", f"{name} may gain privileges"
        for key in ("privileged", "network_mode", "pid", "ipc", "devices"):
            if key in container:
                yield "compose.yaml", f"{name} says {key}"


def break_nothing_is_allowed_beyond_need__writable(draft: Draft) -> None:
    draft.container("otel-gateway")["read_only"] = False


def break_nothing_is_allowed_beyond_need__capabilities(draft: Draft) -> None:
    del draft.container("volume-owner")["cap_drop"]


def break_nothing_is_allowed_beyond_need__privileges(draft: Draft) -> None:
    draft.container("api")["security_opt"] = []


def break_nothing_is_allowed_beyond_need__host(draft: Draft) -> None:
    draft.container("jaeger")["network_mode"] = "host"


def check_nothing_is_copied_into_a_read_only_root(system: System) -> Iterator[Finding]:
    """A container with a read-only root has no secret from a variable: Compose would have to write it there."""
    for name, container in system.containers.items():
        if container.get("read_only") is True and copies_a_secret(container, system.compose):
            yield "compose.yaml", f"{name} is read-only, and Compose cannot copy its secrets into it"
        if container.get("configs"):
            yield "compose.yaml", f"{name} has configs, which Compose may have to copy"


def break_nothing_is_copied_into_a_read_only_root(draft: Draft) -> None:
    draft["compose.yaml"]["secrets"] = {"token": {"environment": "TOKEN"}}
    draft.container("jaeger")["secrets"] = [{"source": "token", "target": "/token"}]


def break_nothing_is_copied_into_a_read_only_root__configs(draft: Draft) -> None:
    draft.container("jaeger")["configs"] = ["ui"]


def check_no_secret_is_written(system: System) -> Iterator[Finding]:
    """.env.example gives no value to what it lists."""
    for line in system.tree.get(".env.example", "").splitlines():
        if not line.startswith("#") and not line.endswith("="):
            yield ".env.example", f"{line!r} has a value"


def break_no_secret_is_written(draft: Draft) -> None:
    draft.texts[".env.example"] += "TOKEN=secret\n"
