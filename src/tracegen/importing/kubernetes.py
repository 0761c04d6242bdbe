"""Manifests to units: workloads with their containers, and what belongs to them: Services, ConfigMaps, Ingresses."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tracegen.importing.documents import mapping, sequence, text_of
from tracegen.importing.facts import Role, Unit
from tracegen.importing.known import image_names, named, role_of_image

#: Where the pod stands in each kind of workload.
_PODS = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "DeploymentConfig": ("spec", "template"),
    "Rollout": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
#: The kinds that the spec's `workload` knows.
_OF_THE_SPEC = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Rollout")

Manifest = tuple[dict[str, Any], str, Path]


def objects(documents: Iterable[Any], file: str, folder: Path) -> list[Manifest]:
    """The objects of documents, those of Lists and of templates of OpenShift included."""
    found: list[Manifest] = []
    for document in documents:
        value = mapping(document)
        items = sequence(value.get("items")) if text_of(value.get("kind")).endswith("List") else []
        items += sequence(value.get("objects")) if text_of(value.get("kind")) == "Template" else []
        if items:
            found += objects(items, file, folder)
        elif text_of(value.get("kind")):
            found.append((value, file, folder))
    return found


def units(manifests: Iterable[Manifest]) -> list[Unit]:
    """A unit for each container that is a program of its own; workloads that are versions of one are one."""
    cluster = _Cluster(list(manifests))
    found: list[Unit] = []
    by_service: dict[tuple[str, str], Unit] = {}
    for manifest in cluster.workloads:
        for unit in cluster.units_of(manifest):
            key = cluster.shared_name(manifest, unit)
            if key and key in by_service:
                first = by_service[key]
                first.others.append(f"{unit.workload.get('kind', '')} {unit.workload.get('name', '')}".strip())
                _join(first, unit)
                continue
            if key:
                by_service[key] = unit
            found.append(unit)
    return found


def _join(first: Unit, other: Unit) -> None:
    first.names |= other.names
    first.env = {**other.env, **first.env}
    first.texts += other.texts


class _Cluster:
    def __init__(self, manifests: list[Manifest]) -> None:
        self.workloads = [each for each in manifests if text_of(each[0].get("kind")) in _PODS]
        self._maps: dict[str, dict[str, str]] = {}
        self._services: list[dict[str, Any]] = []
        self._entries: dict[str, str] = {}
        for value, _, _ in manifests:
            kind = text_of(value.get("kind"))
            if kind in ("ConfigMap", "Secret"):
                texts = {**mapping(value.get("data")), **mapping(value.get("stringData"))}
                secret = kind == "Secret"
                data = {key: ("" if secret and key not in mapping(value.get("stringData")) else text_of(each))
                        for key, each in texts.items()}  # fmt: skip
                self._maps[f"{kind}/{_name(value)}"] = data
            elif kind == "Service":
                self._services.append(value)
            elif kind in ("Ingress", "HTTPRoute", "VirtualService", "Route", "IngressRoute", "GRPCRoute"):
                for name in _backends(value):
                    self._entries[name] = f"{kind} {_name(value)}"
        self._workloads_of: dict[str, list[str]] = defaultdict(list)
        for value, _, _ in self.workloads:
            for service in self._selecting(value):
                self._workloads_of[_name(service)].append(_name(value))

    def units_of(self, manifest: Manifest) -> list[Unit]:
        """The programs of a workload's pod; what is known to stand beside others is none."""
        value, _, _ = manifest
        pod = _pod(value)
        containers = [mapping(each) for each in sequence(mapping(pod.get("spec")).get("containers"))]
        own = [each for each in containers if not _is_sidecar(each)] or containers
        found: list[Unit] = []
        for number, container in enumerate(own):
            name = _name(value)
            if number:
                if role_of_image(text_of(container.get("image")))[0] is not Role.SERVICE:
                    continue
                name = text_of(container.get("name")) or f"{name}-{number + 1}"
            found.append(self._unit(manifest, container, name, alone=len(own) == 1 or not number))
        return found

    def _unit(self, manifest: Manifest, container: dict[str, Any], name: str, *, alone: bool) -> Unit:
        value, file, folder = manifest
        kind = text_of(value.get("kind"))
        spec = mapping(_pod(value).get("spec"))
        labels = mapping(mapping(_pod(value).get("metadata")).get("labels"))
        selecting = self._selecting(value)
        ports = _container_ports(container)
        listening = [each for each in selecting if alone or set(_targets(each, container)) & set(ports)]
        names = {_name(each).lower() for each in listening} | ({name.lower()} if not selecting else set())
        first = text_of(mapping(next(iter(sequence(spec.get("containers"))), None)).get("name"))
        workload = {"kind": kind, "name": _name(value)}
        if text_of(container.get("name")) != first:
            workload["container"] = text_of(container.get("name"))
        env, own = self._env(container)
        entry = next((self._entries[each] for each in sorted(names) if each in self._entries), "")
        if not entry and any(_is_open(each) for each in listening):
            entry = "a Service that is reached from outside"
        return Unit(
            name=name,
            file=file,
            target="kubernetes",
            names=names | {name.lower()},
            image=text_of(container.get("image")),
            env=env,
            own_files=own,
            words=[text_of(each) for key in ("command", "args") for each in sequence(container.get(key))],
            texts=list(self._texts(container, spec)),
            ports=ports or [each for one in listening for each in _targets(one, container)],
            workload=workload if kind in _OF_THE_SPEC else {},
            labels={key: text_of(each) for key, each in labels.items()},
            entry=entry,
            root=folder,
        )  # fmt: skip

    def shared_name(self, manifest: Manifest, unit: Unit) -> tuple[str, str] | None:
        """The Service that several workloads stand behind, where they differ by a version alone."""
        value, _, _ = manifest
        if unit.name != _name(value):
            return None
        for service in self._selecting(value):
            if len(self._workloads_of[_name(service)]) > 1:
                app = unit.labels.get("app") or unit.labels.get("app.kubernetes.io/name") or ""
                if app and (unit.labels.get("version") or app == _name(service)):
                    unit.name = _name(service)
                    return text_of(mapping(value.get("metadata")).get("namespace")), _name(service)
        alone = [_name(each) for each in self._selecting(value) if len(self._workloads_of[_name(each)]) == 1]
        taken = {_name(each) for each, _, _ in self.workloads}
        if short := next((each for each in alone if unit.name.startswith(f"{each}-") and each not in taken), ""):
            unit.name = short
            return None
        app = unit.labels.get("app") or ""
        version = unit.labels.get("version") or ""
        if app and version and unit.name == f"{app}-{version}":
            unit.names.add(app.lower())
            unit.name = app
            return text_of(mapping(value.get("metadata")).get("namespace")), app
        return None

    def _selecting(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        labels = mapping(mapping(_pod(value).get("metadata")).get("labels"))
        found = []
        for service in self._services:
            selector = mapping(mapping(service.get("spec")).get("selector"))
            same = _namespace(service) == _namespace(value) or not (_namespace(service) and _namespace(value))
            if selector and same and all(text_of(labels.get(key)) == text_of(each) for key, each in selector.items()):
                found.append(service)
        return found

    def _env(self, container: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        own: dict[str, str] = {}
        for each in sequence(container.get("envFrom")):
            for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                reference = text_of(mapping(mapping(each).get(key)).get("name"))
                prefix = text_of(mapping(each).get("prefix"))
                own |= {prefix + name: text for name, text in self._maps.get(f"{kind}/{reference}", {}).items()}
        env = dict(own)
        for each in sequence(container.get("env")):
            entry = mapping(each)
            name = text_of(entry.get("name"))
            if name:
                env[name] = self._value(entry, env)
        return env, own

    def _value(self, entry: Mapping[str, Any], env: Mapping[str, str]) -> str:
        source = mapping(entry.get("valueFrom"))
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            reference = mapping(source.get(key))
            if reference:
                data = self._maps.get(f"{kind}/{text_of(reference.get('name'))}", {})
                return data.get(text_of(reference.get("key")), "")
        text = text_of(entry.get("value"))
        for name, value in env.items():
            text = text.replace(f"$({name})", value) if f"$({name})" in text else text
        return text

    def _texts(self, container: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterable[str]:
        """Configuration that is mounted from ConfigMaps."""
        mounted = {text_of(mapping(each).get("name")) for each in sequence(container.get("volumeMounts"))}
        for each in sequence(spec.get("volumes")):
            volume = mapping(each)
            if text_of(volume.get("name")) in mounted:
                names = [text_of(mapping(volume.get("configMap")).get("name"))]
                for source in sequence(mapping(volume.get("projected")).get("sources")):
                    names.append(text_of(mapping(mapping(source).get("configMap")).get("name")))
                for name in names:
                    yield from self._maps.get(f"ConfigMap/{name}", {}).values()


def _pod(value: dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = value
    for step in _PODS.get(text_of(value.get("kind")), ()):
        node = mapping(node.get(step))
    return node


def _name(value: Mapping[str, Any]) -> str:
    metadata = mapping(value.get("metadata"))
    return text_of(metadata.get("name")) or text_of(metadata.get("generateName")).rstrip("-")


def _namespace(value: Mapping[str, Any]) -> str:
    return text_of(mapping(value.get("metadata")).get("namespace"))


def _is_sidecar(container: Mapping[str, Any]) -> bool:
    name, image = text_of(container.get("name")), text_of(container.get("image"))
    return bool(named(("sidecars",), (name, *image_names(image))))


def _container_ports(container: Mapping[str, Any]) -> list[int]:
    found = [text_of(mapping(each).get("containerPort")) for each in sequence(container.get("ports"))]
    return [int(each) for each in found if each.isdigit() and 0 < int(each) < 65536]


def _targets(service: Mapping[str, Any], container: Mapping[str, Any]) -> list[int]:
    """The ports of a container behind a Service."""
    by_name = {
        text_of(mapping(each).get("name")): text_of(mapping(each).get("containerPort"))
        for each in sequence(container.get("ports"))
    }
    found: list[int] = []
    for each in sequence(mapping(service.get("spec")).get("ports")):
        entry = mapping(each)
        target = text_of(entry.get("targetPort")) or text_of(entry.get("port"))
        number = by_name.get(target, target)
        if number.isdigit() and 0 < int(number) < 65536:
            found.append(int(number))
    return found


def _is_open(service: Mapping[str, Any]) -> bool:
    return text_of(mapping(service.get("spec")).get("type")) in ("LoadBalancer", "NodePort")


def _backends(value: Any) -> Iterable[str]:
    """The names of Services anywhere below an Ingress or a route."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "serviceName":
                yield text_of(each).lower()
            elif key in ("service", "destination", "to", "backendRefs", "services"):
                for one in each if isinstance(each, list) else [each]:
                    inner = mapping(one)
                    name = text_of(inner.get("name")) or text_of(inner.get("host"))
                    if name:
                        yield name.lower().partition(".")[0]
            yield from _backends(each)
    elif isinstance(value, list):
        for each in value:
            yield from _backends(each)
