"""A login before the user interface: a proxy that lets in whom an OpenID Connect provider names.

https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tracegen.parts.calls import server_calls
from tracegen.parts.certificates import CERT_PATH, FOLDER, KEY_PATH, server_mounts
from tracegen.system import Call, Component, Design, Health, Login, Port, Resources, text, user_interface
from tracegen.system.units import MEBIBYTE

NAME = "ui-login"

_PORT = 4180


def with_login(design: Design, components: Iterable[Component]) -> Iterator[Component]:
    """The components, among them a proxy that is what serves people where the spec asks for a login."""
    everything = list(components)
    said, found = design.kubernetes.ingress, user_interface(everything)
    if said is None or said.login is None or found is None:
        yield from everything
        return
    component, port = found
    yield from (replace(each, ui="") if each is component else each for each in everything)
    yield _proxy(said.login, said.host, component.name, port.number, design)


def _proxy(login: Login, host: str, behind: str, port: int, design: Design) -> Component:
    image = design.images["oauth2-proxy"]
    secure = design.certificates is not None
    scheme = "https" if secure else "http"
    return Component(
        name=NAME,
        image=image.reference,
        why="Asks who somebody is before the user interface, which has no login of its own.",
        args=(
            "--provider=oidc",
            f"--oidc-issuer-url={login.issuer}",
            f"--client-id={login.client_id}",
            *(f"--email-domain={each}" for each in login.email_domains),
            f"--redirect-url=https://{host}/oauth2/callback",
            f"--upstream={scheme}://{behind}:{port}/",
            *_listens(secure),
            "--skip-provider-button=true",
            "--silence-ping-logging=true",
            "--code-challenge-method=S256",
        ),
        ports=(Port("ui", _PORT),),
        health=Health(command=(), port=_PORT, path="/ping", https=secure),
        secret_files=server_mounts(design.certificates),
        environment={
            "OAUTH2_PROXY_CLIENT_SECRET": text(login.client_secret),
            "OAUTH2_PROXY_COOKIE_SECRET": text(login.cookie_secret),
            # Beside the system's authorities, for the user interface itself.
            **({"SSL_CERT_DIR": text(f"{FOLDER}/tls")} if secure else {}),
        },
        resources=Resources(0.2, 128 * MEBIBYTE),
        calls=(Call(behind, port), *server_calls([login.issuer])),
        user=image.user,
        replicas=2,
        grace=15,
        ui="ui",
    )


def _listens(secure: bool) -> tuple[str, ...]:
    if not secure:
        return (f"--http-address=0.0.0.0:{_PORT}",)
    return (f"--https-address=0.0.0.0:{_PORT}", f"--tls-cert-file={CERT_PATH}", f"--tls-key-file={KEY_PATH}")
