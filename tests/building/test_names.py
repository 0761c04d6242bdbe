"""A name that two parts of the system want is a problem, on every target that is rendered, and on no other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support import compiled, one_service
from tracegen.build.names import NameTaken, check_names
from tracegen.problems import ProblemsFound

LOGIN = {
    "issuer": "https://login.example.com",
    "client_id": "traces",
    "client_secret": {"env": "CLIENT"},
    "cookie_secret": {"env": "COOKIE"},
    "email_domains": ["example.com"],
}
INGRESS = {"host": "traces.example.com", "tls_secret": "tls", "login": LOGIN}
BOTH = ["compose", "kubernetes"]

#: A name, what the spec says so that tracegen runs something of that name, and the targets that have it.
TAKEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "jaeger": ({}, BOTH),
    "prometheus": ({"metrics": True}, BOTH),
    "volume-owner": ({"backend": {"type": "jaeger", "storage": "badger"}}, ["compose"]),
    "otel-gateway-2": ({"collector": {"replicas": 2}}, ["compose"]),
    "otel-agent-all": ({"collector": {"topology": "agent"}, "metrics": True}, BOTH),
    "shop-tracing-default-deny": ({"kubernetes": {"network_policies": "strict"}}, ["kubernetes"]),
    "otel-gateway-collector": ({"kubernetes": {"flavor": "operator"}}, ["kubernetes"]),
    "otel-gateway-collector-headless": ({"kubernetes": {"flavor": "operator"}}, ["kubernetes"]),
    "ui-login": ({"kubernetes": {"ingress": INGRESS}}, ["kubernetes"]),
}


def spec(name: str, target: str) -> dict[str, Any]:
    said = TAKEN[name][0]
    return {**one_service(**said), "targets": [target], "services": {name: {"language": "go"}}}


@pytest.mark.parametrize("name", TAKEN)
def test_a_service_cannot_have_the_name_of_something_that_the_target_runs(name: str, tmp_path: Path) -> None:
    for target in TAKEN[name][1]:
        with pytest.raises(ProblemsFound) as found:
            compiled(tmp_path, spec(name, target))
        (problem,) = found.value.problems
        assert (problem.code.id, problem.path) == ("TG205", f"services.{name}")
        assert problem.place is not None


@pytest.mark.parametrize("name", [name for name, (_, targets) in TAKEN.items() if targets != BOTH])
def test_it_can_where_another_target_alone_would_run_it(name: str, tmp_path: Path) -> None:
    for target in set(BOTH) - set(TAKEN[name][1]):
        assert name in compiled(tmp_path, spec(name, target)).system.components


def test_another_name_of_a_unit_is_nobody_elses(tmp_path: Path) -> None:
    """A replica answers to the name that all share; what else had it would be asked in its place."""
    system = compiled(tmp_path, one_service(collector={"replicas": 2})).system
    units = system.compose.units
    check_names(system, (), units, ())
    gateway, jaeger = (next(each for each in units if each.name == name) for name in ("otel-gateway-2", "jaeger"))
    assert gateway.aliases
    with pytest.raises(NameTaken) as found:
        check_names(system, (), [gateway, replace(jaeger, name=gateway.aliases[0])], ())
    assert (found.value.name, found.value.target) == (gateway.aliases[0], "compose")
