"""What can be reached from outside, and how well it is guarded (ruling 13)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.published import groups_of
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause
from tracegen.source.words import quoted
from tracegen.spec.codes import WRONG_FORM

INGRESS_WITHOUT_TLS = Code("TG701", "Ingress without TLS", Severity.WARNING, acceptable=True)
OPEN_TO_THE_NETWORK = Code("TG702", "Published beyond this host", Severity.WARNING, acceptable=True)
NO_CERTIFICATES = Code("TG703", "TLS without certificates")
CERT_MANAGER_OUTSIDE = Code("TG704", "cert-manager is Kubernetes only")
UNPINNED_IMAGE = Code("TG705", "Image without a fixed tag", Severity.WARNING, acceptable=True)


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Ingress, published ports, certificates, and images of services."""
    yield from _ingress(settings)
    yield from _published(settings)
    if settings.security.tls.enabled:
        yield from _certificates(settings)
    for name, service in settings.services.items():
        yield from _tag(settings, name, service.image)


def _ingress(settings: Settings) -> Iterator[Problem]:
    said = settings.kubernetes.ingress
    if said and not said.tls_secret and not said.gateway:
        message = "the ingress has no TLS: traces, with what they carry, cross the network in clear"
        yield at(settings, INGRESS_WITHOUT_TLS, ("kubernetes", "ingress"), message, "say tls_secret, or gateway")


def _published(settings: Settings) -> Iterator[Problem]:
    from ipaddress import ip_address

    path, bind = ("compose", "bind"), settings.compose.bind
    try:
        is_of_this_host = ip_address(bind).is_loopback
    except ValueError:
        yield at(
            settings, WRONG_FORM, path, f"{quoted(bind)} is not an IP address", "for example 127.0.0.1 or 0.0.0.0"
        )
        return
    published = settings.compose.publish
    if published and "compose" in settings.targets and not is_of_this_host:
        what = ", ".join(groups_of(published))
        message = f"{bind} lets the network reach {what}, and the user interface has no login of its own"
        yield at(settings, OPEN_TO_THE_NETWORK, path, message, "use 127.0.0.1 and a proxy with a login")


def _certificates(settings: Settings) -> Iterator[Problem]:
    tls = settings.security.tls
    named = [key for key in ("ca", "cert", "key") if getattr(tls, key)]
    manager = tls.cert_manager is not None
    if "compose" in settings.targets and manager and not named:
        path = cause(settings, ("security", "tls", "cert_manager"), ("targets",))
        message = "cert-manager makes certificates on Kubernetes only, and compose is rendered too"
        yield at(settings, CERT_MANAGER_OUTSIDE, path, message, "name ca, cert and key too, or targets: [kubernetes]")
    elif not manager and len(named) < 3:
        missing = ", ".join(key for key in ("ca", "cert", "key") if key not in named)
        message = f"TLS is enabled but {missing} of the servers is not named"
        hint = "name ca, cert and key as references such as {file: certs/tls.crt}, or cert_manager on Kubernetes"
        yield at(settings, NO_CERTIFICATES, ("security", "tls", "enabled"), message, hint)


def _tag(settings: Settings, name: str, image: str | None) -> Iterator[Problem]:
    if image is None or "@sha256:" in image:
        return
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    if tag in ("", "latest"):
        message = f"{image} is whatever was pushed last"
        yield at(settings, UNPINNED_IMAGE, ("services", name, "image"), message, "name a tag of a release")
