"""What the spec says for Kubernetes."""

from collections.abc import Mapping
from typing import Any

from tracegen.resolve.decider import Decider
from tracegen.resolve.references import secret
from tracegen.system import Entrance, ExternalSecrets, Kubernetes, Login


def resolve_kubernetes(decider: Decider) -> Kubernetes:
    """Namespace, levels, and how the user interface is reached."""
    project = decider.spec.value["name"]
    policies = "around what tracegen runs"
    return Kubernetes(
        flavor=decider.take(("kubernetes", "flavor"), "plain", "nothing has to be installed in the cluster"),
        namespace=decider.take(("kubernetes", "namespace"), project, "the project's name"),
        create_namespace=decider.take(("kubernetes", "create_namespace"), True, "the default"),
        pod_security=decider.take(("kubernetes", "pod_security"), "restricted", "what tracegen runs satisfies it"),
        network_policies=decider.take(("kubernetes", "network_policies"), "platform", policies),
        storage_class=decider.take(("kubernetes", "storage_class"), "", "the cluster's default"),
        entrance=_entrance(decider.spec.get("kubernetes", "ingress"), project),
        external_secrets=_external_secrets(decider.spec.get("kubernetes", "external_secrets")),
    )


def _entrance(said: Mapping[str, Any] | None, project: str) -> Entrance | None:
    if said is None:
        return None
    gateway = said.get("gateway", {})
    return Entrance(
        host=said["host"],
        class_name=said.get("class", ""),
        tls_secret=said.get("tls_secret", ""),
        gateway=gateway.get("name", ""),
        gateway_namespace=gateway.get("namespace", ""),
        gateway_section=gateway.get("section", ""),
        login=_login(said["login"], project) if "login" in said else None,
    )


def _login(said: Mapping[str, Any], project: str) -> Login:
    return Login(
        issuer=said["issuer"],
        client_id=said["client_id"],
        client_secret=secret(said["client_secret"], project),
        cookie_secret=secret(said["cookie_secret"], project),
        email_domains=tuple(said.get("email_domains", ["*"])),
    )


def _external_secrets(said: Mapping[str, Any] | None) -> ExternalSecrets | None:
    if said is None:
        return None
    return ExternalSecrets(said["store"], said.get("kind", "ClusterSecretStore"), said.get("prefix", ""))
