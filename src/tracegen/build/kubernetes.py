"""What the spec says for Kubernetes."""

from tracegen.build.references import secret
from tracegen.decide import Settings, records
from tracegen.decide.records import (
    KubernetesExternalSecrets,
    KubernetesIngress,
    KubernetesIngressLogin,
    ServiceKubernetes,
)
from tracegen.system import Account, Client, ExternalSecrets, Ingress, Kubernetes, Login, Pods, Toleration


def kubernetes_of(settings: Settings) -> Kubernetes:
    """Namespace, levels, and how the user interface is reached."""
    said = settings.kubernetes
    return Kubernetes(
        flavor=said.flavor,
        namespace=said.namespace,
        create_namespace=said.create_namespace,
        pod_security=said.pod_security,
        network_policies=said.network_policies,
        storage_class=said.storage_class or "",
        ingress=_ingress(said.ingress, settings.name) if said.ingress else None,
        external_secrets=_external_secrets(said.external_secrets) if said.external_secrets else None,
        account=Account(said.service_account.annotations, said.service_account.labels),
        image_pull_secrets=said.image_pull_secrets,
        pods=pods_of(said),
        fixed_ids=said.fixed_ids,
        k8s_attributes=said.k8s_attributes,
        monitors=said.monitors,
        clients=tuple(Client(each.namespace, each.labels) for each in said.clients),
    )


def pods_of(said: records.Kubernetes | ServiceKubernetes) -> Pods:
    """What is said of pods: of all that tracegen runs, or of one service."""
    return Pods(
        annotations=said.annotations,
        labels=said.labels,
        tolerations=tuple(
            Toleration(each.key or "", each.operator or "", each.value or "", each.effect or "")
            for each in said.tolerations
        ),
        node_selector=said.node_selector,
        priority_class=said.priority_class or "",
    )


def _ingress(said: KubernetesIngress, project: str) -> Ingress:
    gateway = said.gateway
    return Ingress(
        host=said.host,
        class_name=said.class_ or "",
        tls_secret=said.tls_secret or "",
        gateway=gateway.name if gateway else "",
        gateway_namespace=(gateway.namespace or "") if gateway else "",
        gateway_section=(gateway.section or "") if gateway else "",
        login=_login(said.login, project) if said.login else None,
    )


def _login(said: KubernetesIngressLogin, project: str) -> Login:
    return Login(
        issuer=said.issuer,
        client_id=said.client_id,
        client_secret=secret(said.client_secret, project),
        cookie_secret=secret(said.cookie_secret, project),
        email_domains=said.email_domains,
    )


def _external_secrets(said: KubernetesExternalSecrets) -> ExternalSecrets:
    return ExternalSecrets(said.store, said.kind, said.prefix or "")
