"""A rendered system, started without containers, as far as its programs are here; what is missing is named."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.compiler import Rendered
from tracegen.run.example import build, cache_folder
from tracegen.run.places import LOOPBACK, Places
from tracegen.run.process import NotStarted, Process
from tracegen.system import Component, Service, System, Tier

#: A JVM on a busy machine takes its time.
_START_SECONDS = 120
_BACKEND_SECONDS = 60
#: Programs by which the Collector and Jaeger are looked for on PATH.
COLLECTORS, JAEGERS = ("otelcol-contrib", "otelcol", "collector"), ("jaeger",)
_FOR_COLLECTORS = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_CERTIFICATE")
#: The processor of `kubernetes.k8s_attributes`, by its name now and before.
_OF_CLUSTERS = ("k8s_attributes", "k8sattributes")
#: What reaches a service of ours, whatever its user's environment says.
_OWN = ("OTEL_", "EXAMPLE_", "TRACING_")


@dataclass(frozen=True)
class Wishes:
    """What is given: programs (empty: looked for on PATH), secrets by variable, and where spans go that no backend
    takes: the host and port of a viewer, for OTLP over HTTP and over gRPC.
    """

    viewer: tuple[str, str]
    collector: str = ""
    jaeger: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _: None


@dataclass
class Running:
    """What was started, by name with its address, and what was not, with the reason."""

    started: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    backend: str = ""
    processes: list[Process] = field(default_factory=list)


@contextmanager
def running(rendered: Rendered, tree: Mapping[str, bytes], packs: Catalogue, wishes: Wishes) -> Iterator[Running]:
    """The system, as long as the block lasts; then nothing of it runs any more.

    `tree` are its files, as they were rendered or as they lie in a folder.
    """
    found = Running()
    with tempfile.TemporaryDirectory(prefix="tracegen-run-") as folder:
        try:
            _Start(rendered.system, tree, packs, wishes, Path(folder), found).all()
            yield found
        finally:
            # All are told first, so that together they take no longer than one.
            for process in reversed(found.processes):
                process.ask_to_end()
            for process in reversed(found.processes):
                process.stop()


def _without_cluster(config: Any) -> Any:
    """A configuration without the processor that asks an API server: here is none, and the Collector would end."""
    if not isinstance(config, dict) or "processors" not in config:
        return config
    here = {name: each for name, each in config["processors"].items() if name not in _OF_CLUSTERS}
    service = config["service"]
    pipelines = {name: _passing(each) for name, each in service["pipelines"].items()}
    return {**config, "processors": here, "service": {**service, "pipelines": pipelines}}


def _passing(pipeline: dict[str, Any]) -> dict[str, Any]:
    return {**pipeline, "processors": [each for each in pipeline.get("processors", []) if each not in _OF_CLUSTERS]}


class _Start:
    """Starts the backend, the collectors, then the services, callees first or not: nobody waits for anybody."""

    def __init__(
        self,
        system: System,
        tree: Mapping[str, bytes],
        packs: Catalogue,
        wishes: Wishes,
        folder: Path,
        found: Running,
    ) -> None:
        self._system, self._tree, self._packs, self._wishes = system, tree, packs, wishes
        self._folder, self._found = folder, found
        self._outside: dict[str, str] = {}
        self._past = False
        self._places = self._map()

    def all(self) -> None:
        """Everything that can be."""
        self._backend()
        self._collectors()
        for service in self._system.services.values():
            self._wishes.say(f"{service.name}: building and starting")
            try:
                self._service(service)
            except NotStarted as error:
                self._found.refused[service.name] = str(error)

    def _map(self) -> Places:
        return Places(
            self._system.components,
            self._tree,
            self._folder,
            self._wishes.secrets,
            outside=self._outside,
            adapt=_without_cluster,
            usual=True,
        )

    def _backend(self) -> None:
        """Jaeger in one process; whoever else is meant to take spans, the viewer does."""
        system = self._system
        if self._packs.backends[system.backend.type].runs_elsewhere:
            self._found.refused["backend"] = (
                "somebody else runs it, and gets nothing from here; the viewer takes its spans"
            )
            return
        if "jaeger" not in system.components or system.backend.mode != "single":
            name = "backend"
            why = f"{system.backend.type}, {system.backend.mode or 'elsewhere'}: only Jaeger in one process runs so"
        else:
            name, why = "jaeger", self._why_not(system.components["jaeger"])
        if not why:
            try:
                self._component(system.components["jaeger"], self._wishes.jaeger, JAEGERS)
                self._found.backend = f"http://{self._places.address('jaeger', 'ui')}"
                return
            except NotStarted as error:
                why = str(error)
        self._found.refused[name] = f"{why}; the viewer takes its spans"
        self._to_viewer(system.components)

    def _collectors(self) -> None:
        for tier in self._system.tiers:
            component = self._system.components[tier.component]
            why = self._why_not(component) or self._not_ours(tier)
            if not why:
                try:
                    self._component(component, self._wishes.collector, COLLECTORS)
                    continue
                except NotStarted as error:
                    why = str(error)
            self._found.refused[component.name] = f"{why}; spans go past it"
        gone = [tier.component for tier in self._system.tiers if tier.component in self._found.refused]
        self._past = bool(gone) if self._system.tiers else not self._found.backend
        if gone:
            self._to_viewer(gone)

    def _not_ours(self, tier: Tier) -> str:
        if len(self._system.tiers) > 1 or tier.replicas > 1:
            return "one collector is started at most"
        away = sorted({each.host for each in tier.destinations} - self._system.components.keys())
        return f"it sends to {away[0]}, which gets nothing from here" if away else ""

    def _why_not(self, component: Component) -> str:
        if self._system.certificates:
            return "its certificates are for the names of containers"
        servers = sorted({call.host for call in component.calls} & self._system.components.keys() - {"jaeger"})
        return f"it needs {', '.join(servers)}" if servers and component.name == "jaeger" else ""

    def _to_viewer(self, names: "Mapping[str, Component] | list[str]") -> None:
        """Whoever sends to one of these sends to the viewer."""
        http, grpc = self._wishes.viewer
        for name in names:
            if name not in self._system.services:
                self._outside[f"{name}:4318"], self._outside[f"{name}:4317"] = http, grpc
        self._places = self._map()

    def _component(self, component: Component, named: str, programs: tuple[str, ...]) -> None:
        program = named or next(filter(None, map(shutil.which, programs)), "")
        if not program:
            raise NotStarted(f"{' or '.join(programs[:2])} is not on PATH")
        name = component.name
        self._wishes.say(f"{name}: starting {program}")
        self._places.write_files(name)
        try:
            environment = {**os.environ, **self._places.environment(name)}
        except KeyError as error:
            raise NotStarted(f"{error.args[0]} is neither set nor in .env") from None
        process = Process([program, *self._places.arguments(name)], environment, self._folder, self._log(name))
        self._found.processes.append(process)
        assert component.health is not None, "backends and collectors tell that they work"
        health = f"http://{self._places.address(name, component.health.port)}{component.health.path}"
        process.wait_until(health, _BACKEND_SECONDS)
        self._found.started[name] = health

    def _service(self, service: Service) -> None:
        language = self._packs.languages[service.language]
        if not service.build:
            raise NotStarted("it has an image" if service.deploy else "it runs elsewhere")
        if language.example is None or language.example.here is None:
            raise NotStarted(f"no way is known to build {language.title} here")
        files = {
            path.removeprefix(f"{service.build}/"): content
            for path, content in self._tree.items()
            if path.startswith(f"{service.build}/")
        }
        built = build(files, language.example.here, cache_folder())
        host, port = self._places.address(service.name, "http").split(":")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
        environment = {**plain, **built.environment, **self._variables(service), "PORT": port}
        process = Process(built.command, environment, built.folder, self._log(service.name))
        self._found.processes.append(process)
        process.wait_until(f"http://{host}:{port}{service.health}", _START_SECONDS)
        self._found.started[service.name] = f"http://{host}:{port}/"

    def _variables(self, service: Service) -> dict[str, str]:
        values = {**service.environment, **service.own_environment}
        if self._past:
            values = {name: value for name, value in values.items() if name not in _FOR_COLLECTORS}
        try:
            found = {name: self._places.text(value, service.name) for name, value in values.items()}
        except KeyError as error:
            raise NotStarted(f"{error.args[0]} is neither set nor in .env") from None
        if self._past:
            # No name, certificate or credential of a collector counts at the viewer.
            http, grpc = self._wishes.viewer
            is_grpc = found.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc"
            found["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://{grpc if is_grpc else http}"
        return found

    def _log(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"


__all__ = ["LOOPBACK", "Running", "Wishes", "running"]
