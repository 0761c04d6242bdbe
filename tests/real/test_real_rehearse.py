"""Traffic made from a spec, sent through its rendered files and real programs: what is counted was predicted."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from programs.recorder import HEADER, Recorder
from programs.sampling_system import GATEWAY, running
from programs.system import System
from support import compiled, one_service, tracegen

RANDOM_SPECS = int(os.environ.get("TRACEGEN_RANDOM_SPECS", "6"))
SHARES = {"errors": 0.1, "slow": 0.1, "tagged": 0.2}


def random_system(seed: int) -> dict[str, Any]:
    """What is kept, and which services there are: three to five, each calls later ones, one or two begin."""
    chance = random.Random(seed)
    choices: list[Any] = [
        "errors",
        {"slower_than": chance.choice(["300ms", "1s"])},
        {"attribute": {"key": "customer.tier", "values": ["gold", "silver"]}},
        {"attribute": {"key": "http.response.status_code", "values": ["404"]}},
        {"all": [{"attribute": {"key": "http.route", "values": ["/pay"]}}, {"ratio": 0.3}]},
        {"all": ["errors", {"ratio": 0.4}]},
        {"all": [{"attribute": {"key": "service.name", "values": ["cart", "mail"]}}, {"ratio": 0.6}]},
        {"all": [{"slower_than": "300ms"}, {"ratio": 0.5}]},
    ]
    keep = [*chance.sample(choices, chance.randint(1, 4)), {"ratio": chance.choice([0.02, 0.1, 0.25])}]
    names = ["web", "api", "cart", "pay", "mail"][: chance.randint(3, 5)]
    services: dict[str, Any] = {}
    for number, name in enumerate(names):
        later = names[number + 1 :]
        services[name] = {"language": "go", "calls": sorted(chance.sample(later, min(len(later), 2)))}
        if chance.random() < 0.4:
            services[name]["sampling"] = {"head": {"type": "ratio", "ratio": chance.choice([0.3, 0.7])}}
    rates = {"web": chance.choice([60, 100]), "api": chance.choice([0, 30])}
    for name, rate in rates.items():
        if rate:
            services[name]["traffic"] = {"requests_per_second": rate, **SHARES}
    return {"keep": keep, "services": services, "accept": {"TG401": "both are tried here"}}


def rehearse(folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    ran = tracegen("rehearse", folder / "tracegen.yaml", "--format", "json", *more)
    assert ran.out, ran.err
    return ran.code, json.loads(ran.out)


@pytest.mark.parametrize("seed", range(RANDOM_SPECS))
def test_what_is_counted_lies_in_the_predicted_intervals(tmp_path: Path, collector: Path, seed: int) -> None:
    with running(tmp_path, collector, **random_system(seed)) as system:
        file = str(system.recorder.file)
        code, said = rehearse(
            tmp_path, "--to", system.endpoint, "--count", file, "--seed", str(seed), "--duration", "8s"
        )
    assert code == 0, said["wrong"]
    assert said["head_sampled"]["traces"] >= 150
    assert sum(each["counted"]["whole"] for each in said["classes"].values()) > 0


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"num_traces": 20}, "error"),
        ({"policies": [{"name": "errors", "type": "latency", "latency": {"threshold_ms": 9000}}]}, "error"),
        ({"policies": [{"name": "all", "type": "always_sample"}]}, "normal"),
    ],
    ids=["too few slots", "a policy is gone", "too much is kept"],
)
def test_a_planted_fault_of_the_policies_is_found(tmp_path: Path, collector: Path, fault: Any, kind: str) -> None:
    services = {"web": {"language": "go", "traffic": {"requests_per_second": 100, **SHARES}}}
    planted = {"collector/gateway.yaml": {"processors": {"tail_sampling": fault}}}
    with running(tmp_path, collector, services=services, overrides=planted) as system:
        file = str(system.recorder.file)
        code, said = rehearse(tmp_path, "--to", system.endpoint, "--count", file, "--duration", "5s")
    assert code == 1
    assert any(f"class {kind}:" in each for each in said["wrong"]), said["wrong"]


def test_jaeger_is_asked_what_arrived(tmp_path: Path, jaeger: Path, collector: Path) -> None:
    services = {
        "web": {"language": "go", "calls": ["api"], "traffic": {"requests_per_second": 50, **SHARES}},
        "api": {"language": "python"},
    }
    tail = {"tail": {"decision_wait": "2s", "keep": ["errors", {"ratio": 0.2}]}}
    spec = one_service(backend={"type": "jaeger", "storage": "memory"}, services=services, sampling=tail)
    rendered = System(compiled(tmp_path, spec), tmp_path / "run")
    with rendered.up("jaeger", jaeger), rendered.up(GATEWAY, collector):
        to = f"grpc://{rendered.address(GATEWAY, 'otlp-grpc')}"
        counts = f"http://{rendered.address('jaeger', 'ui')}"
        code, said = rehearse(tmp_path, "--to", to, "--count", counts, "--duration", "6s")
    assert code == 0, said["wrong"]
    assert said["sent"]["acknowledged"] == said["made"]["spans"]
    assert said["classes"]["error"]["counted"]["whole"] == said["classes"]["error"]["sent"] > 10


def test_what_arrives_is_what_services_would_send(tmp_path: Path, collector: Path) -> None:
    services = {
        "web": {"language": "node", "calls": ["api"], "traffic": {"requests_per_second": 20, "errors": 0.5}},
        "api": {"language": "python", "version": "1.4"},
    }
    compiled(tmp_path, one_service(services=services))
    with Recorder(collector, tmp_path) as recorder:
        code, said = rehearse(
            tmp_path,
            *("--to", f"http://{recorder.http}", "--count", str(recorder.file), "--duration", "2s"),
        )
        spans = recorder.spans()
    assert code == 0, said["wrong"]
    assert len(spans) == said["made"]["spans"]
    assert {each.resource["service.name"] for each in spans} == {"web", "api"}
    api = next(each for each in spans if each.resource["service.name"] == "api" and each.span.kind == 2)
    assert api.resource["service.version"] == "1.4" and api.resource["telemetry.sdk.language"] == "python"
    assert api.span.attributes["http.route"] == "/api/{id}"
    assert any(event.name == "exception" for each in spans for event in each.span.events)
    assert not any(key.startswith(HEADER) for key in api.span.attributes)
