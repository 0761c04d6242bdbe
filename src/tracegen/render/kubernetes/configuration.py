"""Configuration as ConfigMaps: verbatim copies below the folder of kustomize, which refuses files outside of it.

kustomize ends the names of generated ConfigMaps in a hash of their content, so a change rolls the pods that
mount it: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator/.
"""

import re
from collections.abc import Iterable, Mapping
from posixpath import basename, splitext

from tracegen.emit import Value
from tracegen.render.text import text_of
from tracegen.system import Component, FileMount
from tracegen.system.file import PlannedFile, Written

FOLDER = "kubernetes"
_COPIES = "configuration"

#: A file that is read again while the program runs arrives by itself, if its ConfigMap keeps its name.
_STEADY: dict[str, Value] = {"options": {"disableNameSuffixHash": True}}


def map_name(source: str) -> str:
    """The ConfigMap of a rendered file: `collector/gateway.yaml` becomes `collector-gateway`."""
    return re.sub(r"[^a-z0-9]+", "-", splitext(source)[0].lower())


def environment_map(component: Component) -> str:
    """The ConfigMap of a service's environment file."""
    return f"{component.name}-otel"


def key_of(mount: FileMount) -> str:
    """The key of a file in its ConfigMap."""
    return basename(mount.source)


def copies(components: Iterable[Component], files: Mapping[str, PlannedFile]) -> list[Written]:
    """Every file that a component reads, as it is, below `kubernetes/configuration/`."""
    sources = sorted({source for component in components for source in _sources(component)})
    return [Written(f"{FOLDER}/{_COPIES}/{each}", text_of(files[each]), files[each].source) for each in sources]


def generators(components: Iterable[Component]) -> list[Value]:
    """`configMapGenerator` of the kustomization."""
    files: dict[str, Value] = {}
    for component in components:
        for mount in component.files:
            path = f"{_COPIES}/{mount.source}"
            name = map_name(mount.source)
            files[name] = {"name": name, "files": [path], **(_STEADY if mount.live else {})}
        if component.environment_file:
            name = environment_map(component)
            files[name] = {"name": name, "envs": [f"{_COPIES}/{component.environment_file}"]}
    return [files[name] for name in sorted(files)]


def _sources(component: Component) -> list[str]:
    paths = [mount.source for mount in component.files]
    return [*paths, component.environment_file] if component.environment_file else paths
