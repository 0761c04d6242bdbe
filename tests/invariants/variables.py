"""Dollars and variables: what is meant as text stays text, and each variable comes from somewhere."""

import re
from collections.abc import Iterator
from typing import Any

from invariants._system import Draft, Finding, System, leaves, variables_of
from tracegen.render.kubernetes.environment import PLACE

_COMPOSE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(:[?-][^}]*)?\}")
_COLLECTOR = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_TEMPO = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

#: Which variables a program puts in, by the folder of its configuration.
_FORMS = {"collector/": _COLLECTOR, "jaeger/": _COLLECTOR, "tempo/": _TEMPO}


def check_variables_of_configurations_are_given(system: System) -> Iterator[Finding]:
    """A `${…}` in a configuration names a variable that each container with that configuration has."""
    of_pods = {
        each.component: {variable["name"] for container in each.containers for variable in container.get("env", [])}
        for each in system.manifests.workloads
    }
    for path, form in _configurations(system):
        named = {name for _, text in _texts(system.data(path)) for name in form.findall(text)}
        for component in system.runners(path):
            told = of_pods.get(component.name, set()) & set(PLACE)
            for name in sorted(named - set(component.environment) - told):
                yield path, f"needs ${{{name}}}, which {component.name} does not have"


def break_variables_of_configurations_are_given(draft: Draft) -> None:
    draft["collector/gateway.yaml"]["exporters"]["otlp_grpc/jaeger"]["headers"] = {"x-key": "${env:NOWHERE}"}


def check_dollars_of_configurations_are_escaped(system: System) -> Iterator[Finding]:
    """A dollar in a configuration is doubled, or begins `${env:NAME}`."""
    for path, form in _configurations(system):
        for where, text in _texts(system.data(path)):
            if "$" in form.sub("", text.replace("$$", "")):
                yield path, f"{where}: {text!r} has a dollar that the program would expand"


def break_dollars_of_configurations_are_escaped(draft: Draft) -> None:
    draft["collector/gateway.yaml"]["exporters"]["otlp_grpc/jaeger"]["headers"] = {"x-key": "a${b}"}


def check_dollars_of_compose_are_escaped(system: System) -> Iterator[Finding]:
    """A dollar in compose.yaml is doubled, or begins `${NAME:?…}`; and never stands in a key."""
    for where, text in _texts(system.compose):
        if "$" in _COMPOSE.sub("", text.replace("$$", "")):
            yield "compose.yaml", f"{where}: {text!r} has a dollar that Compose would expand"
        if "$" in where:
            yield "compose.yaml", f"{where}: a key has a dollar"


def break_dollars_of_compose_are_escaped(draft: Draft) -> None:
    draft.container("api")["environment"]["PRICE"] = "5$"


def check_variables_of_compose_are_listed(system: System) -> Iterator[Finding]:
    """.env.example lists each variable of compose.yaml, and no other."""
    if not system.compose:
        return
    named = {match[1] for _, text in _texts(system.compose) for match in _COMPOSE.finditer(text.replace("$$", ""))}
    sources = system.compose.get("secrets", {}).values()
    named |= {source["environment"] for source in sources if "environment" in source}
    listed = set(variables_of(system.tree[".env.example"]))
    yield from ((".env.example", f"does not list {name}") for name in sorted(named - listed))
    yield from ((".env.example", f"lists {name}, which nothing needs") for name in sorted(listed - named))


def break_variables_of_compose_are_listed__missing(draft: Draft) -> None:
    draft.texts[".env.example"] = "# nothing\n"


def break_variables_of_compose_are_listed__needless(draft: Draft) -> None:
    draft.texts[".env.example"] += "NEEDLESS=\n"


def check_secrets_are_demanded(system: System) -> Iterator[Finding]:
    """A variable of compose.yaml has no default: without a value Compose stops, and says where to look."""
    for where, text in _texts(system.compose):
        for match in _COMPOSE.finditer(text.replace("$$", "")):
            if not (match[2] or "").startswith(":?"):
                yield "compose.yaml", f"{where}: {match[0]} would be empty in silence"


def break_secrets_are_demanded(draft: Draft) -> None:
    draft.container("api")["environment"]["TOKEN"] = "${TOKEN}"


def check_environment_arrives_as_said(system: System) -> Iterator[Finding]:
    """What the spec says under a service's `env` is what its container gets, sign by sign."""
    for name, service in system.said["services"].items():
        if name in system.containers:
            got = system.environment(name)
            for variable, value in service.get("env", {}).items():
                if isinstance(value, str) and got.get(variable) != value:
                    yield "compose.yaml", f"{name}: {variable} is {got.get(variable)!r}, and {value!r} was said"


def break_environment_arrives_as_said(draft: Draft) -> None:
    draft.container("api")["environment"]["LOG_LEVEL"] = "other"


def check_environment_files_say_a_thing_once(system: System) -> Iterator[Finding]:
    """An environment file has only lines NAME=value, each name once."""
    for path, text in system.tree.items():
        if path.endswith("otel.env"):
            lines = [line for line in text.splitlines() if not line.startswith("#")]
            wrong = [line for line in lines if not re.match(r"[A-Za-z_][A-Za-z0-9_]*=", line)]
            yield from ((path, f"{line!r} is no variable") for line in wrong)
            if len(variables_of(text)) != len(lines):
                yield path, "a variable stands there twice"


def break_environment_files_say_a_thing_once(draft: Draft) -> None:
    draft.texts["services/api/otel.env"] += "OTEL_SERVICE_NAME=again\n"


def break_environment_files_say_a_thing_once__no_variable(draft: Draft) -> None:
    draft.texts["services/api/otel.env"] += "export A\n"


def _configurations(system: System) -> Iterator[tuple[str, re.Pattern[str]]]:
    for path in system.yaml_files:
        for folder, form in _FORMS.items():
            if path.startswith(folder):
                yield path, form


def _texts(data: Any) -> Iterator[tuple[str, str]]:
    return ((".".join(path), value) for path, value in leaves(data) if isinstance(value, str))
