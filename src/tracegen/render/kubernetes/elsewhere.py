"""For services that run elsewhere (`deploy: false`): a kustomize component that their own kustomization includes.

It adds variables, and what they refer to, to the first container of the workload of that name; what is there stays.
A patch would have to know that container's name, and would replace lists that have no names, so it is done with
replacements: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/replacements/.
"""

import hashlib
import re
from collections.abc import Iterator

from tracegen.assemble.services import portable, secret_path, service_component
from tracegen.emit import Commented, Value, kubernetes_escape, to_json
from tracegen.model import Component, Model, Secret, Service, Text
from tracegen.packs import Catalogue
from tracegen.render.file import Structured
from tracegen.render.kubernetes.configuration import FOLDER
from tracegen.render.kubernetes.labels import SERVICE, labels

_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
_CONTAINER = "spec.template.spec.containers.0"
_VARIABLE = _CONTAINER + ".env.[name={name}]"
_KEYS = ("name", "targets", "services", "service_defaults", "security", "kubernetes")

_HEAD = (
    "What tracing needs of {name}, which runs elsewhere. Its own kustomization.yaml says\n"
    "  components: [<path to this folder>]\n"
    "and the first container of the {kinds} {name} has the variables; nothing else changes."
)


def components(model: Model, packs: Catalogue) -> Iterator[Structured]:
    """kubernetes/components/<name>/ of every service that tracegen does not run."""
    for service in model.services.values():
        if not service.deploy:
            yield from _Elsewhere(service, service_component(service, model, packs), model).files()


class _Elsewhere:
    """One service: its plain variables as a ConfigMap, and references to put in place."""

    def __init__(self, service: Service, component: Component, model: Model) -> None:
        self._service, self._component, self._model = service, component, model
        in_file = portable(service.environment)
        texts: dict[str, Text] = {**{name: (value,) for name, value in in_file.items()}, **component.environment}
        self._texts = {name: tuple(_reachable(part, model) for part in value) for name, value in texts.items()}
        self._plain = {
            name: "".join(map(str, value))
            for name, value in self._texts.items()
            if all(isinstance(part, str) for part in value)
        }
        self._references: dict[str, str] = {}
        self._replacements: list[Value] = []

    def files(self) -> Iterator[Structured]:
        """The component, and the objects that it takes values from."""
        settings = self._settings()
        name = str(settings["metadata"]["name"])
        self._put_settings(name)
        self._put_secrets()
        self._put_mounts()
        value: Value = {
            "apiVersion": "kustomize.config.k8s.io/v1alpha1",
            "kind": "Component",
            "resources": ["environment.yaml", "references.yaml"],
            "replacements": self._replacements,
        }
        head = _HEAD.format(name=self._service.name, kinds=" or ".join(_KINDS))
        yield self._file("kustomization", value, head)
        yield self._file(
            "environment", settings, "Its name ends in a hash of the content, so a change rolls the pods."
        )
        yield self._file("references", self._names(), "Where kustomize takes names from; it is in no cluster.")

    def _settings(self) -> dict[str, dict[str, Value]]:
        digest = hashlib.sha256(to_json(self._plain).encode()).hexdigest()[:8]
        name = f"{self._service.name}-otel-{digest}"
        marks = labels(self._service.name, SERVICE, self._model)
        return {
            "apiVersion": "v1",  # type: ignore[dict-item]
            "kind": "ConfigMap",  # type: ignore[dict-item]
            "metadata": {"name": name, "labels": marks},
            "data": dict(self._plain),
        }

    def _put_settings(self, name: str) -> None:
        paths = [f"{_VARIABLE.format(name=each)}.valueFrom.configMapKeyRef.name" for each in self._plain]
        self._put({"kind": "ConfigMap", "name": name, "fieldPath": "metadata.name"}, paths)
        for each in self._plain:
            self._refer(each, f"{_VARIABLE.format(name=each)}.valueFrom.configMapKeyRef.key")

    def _put_secrets(self) -> None:
        """Variables that are secrets before those that have secrets in their text."""
        mixed = {name: value for name, value in self._texts.items() if name not in self._plain}
        for name, value in mixed.items():
            for part in value:
                if isinstance(part, Secret) and not part.file:
                    self._put_secret(name if len(value) == 1 else part.variable, part)
        for name, value in mixed.items():
            if len(value) > 1 or (isinstance(value[0], Secret) and value[0].file):
                self._refer("".join(map(_expanded, value)), f"{_VARIABLE.format(name=name)}.value")

    def _put_secret(self, variable: str, secret: Secret) -> None:
        where = f"{_VARIABLE.format(name=variable)}.valueFrom.secretKeyRef"
        self._refer(secret.name, f"{where}.name")
        self._refer(secret.key, f"{where}.key")

    def _put_mounts(self) -> None:
        for number, mount in enumerate(self._component.secret_files):
            volume = f"tracing-{number}"
            at = f"{_CONTAINER}.volumeMounts.[name={volume}]"
            self._refer(mount.secret.name, f"spec.template.spec.volumes.[name={volume}].secret.secretName")
            self._refer(mount.target, f"{at}.mountPath")
            self._refer(mount.secret.key, f"{at}.subPath")

    def _refer(self, text: str, path: str) -> None:
        key = next((key for key, known in self._references.items() if known == text), "")
        if not key:
            key = f"text-{len(self._references)}"
            self._references[key] = text
        name = f"{self._service.name}-tracing"
        self._put({"kind": "ConfigMap", "name": name, "fieldPath": f"data.{key}"}, [path])

    def _put(self, source: Value, paths: list[str]) -> None:
        if paths:
            targets: list[Value] = [
                {
                    "select": {"kind": kind, "name": self._service.name},
                    "fieldPaths": paths,
                    "options": {"create": True},
                }
                for kind in _KINDS
            ]
            self._replacements.append({"source": source, "targets": targets})

    def _names(self) -> Value:
        local: Value = {"config.kubernetes.io/local-config": Commented("true", "Left out of what is applied.")}
        named: Value = {"name": f"{self._service.name}-tracing", "annotations": local}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": dict(self._references)}

    def _file(self, name: str, value: Value, head: str) -> Structured:
        path = f"{FOLDER}/components/{self._service.name}/{name}.yaml"
        return Structured(path, value, head, "kubernetes", _KEYS)


def _expanded(part: str | Secret) -> str:
    if isinstance(part, Secret):
        return secret_path(part) if part.file else f"$({part.variable})"
    return kubernetes_escape(part)


def _reachable(part: str | Secret, model: Model) -> str | Secret:
    """Host names of the rendered system, with its namespace: the service may be in another one."""
    if isinstance(part, Secret):
        return part
    names = "|".join(re.escape(name) for name in model.components)
    return re.sub(rf"(?<=://)({names})(?=[:/]|$)", rf"\1.{model.kubernetes.namespace}.svc", part)
