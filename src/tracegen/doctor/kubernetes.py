"""The world of Kubernetes: what `kubernetes/kustomization.yaml` lists, and what it makes ConfigMaps of."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen.doctor.documents import Document, Unreadable, read_variables, read_yaml
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.network_policy import blocked
from tracegen.doctor.program import config_flag, first_hop, program_of, unreadable
from tracegen.doctor.world import Mount, Route, Unit, World
from tracegen.source.words import did_you_mean

FOLDER = "kubernetes"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_POD = ("spec", "template")
_OPERATED = "OpenTelemetryCollector"


@dataclass(frozen=True, slots=True)
class _Service:
    """A Service: what it selects, and which port of a pod stands behind each of its own."""

    selector: Mapping[str, str]
    ports: Mapping[int, int | str]
    mark: Mark
    document: Document


class Kubernetes(World):
    """Pods find each other by Services, as far as network policies let them."""

    target = "kubernetes"

    def __init__(self, folder: Path) -> None:
        """`folder` holds the folder `kubernetes`."""
        self._folder, self._problems = folder, list[Finding]()
        self._objects = list(self._listed(FOLDER))
        self._maps = self._generated()
        units = [self._unit(each) for each in self._objects if each.at("kind") in (*_WORKLOADS, _OPERATED)]
        super().__init__(folder, {unit.name: unit for unit in units}, self._problems)
        self._services = {_name(each): _service(each) for each in self._objects if each.at("kind") == "Service"}
        self._namespace = next((str(each.at("namespace")) for each in self._objects if each.at("namespace")), "")
        self._policies = [each for each in self._objects if each.at("kind") == "NetworkPolicy"]

    def hosts(self) -> set[str]:
        """Names of Services."""
        return set(self._services)

    def route(self, source: Unit, host: str, port: int, hop: str, mark: Mark) -> Route:
        """By a Service, to a pod that it selects, as far as policies let it."""
        if host in ("localhost", "127.0.0.1", "::1"):
            if source.config is not None:
                return Route(source, port)
            return self._no(hop, mark, f"{host} is {source.name}'s own pod, where nothing takes spans")
        service = self._services.get(host.partition(".")[0])
        there = host.split(".")[1:2]
        ours = self._namespace in ("", *there) or not there or there[0] == "svc"
        if service is not None and not ours and (host.count(".") == 1 or ".svc" in host):
            return self._no(hop, mark, f"{host} is in the namespace {there[0]}; {self._namespace} has what is meant")
        if service is None or ("." in host and ".svc" not in host and host.count(".") > 1):
            if "." in host:
                return Route()
            likely = did_you_mean(host, self.hosts())
            return self._no(hop, mark, f"no Service is called {host!r}" + (f"; {likely}" if likely else ""))
        unit = next((each for each in self.units.values() if service.selector.items() <= each.labels.items()), None)
        if unit is None:
            words = f"the Service {host} selects no pod: {_labels(service.selector)}"
            return self._no(hop, service.document.mark("spec", "selector"), words)
        if port not in service.ports:
            known = ", ".join(map(str, service.ports))
            return self._no(hop, mark, f"the Service {host} has no port {port}; it has {known}")
        if unit.stopped:
            there_hop = first_hop(unit.program) if unit.program else hop
            return self._no(there_hop, unit.stopped, f"no pod of {unit.name} is started: {unit.why_stopped}")
        behind = service.ports[port]
        number = behind if isinstance(behind, int) else unit.ports.get(behind, 0)
        if not number:
            words = f"the Service {host} leads to the port {behind!r}, which no container has"
            return self._no(hop, service.document.mark("spec", "ports"), words)
        if why := blocked(self._policies, source, unit, number):
            return self._no(hop, *why)
        return Route(unit, number)

    def _no(self, hop: str, mark: Mark, words: str) -> Route:
        return Route(broken=Finding(hop, mark, words, "", self.target))

    def _listed(self, folder: str) -> Iterator[Document]:
        """All objects that a kustomization lists, those of folders in it too."""
        for kustomization in self._read(f"{folder}/kustomization.yaml"):
            yield kustomization
            for each in kustomization.at("resources") or []:
                path = posixpath.normpath(f"{folder}/{each}")
                if (self._folder / path).is_dir():
                    yield from self._listed(path)
                elif "://" not in str(each):
                    yield from self._read(path)

    def _read(self, file: str) -> list[Document]:
        try:
            return read_yaml(self._folder, file)
        except Unreadable as error:
            self._problems.append(Finding(_hop_of(file), error.mark, error.why, "", self.target))
            return []

    def _generated(self) -> dict[str, list[str]]:
        """The files of each ConfigMap that is made, by its name."""
        found: dict[str, list[str]] = {}
        for each in self._objects:
            folder = posixpath.dirname(each.file)
            for made in each.at("configMapGenerator") or []:
                files = [*(made.get("files") or []), *(made.get("envs") or [])]
                paths = [posixpath.normpath(f"{folder}/{str(file).rpartition('=')[2]}") for file in files]
                found.setdefault(str(made.get("name")), []).extend(paths)
        return found

    def _unit(self, each: Document) -> Unit:
        operated = each.at("kind") == _OPERATED
        pod: tuple[str | int, ...] = ("spec",) if operated else (*_POD, "spec")
        box: tuple[str | int, ...] = pod if operated else (*pod, "containers", 0)
        name = _name(each)
        words = [str(word) for key in ("command", "args") for word in _list(each.at(*box, key))]
        program = "collector" if operated else program_of(str(each.at(*box, "image") or ""))
        mounts = dict(self._mounts(each, box, pod))
        labels = (
            {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "opentelemetry-collector"}
            if operated
            else each.table(*_POD, "metadata", "labels")
        )
        security = each.table(*box, "securityContext")
        return Unit(
            name=name,
            mark=each.mark("metadata", "name"),
            config=each.part("spec", "config") if operated else self._config(mounts, words, program),
            program=program,
            environment=self._environment(each, box),
            command=" ".join(words),
            mounts=mounts,
            user=str(security.get("runAsUser") or each.at(*pod, "securityContext", "runAsUser") or ""),
            read_only=bool(security.get("readOnlyRootFilesystem")),
            owned=frozenset(mount.source for mount in mounts.values())
            if each.at(*pod, "securityContext", "fsGroup") or operated
            else frozenset(),
            memory=_mebibytes(each.at(*box, "resources", "limits", "memory")),
            labels={str(key): str(value) for key, value in labels.items()},
            ports={
                str(port.get("name")): int(port.get("containerPort") or 0) for port in _list(each.at(*box, "ports"))
            },
            stopped=each.mark("spec", "replicas") if each.at("spec", "replicas") == 0 else None,
            why_stopped="replicas is 0",
            annotations={
                str(key): (str(value), each.mark(*_POD, "metadata", "annotations", key))
                for key, value in each.table(*_POD, "metadata", "annotations").items()
            },
        )

    def _config(self, mounts: Mapping[str, Mount], words: list[str], program: str) -> Document | None:
        mount = mounts.get(config_flag(words))
        if not program or mount is None or not mount.source:
            return None
        try:
            return next(iter(read_yaml(self._folder, mount.source)), None)
        except Unreadable as error:
            self._problems.append(unreadable(program, error.mark, error.why, self.target))
            return None

    def _mounts(
        self, each: Document, box: tuple[str | int, ...], pod: tuple[str | int, ...]
    ) -> Iterator[tuple[str, Mount]]:
        volumes = {str(volume.get("name")): volume for volume in _list(each.at(*pod, "volumes"))}
        claims = {str(_get(claim, "metadata", "name")) for claim in _list(each.at("spec", "volumeClaimTemplates"))}
        for number, mount in enumerate(_list(each.at(*box, "volumeMounts"))):
            name, mark = str(mount.get("name")), each.mark(*box, "volumeMounts", number)
            volume = volumes.get(name, {})
            if "configMap" in volume:
                files = self._maps.get(str(_get(volume, "configMap", "name")), [])
                wanted = str(mount.get("subPath") or "")
                file = next((path for path in files if posixpath.basename(path) == wanted), next(iter(files), ""))
                yield str(mount.get("mountPath")), Mount("config", file, mark)
            elif "emptyDir" in volume:
                yield str(mount.get("mountPath")), Mount("memory", name, mark)
            elif name in claims or "persistentVolumeClaim" in volume:
                yield str(mount.get("mountPath")), Mount("volume", name, mark, bool(mount.get("readOnly")))
            else:
                yield str(mount.get("mountPath")), Mount("secret", name, mark)

    def _environment(self, each: Document, box: tuple[str | int, ...]) -> dict[str, tuple[str | None, Mark]]:
        found: dict[str, tuple[str | None, Mark]] = {}
        for source in _list(each.at(*box, "envFrom")):
            for file in self._maps.get(str(_get(source, "configMapRef", "name")), []):
                try:
                    found.update(read_variables(self._folder, file))
                except Unreadable as error:
                    self._problems.append(Finding("environment", error.mark, error.why, "", self.target))
        for number, variable in enumerate(_list(each.at(*box, "env"))):
            value = variable.get("value")
            known = value is not None and "$(" not in str(value)
            mark = each.mark(*box, "env", number, "name")
            found[str(variable.get("name"))] = (str(value) if known else None, mark)
        return found


def _hop_of(file: str) -> str:
    if "/services/" in file:
        return "environment"
    return "backend" if "/jaeger" in file or "/tempo" in file else "receiver"


def _service(each: Document) -> _Service:
    ports = {}
    for port in _list(each.at("spec", "ports")):
        number = int(port.get("port") or 0)
        ports[number] = port.get("targetPort") or number
    selector = {str(key): str(value) for key, value in each.table("spec", "selector").items()}
    return _Service(selector, ports, each.mark(), each)


def _name(each: Document) -> str:
    return str(each.at("metadata", "name") or "")


def _labels(selector: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in selector.items())


def _list(value: Any) -> list[Any]:
    return [each for each in value if each is not None] if isinstance(value, list) else []


def _get(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _mebibytes(value: Any) -> int:
    text = str(value or "")
    factors = {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024, "M": 1 / 1.048576, "G": 1000 / 1.048576}
    for unit, factor in factors.items():
        if text.endswith(unit) and text[: -len(unit)].replace(".", "", 1).isdecimal():
            return round(float(text[: -len(unit)]) * factor)
    return 0
