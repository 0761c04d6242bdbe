"""A rendered project on a real engine: `docker compose` over the rendered files, as TRACING.md says."""

from __future__ import annotations

import copy
import json
import re
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from programs.engine import Engine, images
from programs.running import NotInTime, StoredSpan, fetch, read_trace, wait_until
from support import tracegen

ANSWER_SECONDS, TRACE_SECONDS, SETTLED_SECONDS = 60.0, 90.0, 300.0


class Project:
    """What one compose file describes; `folder` is the rendered tree, which tracegen wrote and nobody edited."""

    def __init__(self, engine: Engine, folder: Path, variables: Mapping[str, str] | None = None) -> None:
        """`variables` fill in what `.env.example` lists."""
        self.engine = engine
        self.folder = folder
        self._set(variables or {})

    def render(self, spec: Mapping[str, Any], variables: Mapping[str, str]) -> None:
        """Another spec over the same files, with other variables; what runs is as it was until `up`."""
        render(spec, self.folder)
        self._set(variables)

    def _set(self, variables: Mapping[str, str]) -> None:
        if variables:
            lines = [f"{name}={value}\n" for name, value in variables.items()]
            (self.folder / ".env").write_text("".join(lines), encoding="utf-8")

    def compose(self, *arguments: str) -> str:
        """What a command of Compose prints; an AssertionError, with how the containers are, when it fails."""
        try:
            return self.engine.docker("compose", "--project-directory", self.folder, *arguments)
        except AssertionError as error:
            raise AssertionError(f"{error}{self.states()}") from None

    def documented(self, beginning: str) -> list[str]:
        """The commands of TRACING.md that begin so; each is run as it stands, and must succeed."""
        text = (self.folder / "TRACING.md").read_text(encoding="utf-8")
        found = [each for each in re.findall(r"`([^`\n]+)`", text) if each.startswith(beginning)]
        assert found, f"TRACING.md has no command {beginning} …"
        return [self.engine.shell(command, self.folder) for command in found]

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The file as Compose reads it."""
        return dict(json.loads(self.compose("config", "--format", "json")))

    @property
    def name(self) -> str:
        """The project's name on the engine."""
        return str(self.config["name"])

    def provide(self, applications: Mapping[str, Path] | None = None) -> None:
        """Have all images there: those that are named, and what is built on.

        `applications`: the folder of an example that stands in for the image of a team's own service.
        """
        applications = applications or {}
        dockerfiles = [
            *self.folder.glob("services/*/Dockerfile"),
            *(each / "Dockerfile" for each in applications.values()),
        ]
        services = self.config["services"].values()
        named = {each["image"] for each in services if "build" not in each} - applications.keys()
        built_on = images.named_in(dockerfiles)
        images.provide(self.engine, {*named, *built_on})
        if self.engine.ours:
            for file in dockerfiles:
                images.without_digests(file)
        for reference, folder in applications.items():
            self.engine.docker("build", "--quiet", "--tag", reference, folder)

    def up(self, *arguments: str) -> float:
        """`docker compose up --detach --wait`, which must end with 0; gives the seconds that it took."""
        begin = time.monotonic()
        self.compose("up", "--detach", "--wait", *arguments)
        return time.monotonic() - begin

    def down(self, *arguments: str) -> None:
        """`docker compose down`; with `--volumes` nothing of the project is left."""
        self.compose("down", "--remove-orphans", *arguments)

    def container(self, service: str) -> str:
        """The identifier of the service's container, which runs; an empty one where none does."""
        labels = (f"project={self.name}", f"service={service}")
        chosen = [word for each in labels for word in ("--filter", f"label=com.docker.compose.{each}")]
        return self.engine.docker("ps", "--quiet", "--no-trunc", "--filter", "status=running", *chosen)

    def settled(self) -> None:
        """Wait until every container that says how it is is well, by itself.

        What ends while its storage is away is started again and again, at last once a minute, and `up --wait` gives
        up on it meanwhile.
        """
        chosen = ["--filter", f"label=com.docker.compose.project={self.name}", "--format", "{{.Status}}"]
        checked = sum("healthcheck" in each for each in self.config["services"].values())

        def all_well() -> bool:
            found = self.engine.docker("ps", *chosen).splitlines()
            return sum("(healthy)" in each for each in found) >= checked

        try:
            wait_until(all_well, SETTLED_SECONDS)
        except NotInTime as error:
            raise AssertionError(f"{error}{self.states()}") from None

    def states(self) -> str:
        """How every container is, and the end of the logs of those that are not well: for messages."""
        lines = [""]
        chosen = ["--filter", f"label=com.docker.compose.project.working_dir={self.folder}"]
        for line in self.engine.docker("ps", "--all", *chosen, "--format", "{{.Names}}\t{{.Status}}").splitlines():
            name, _, status = line.partition("\t")
            lines.append(f"{name}: {status}")
            if "(healthy)" not in status and "Exited (0)" not in status:
                lines.append(self.engine.docker("logs", "--tail", "20", name, both=True))
        return "\n".join(lines)

    def address(self, service: str) -> str:
        """The address of a service's container, which another start may change: waits while it is started anew."""
        return wait_until(lambda: self._address(service), ANSWER_SECONDS)

    def _address(self, service: str) -> str | None:
        container = self.container(service)
        networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        found = self.engine.docker("inspect", "--format", networks, container).split() if container else []
        return found[0] if found else None

    def ask(self, service: str, port: int, path: str, *, trace: str | None = None) -> bytes:
        """The answer of a service to GET; with `trace`, as part of that trace."""
        headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"} if trace else {}
        url = f"http://{self.address(service)}:{port}{path}"
        return self.engine.within(lambda: fetch(url, headers=headers, seconds=60).body)

    def stored(self, identifiers: Sequence[str], context: ssl.SSLContext | None = None) -> list[list[StoredSpan]]:
        """The spans of traces in Jaeger, none where it does not know one."""
        service = next(name for name in ("jaeger", "jaeger-query") if name in self.config["services"])
        url = f"{'https' if context else 'http'}://{self.address(service)}:16686"
        return self.engine.within(lambda: [read_trace(url, each, context=context) or [] for each in identifiers])

    def trace(self, identifier: str, *, of: int = 1, context: ssl.SSLContext | None = None) -> list[StoredSpan]:
        """The spans of a trace in Jaeger, as soon as it has that many."""
        found: list[StoredSpan] = []

        def enough() -> list[StoredSpan] | None:
            found[:] = self.stored([identifier], context)[0]
            return found if len(found) >= of else None

        try:
            return wait_until(enough, TRACE_SECONDS)
        except NotInTime as error:
            names = [f"{each.resource.get('service.name')}: {each.span.name}" for each in found]
            raise AssertionError(f"{error}; of {of} spans there are {names}{self.states()}") from None


@contextmanager
def project(engine: Engine, folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[Project]:
    """A project of which nothing is left afterwards."""
    made = Project(engine, folder, variables)
    try:
        yield made
    finally:
        # What was built stays on the tests' own engine, for the next run.
        made.down("--volumes", "--timeout", "2", *([] if engine.ours else ["--rmi", "local"]))


def edges(spans: Sequence[StoredSpan]) -> set[tuple[str, str]]:
    """Who called whom, by the names of services, as the parents of spans tell."""
    by_id = {each.span.span_id: str(each.resource.get("service.name")) for each in spans}
    found = {
        (by_id[each.span.parent_id], str(each.resource.get("service.name")))
        for each in spans
        if each.span.parent_id in by_id
    }
    return {(caller, callee) for caller, callee in found if caller != callee}


def render(spec: Mapping[str, Any], target: Path) -> Path:
    """The folder with a spec and all that tracegen writes for it."""
    target.mkdir(parents=True, exist_ok=True)
    (target / "tracegen.yaml").write_text(yaml.safe_dump(dict(spec), sort_keys=False), encoding="utf-8")
    ran = tracegen("render", target / "tracegen.yaml")
    assert ran.code == 0, ran.err
    return target


def examples_of(spec: Mapping[str, Any], target: Path) -> Mapping[str, Path]:
    """Folders of example services by the image that a spec names for them: the same spec rendered without `image`.

    They stand in for what a team wrote, so that a request goes through every edge.
    """
    bare = copy.deepcopy(dict(spec))
    found = {image: name for name, each in bare["services"].items() if (image := each.pop("image", None))}
    if not found:
        return {}
    folder = render(bare, target)
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for name in found.values():
        _settle(folder / "services" / name / "Dockerfile", services[name]["environment"])
    return {image: folder / "services" / name for image, name in found.items()}


def _settle(dockerfile: Path, environment: Mapping[str, str]) -> None:
    """Compose tells only an example service of its callees and its traffic: a team's image knows them itself."""
    own = (name for name in environment if name.startswith("EXAMPLE_") or name == "PORT")
    known = [f"ENV {name}={environment[name]}\n" for name in own]
    with dockerfile.open("a", encoding="utf-8") as file:
        file.write("".join(known))
