""".env.example for whoever starts the system with Compose."""

from tracegen.build.security import BASIC_SUFFIX
from tracegen.emit import Commented, NotPortable, to_env_file
from tracegen.system import Secret, System
from tracegen.system.file import Written

_HEAD = (
    "Variables that compose.yaml needs. Copy this file to .env, which tracegen never touches and git should\n"
    "not hold, and fill in the values."
)
#: SDKs decode the variable in which it reaches them. https://opentelemetry.io/docs/specs/otel/protocol/exporter/
_SAFE = "SDKs percent-decode it: it may have letters, digits and . _ ~ - + / = and nothing else."


def variables_example(system: System) -> Written:
    """.env.example: every variable and file that the rendered system refers to."""
    users: dict[str, list[str]] = {}
    files: set[str] = set()
    # Those that run elsewhere have fragments, which refer to variables too.
    for component in (*system.components.values(), *system.elsewhere.values()):
        for secret in component.secrets:
            if secret.file:
                files.add(secret.file)
            else:
                users.setdefault(secret.variable, []).append(component.name)
    sent = {part.variable for part in system.ingest.header if isinstance(part, Secret)}
    entries = {name: Commented("", _comment(name, users, sent)) for name in sorted(users) if _fits_a_file(name)}
    left_out = sorted(users.keys() - entries)
    return Written(".env.example", to_env_file(entries, _head(bool(users), left_out, files)), "compose")


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
