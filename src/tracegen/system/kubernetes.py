"""What the spec says for Kubernetes alone, and what runs there."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracegen.system.component import Component, Port, Secret, user_interface


@dataclass(frozen=True, slots=True)
class Login:
    """The OpenID Connect provider that is asked who somebody is, and whom it must name."""

    issuer: str
    client_id: str
    client_secret: Secret
    cookie_secret: Secret
    email_domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ingress:
    """How the user interface is reached from outside.

    An Ingress of `class_name` with the certificate of `tls_secret`, or an HTTPRoute when `gateway` names who
    terminates TLS; empty is the cluster's default, no TLS, and no gateway.
    """

    host: str
    class_name: str = ""
    tls_secret: str = ""
    gateway: str = ""
    gateway_namespace: str = ""
    gateway_section: str = ""
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class ExternalSecrets:
    """The store of the External Secrets Operator that holds every Secret, each below `prefix`."""

    store: str
    kind: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Workload:
    """The object that runs a service elsewhere, and its container; an empty one is the first."""

    kind: str
    name: str
    container: str


@dataclass(frozen=True, slots=True)
class Toleration:
    """A taint that pods stand; what is empty is not said."""

    key: str
    operator: str
    value: str
    effect: str


@dataclass(frozen=True, slots=True)
class Pods:
    """Where pods run, and what they are marked with."""

    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    priority_class: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What the service account of what tracegen runs is marked with."""

    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Client:
    """Pods of somebody else that read metrics and traces; without labels all of the namespace."""

    namespace: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """The cluster's side: `storage_class` empty is the cluster's default.

    `pods` are those of what tracegen runs; without `fixed_ids` they name no user and no group. `k8s_attributes`:
    collectors ask the API server about pods that send spans.
    """

    flavor: str
    namespace: str
    create_namespace: bool
    pod_security: str
    network_policies: str
    storage_class: str
    ingress: Ingress | None
    external_secrets: ExternalSecrets | None
    account: Account
    image_pull_secrets: tuple[str, ...]
    pods: Pods
    fixed_ids: bool
    k8s_attributes: bool
    monitors: bool
    clients: tuple[Client, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """What runs on Kubernetes.

    components  what has a workload, with the variables and files that its container has there
    elsewhere   services that others run, with all their variables, and hosts as other namespaces name them
    callers     for each host the components that call it, with the ports
    """

    components: Mapping[str, Component]
    elsewhere: Mapping[str, Component]
    callers: Mapping[str, Mapping[str, tuple[int, ...]]]

    @property
    def user_interface(self) -> tuple[Component, Port] | None:
        """What serves people, and its port; None when the backend has no such thing."""
        return user_interface(self.components.values())
