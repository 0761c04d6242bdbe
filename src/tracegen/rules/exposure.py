"""What can be reached from outside, and how well it is guarded (ruling 13)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, targets_of
from tracegen.source.words import quoted
from tracegen.spec.codes import WRONG_FORM
from tracegen.spec.said import Said

INGRESS_WITHOUT_TLS = Code("TG701", "Ingress without TLS", Severity.WARNING, acceptable=True)
OPEN_TO_THE_NETWORK = Code("TG702", "Published beyond this host", Severity.WARNING, acceptable=True)
NO_CERTIFICATES = Code("TG703", "TLS without certificates")
CERT_MANAGER_OUTSIDE = Code("TG704", "cert-manager is Kubernetes only")
UNPINNED_IMAGE = Code("TG705", "Image without a fixed tag", Severity.WARNING, acceptable=True)


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Ingress, published ports, certificates, and images of services."""
    yield from _ingress(spec)
    yield from _published(spec)
    if spec.get("security", "tls", "enabled"):
        yield from _certificates(spec)
    for name, service in spec.services.items():
        yield from _tag(spec, name, service.get("image"))


def _ingress(spec: Said) -> Iterator[Problem]:
    said = spec.get("kubernetes", "ingress")
    if said and "tls_secret" not in said and "gateway" not in said:
        message = "the ingress has no TLS: traces, with what they carry, cross the network in clear"
        yield at(spec, INGRESS_WITHOUT_TLS, ("kubernetes", "ingress"), message, "say tls_secret, or gateway")


def _published(spec: Said) -> Iterator[Problem]:
    bind = spec.get("compose", "bind")
    if bind is None:
        return
    from ipaddress import ip_address  # few specs say it

    path = ("compose", "bind")
    try:
        is_of_this_host = ip_address(bind).is_loopback
    except ValueError:
        yield at(spec, WRONG_FORM, path, f"{quoted(bind)} is not an IP address", "for example 127.0.0.1 or 0.0.0.0")
        return
    said = spec.get("compose", "publish")
    published = ["ui"] if said is None else said
    if published and "compose" in targets_of(spec) and not is_of_this_host:
        what = ", ".join(published)
        message = f"{bind} lets the network reach {what}, and the user interface has no login of its own"
        yield at(spec, OPEN_TO_THE_NETWORK, path, message, "use 127.0.0.1 and a proxy with a login")


def _certificates(spec: Said) -> Iterator[Problem]:
    tls = spec.get("security", "tls")
    named = [key for key in ("ca", "cert", "key") if key in tls]
    manager = "cert_manager" in tls
    if "compose" in targets_of(spec) and manager and not named:
        path = cause(spec, ("security", "tls", "cert_manager"), ("targets",))
        message = "cert-manager makes certificates on Kubernetes only, and compose is rendered too"
        yield at(spec, CERT_MANAGER_OUTSIDE, path, message, "name ca, cert and key too, or targets: [kubernetes]")
    elif not manager and len(named) < 3:
        missing = ", ".join(key for key in ("ca", "cert", "key") if key not in tls)
        message = f"TLS is enabled but {missing} of the servers is not named"
        hint = "name ca, cert and key as references such as {file: certs/tls.crt}, or cert_manager on Kubernetes"
        yield at(spec, NO_CERTIFICATES, ("security", "tls", "enabled"), message, hint)


def _tag(spec: Said, name: str, image: str | None) -> Iterator[Problem]:
    if image is None or "@sha256:" in image:
        return
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    if tag in ("", "latest"):
        message = f"{image} is whatever was pushed last"
        yield at(spec, UNPINNED_IMAGE, ("services", name, "image"), message, "name a tag of a release")
