"""References to secrets, and values that may hold them (ruling 3)."""

from urllib.parse import quote

from tracegen.decide.records import Reference
from tracegen.system import Secret, Text, text
from tracegen.system.component import key_of_file, variable_of


def secret(reference: Reference, project: str) -> Secret:
    """The Secret that `{env: N}`, `{secret: {name, key}}` or `{file: path}` means in a project."""
    if reference.env:
        return Secret(variable=reference.env, name=f"{project}-env", key=reference.env)
    if reference.secret:
        name, key = reference.secret.name, reference.secret.key
        return Secret(variable=variable_of(name, key), name=name, key=key)
    assert reference.file, "the schema demands one of the three"
    return mounted(reference.file, project)


def mounted(path: str, project: str) -> Secret:
    """The Secret that is a file."""
    return Secret(variable="", name=f"{project}-files", key=key_of_file(path), file=path)


def literal_or_secret(value: str | Reference | tuple[str | Reference, ...], project: str) -> Text:
    """A value that is a text or a reference, or several that are joined."""
    if isinstance(value, tuple):
        return tuple(part for each in value for part in literal_or_secret(each, project))
    return text(value) if isinstance(value, str) else text(secret(value, project))


def percent_encoded(value: str) -> str:
    """A value as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS take it (W3C Baggage octets).

    Source: https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
    """
    return quote(value, safe="/:@.-_~")
