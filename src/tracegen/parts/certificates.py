"""Where certificates lie in containers, and what mounts them."""

from collections.abc import Iterable

from tracegen.system import Certificates, ClientTls, Destination, SecretMount

#: Where files of ours lie in containers, in folders that hold nothing else.
FOLDER = "/etc/tracegen"
CA_PATH = f"{FOLDER}/tls/ca.crt"
CERT_PATH = f"{FOLDER}/tls/tls.crt"
KEY_PATH = f"{FOLDER}/tls/tls.key"


def server_mounts(certificates: Certificates | None) -> tuple[SecretMount, ...]:
    """The certificate, key and authority of a server of the rendered system."""
    if certificates is None:
        return ()
    return (
        SecretMount(certificates.ca, CA_PATH),
        SecretMount(certificates.cert, CERT_PATH),
        SecretMount(certificates.key, KEY_PATH),
    )


def client_mounts(name: str, tls: ClientTls | None) -> tuple[SecretMount, ...]:
    """What a client needs to verify somebody else's server, in a folder named after it."""
    if tls is None:
        return ()
    wanted = ((tls.ca, "ca.crt"), (tls.cert, "tls.crt"), (tls.key, "tls.key"))
    return tuple(SecretMount(each, client_path(name, file)) for each, file in wanted if each)


def client_path(name: str, file: str) -> str:
    """Where a file of a client's TLS settings lies in the container."""
    return f"{FOLDER}/{name}/{file}"


def destination_mounts(destinations: Iterable[Destination]) -> tuple[SecretMount, ...]:
    """What the exporters of a collector need to verify their destinations; each file once."""
    mounts = {mount.target: mount for each in destinations for mount in client_mounts(tls_name(each), each.tls)}
    return tuple(mounts.values())


def tls_name(destination: Destination) -> str:
    """The folder of a destination's TLS files: all parts of the rendered system share one."""
    return "tls" if destination.inside else destination.name
