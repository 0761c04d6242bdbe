"""What configurations of storages share: logins, as `${env:NAME}` and the variables behind it, and addresses."""

from collections.abc import Iterable, Mapping

from tracegen.system import Design, Secret, Text, text


def variables_of(values: Iterable[Text]) -> dict[str, Text]:
    """A variable for each secret in the values."""
    found = [part for value in values for part in value if isinstance(part, Secret)]
    return {secret.variable: text(secret) for secret in found}


def login_of(design: Design) -> Mapping[str, Text]:
    """User name and password of the storage; empty when it asks for none."""
    texts = design.backend.storage.texts
    return {key: texts[key] for key in ("username", "password") if key in texts}


def with_port(server: str, port: int) -> str:
    """`host:port` of a server that may be named without its port."""
    return server if ":" in server else f"{server}:{port}"
