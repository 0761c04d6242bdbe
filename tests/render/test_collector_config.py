"""The real Collector takes every configuration that the collector's keys come to, without a word of warning."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from patches import merged
from programs.system import System
from support import compiled
from tracegen.catalogue import catalogue

Patch = Mapping[str, Any]

SMALLEST: Patch = {
    "tracegen": 1,
    "name": "shop",
    "targets": [],
    "backend": {"type": "jaeger"},
    "services": {"api": {"language": "node"}, "web": {"language": "go"}},
}
_TLS: Patch = {
    "enabled": True,
    "ca": {"file": "certs/ca.pem"},
    "cert": {"file": "certs/tls.crt"},
    "key": {"file": "certs/tls.key"},
}
_BASIC: Patch = {"basic": {"username": {"env": "INGEST_USER"}, "password": {"env": "INGEST_PASSWORD"}}}
_ODD = {"name": "odd", "regex": r'a"b\\c\$[0-9]{2,}${HOME}$'}
_VENDOR: Patch = {
    "name": "vendor",
    "endpoint": "https://otlp.example.com/v2/",
    "headers": {"x-api-key": {"env": "VENDOR_KEY"}, "x-odd": "5$ ${HOME} $$"},
    "tls": {"ca": "certs/vendor.pem", "server_name": "vendor"},
}
_OTHER: Patch = {"name": "other", "endpoint": "other.example.com:4317", "protocol": "grpc"}
_EXTERNAL: Patch = {
    "type": "external",
    "endpoint": "http://otlp.example.com:8080/otlp",
    "headers": {"x-team": "shop"},
}
_TENANTS: Patch = {
    "backend": {"type": "tempo", "tenants": ["red", "blue", "green"]},
    "services": {"api": {"tenant": "red"}, "web": {"tenant": "blue"}},
}


def _collector(**said: Any) -> Patch:
    return {"collector": said}


#: The choices for each key, the one that says nothing first.
CHOICES: Mapping[str, list[Patch]] = {
    "backend": [
        {},
        {"backend": _EXTERNAL},
        {"backend": {"type": "external", "endpoint": "otlp.example.com:4317", "protocol": "grpc"}},
        _TENANTS,
    ],
    "topology": [{}, _collector(topology="agent"), _collector(topology="agent+gateway")],
    "replicas": [{}, _collector(replicas=3)],
    "receivers": [
        {},
        *(_collector(receivers=each) for each in (["zipkin"], ["otlp", "jaeger"], ["otlp", "jaeger", "zipkin"])),
    ],
    "redact": [
        {},
        _collector(redact={"keys": ["user.email", 'odd"$key${HOME}\\']}),
        _collector(redact={"patterns": ["credit_card", "email", "ipv4", "iban", "jwt", _ODD]}),
        _collector(redact={"keys": ["user.email"], "patterns": ["email"]}),
    ],
    "also": [{}, _collector(also=[_VENDOR]), _collector(also=[_OTHER, _VENDOR])],
    "queue": [{}, _collector(queue="memory"), _collector(queue={"size": "512Mi"})],
    "tls": [{}, {"security": {"tls": _TLS}}],
    "ingest": [
        {},
        {"security": {"ingest_auth": {"bearer": {"env": "INGEST_TOKEN"}}}},
        {"security": {"ingest_auth": _BASIC}},
    ],
}
_IMPOSSIBLE = ({("topology", 1), ("replicas", 1)},)

Assignment = Mapping[str, int]


def assignments() -> list[Assignment]:
    """Choices in which each possible pair stands together at least once."""
    single = [(key, number) for key, choices in CHOICES.items() for number in range(len(choices))]
    missing = [{one, two} for one, two in combinations(single, 2) if one[0] != two[0]]
    missing = [pair for pair in missing if pair not in _IMPOSSIBLE]
    found: list[Assignment] = []
    while missing:
        chosen = dict(missing[0])
        for key, choices in CHOICES.items():
            options = [number for number in range(len(choices)) if _fits(chosen, key, number)]
            if key not in chosen:
                chosen[key] = max(options, key=lambda number: _gain(chosen, (key, number), missing))
        missing = [pair for pair in missing if not pair <= set(chosen.items())]
        found.append({key: chosen[key] for key in CHOICES})
    return found


def _fits(chosen: Assignment, key: str, number: int) -> bool:
    return not any({each, (key, number)} in _IMPOSSIBLE for each in chosen.items())


def _gain(chosen: Assignment, choice: tuple[str, int], missing: list[set[tuple[str, int]]]) -> int:
    return sum({each, choice} in missing for each in chosen.items())


def spec(assignment: Assignment) -> dict[str, Any]:
    patched: Any = SMALLEST
    for key, number in assignment.items():
        patched = merged(patched, CHOICES[key][number])
    return dict(patched)


def rendered(tmp_path: Path, described: Mapping[str, Any]) -> System:
    return System(compiled(tmp_path, dict(described)), tmp_path / "run")


def configurations(system: System) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, text in system.rendered.tree.items():
        if path.startswith("collector/"):
            yield path, yaml.safe_load(text)


def _validated(collector: Path, config: Path) -> str:
    """Whatever a Collector says of a configuration that it takes."""
    variables = {"INGEST_USER": "shop", "INGEST_PASSWORD": "secret", "INGEST_TOKEN": "token", "VENDOR_KEY": "key"}
    command = [str(collector), "validate", "--config", str(config)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("assignment", assignments(), ids=lambda each: "-".join(map(str, each.values())))
def test_the_real_collector_takes_every_configuration(
    tmp_path: Path, collector: Path, assignment: Assignment
) -> None:
    system = rendered(tmp_path, spec(assignment))
    for tier in system.rendered.system.tiers:
        assert _validated(collector, system.config_path(tier.component)) == ""


@pytest.mark.parametrize("assignment", assignments(), ids=lambda each: "-".join(map(str, each.values())))
def test_docker_compose_takes_every_system(tmp_path: Path, docker_compose: Path, assignment: Assignment) -> None:
    system = rendered(tmp_path, {**spec(assignment), "targets": ["compose"], "compose": {"publish": ["all"]}})
    for path, content in system.rendered.tree.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    variables = (tmp_path / ".env.example").read_text(encoding="utf-8").replace("=\n", "=value\n")
    (tmp_path / ".env").write_text(variables, encoding="utf-8")
    command = [str(docker_compose), "--file", str(tmp_path / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_pair_of_choices_is_in_one_of_them() -> None:
    """The counter-proof for `assignments`: nothing that can stand together was left out."""
    all_chosen = [set(each.items()) for each in assignments()]
    single = [(key, number) for key, choices in CHOICES.items() for number in range(len(choices))]
    for one, two in combinations(single, 2):
        if one[0] != two[0] and {one, two} not in _IMPOSSIBLE:
            assert any({one, two} <= chosen for chosen in all_chosen), (one, two)


OLD_NAMES = {
    "otlp_grpc": "otlp",
    "otlp_http": "otlphttp",
    "load_balancing": "loadbalancing",
    "span_metrics": "spanmetrics",
}
ALL_NAMES: Patch = {
    "collector": {"replicas": 2, "also": [_VENDOR]},
    "sampling": {"tail": {"keep": ["errors"]}},
    "metrics": True,
}


def _types(config: Mapping[str, Any]) -> set[str]:
    """The types of exporters and connectors that are configured, and of those that pipelines name."""
    used = [
        name for each in config["service"]["pipelines"].values() for name in [*each["exporters"], *each["receivers"]]
    ]
    configured = [*config["exporters"], *config.get("connectors", {})]
    assert set(configured) <= set(used)
    return {name.partition("/")[0] for name in [*configured, *used]}


@pytest.mark.parametrize(
    ("version", "new"),
    [
        ("0.140.0", set()),
        ("0.143.9", set()),
        ("0.144.0", {"otlp_grpc", "otlp_http"}),
        ("0.153.0", {"otlp_grpc", "otlp_http", "load_balancing"}),
        ("0.161.0", set(OLD_NAMES)),
        ("latest", set(OLD_NAMES)),
    ],
)
def test_a_collector_gets_the_names_that_it_knows(tmp_path: Path, version: str, new: set[str]) -> None:
    system = rendered(tmp_path, merged(merged(SMALLEST, ALL_NAMES), {"versions": {"collector": version}}))
    types = set().union(*(_types(config) for _, config in configurations(system)))
    assert types & {*OLD_NAMES, *OLD_NAMES.values()} == {
        name if name in new else old for name, old in OLD_NAMES.items()
    } | {"otlp"}


@pytest.mark.skipif("OLDEST_COLLECTOR_BIN" not in os.environ, reason="OLDEST_COLLECTOR_BIN names no program")
@pytest.mark.parametrize("assignment", assignments(), ids=lambda each: "-".join(map(str, each.values())))
def test_the_oldest_collector_takes_every_configuration(tmp_path: Path, assignment: Assignment) -> None:
    oldest = catalogue().images["collector"].oldest
    system = rendered(tmp_path, {**spec(assignment), "versions": {"collector": oldest}})
    for tier in system.rendered.system.tiers:
        assert _validated(Path(os.environ["OLDEST_COLLECTOR_BIN"]), system.config_path(tier.component)) == ""
