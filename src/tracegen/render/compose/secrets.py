"""Secrets that are files in a container: a file of the host is mounted, a variable is copied in."""

from collections.abc import Iterable

from tracegen.emit import Value
from tracegen.system import Component, Secret


def secret_name(secret: Secret) -> str:
    """The name of a secret in compose.yaml."""
    return secret.key if secret.file else (secret.variable or secret.key).lower()


def secret_sources(components: Iterable[Component]) -> dict[str, Value]:
    """The top-level `secrets`: where each comes from."""
    mounts = [mount.secret for component in components for mount in component.secret_files]
    return {secret_name(each): _source(each) for each in sorted(mounts, key=secret_name)}


def secret_mounts(component: Component) -> dict[str, Value]:
    """The `secrets` of a container."""
    if not component.secret_files:
        return {}
    return {
        "secrets": [{"source": secret_name(each.secret), "target": each.target} for each in component.secret_files]
    }


def are_copied(component: Component) -> bool:
    """Whether Compose has to write into the container, which a read-only root file system refuses."""
    return any(not mount.secret.file for mount in component.secret_files)


def _source(secret: Secret) -> Value:
    return {"file": f"./{secret.file}"} if secret.file else {"environment": secret.variable}
