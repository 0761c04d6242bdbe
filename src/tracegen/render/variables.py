""".env.example for whoever starts the system with Compose."""

from collections.abc import Iterator

from tracegen.assemble.services import service_component
from tracegen.catalogue import Catalogue
from tracegen.emit import Commented, NotPortable, to_env_file
from tracegen.render.file import Written
from tracegen.resolve.security import BASIC_SUFFIX
from tracegen.system import Component, Model, Secret

_KEYS = ("targets", "services", "service_defaults", "backend", "collector", "security")

_HEAD = (
    "Variables that compose.yaml needs. Copy this file to .env, which tracegen never touches and git should\n"
    "not hold, and fill in the values."
)
#: SDKs decode the variable in which it reaches them. https://opentelemetry.io/docs/specs/otel/protocol/exporter/
_SAFE = "SDKs percent-decode it: it may have letters, digits and . _ ~ - + / = and nothing else."


def variables_example(model: Model, packs: Catalogue) -> Written:
    """.env.example: every variable and file that the rendered system refers to."""
    users: dict[str, list[str]] = {}
    files: set[str] = set()
    for component in _components(model, packs):
        for secret in _secrets(component):
            if secret.file:
                files.add(secret.file)
            else:
                users.setdefault(secret.variable, []).append(component.name)
    sent = {part.variable for part in model.ingest.header if isinstance(part, Secret)}
    entries = {name: Commented("", _comment(name, users, sent)) for name in sorted(users) if _fits_a_file(name)}
    left_out = sorted(users.keys() - entries)
    return Written(".env.example", to_env_file(entries, _head(bool(users), left_out, files)), "compose", _KEYS)


def _components(model: Model, packs: Catalogue) -> Iterator[Component]:
    """What runs here, and the services that run elsewhere: their fragments refer to variables too."""
    yield from model.components.values()
    yield from (service_component(each, model, packs) for each in model.services.values() if not each.deploy)


def _secrets(component: Component) -> Iterator[Secret]:
    for value in component.environment.values():
        yield from (part for part in value if isinstance(part, Secret))
    yield from (mount.secret for mount in component.secret_files)


def _comment(name: str, users: dict[str, list[str]], sent: set[str]) -> str:
    comment = f"Needed by {', '.join(sorted(set(users[name])))}."
    if name.endswith(BASIC_SUFFIX) and name.removesuffix(BASIC_SUFFIX) in users:
        comment += f"\nThe base64 of user:password, with the password of {name.removesuffix(BASIC_SUFFIX)}."
    if name in sent:
        comment += f"\n{_SAFE}"
    return comment


def _head(any_variable: bool, left_out: list[str], files: set[str]) -> str:
    head = _HEAD if any_variable else "compose.yaml needs no variables."
    if left_out:
        head += f"\nA file cannot hold these, so set them where Compose is started: {', '.join(left_out)}."
    if files:
        head += f"\nFiles that must exist: {', '.join(sorted(files))}."
    return head


def _fits_a_file(name: str) -> bool:
    """Shells keep some names for themselves."""
    try:
        to_env_file({name: ""})
    except NotPortable:
        return False
    return True
