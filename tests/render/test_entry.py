"""Generated services that nobody calls: reached from this machine, and alive while nobody asks them."""

from pathlib import Path

import pytest
import yaml

from support import compiled, one_service

SERVICES = {
    "web": {"language": "node", "calls": ["api"]},
    "api": {"language": "go"},
    "nightly": {"language": "python", "calls": ["api"], "traffic": {"requests_per_second": 5}},
    "twice": {"language": "go", "replicas": 2},
    "bought": {"language": "java", "image": "registry.example.com/bought:1"},
}


def compose(folder: Path, environment: str | None = None, **said: object) -> dict[str, dict[str, object]]:
    rendered = compiled(folder, one_service(services=SERVICES, environments={"prod": {}}, **said), environment)
    services: dict[str, dict[str, object]] = yaml.safe_load(rendered.tree["compose.yaml"])["services"]
    return services


def test_an_entry_is_published_on_loopback_while_it_is_generated(tmp_path: Path) -> None:
    published = {name: each["ports"] for name, each in compose(tmp_path).items() if "ports" in each}
    # The second with the same port gets another one of the host; of several replicas none has one.
    assert published == {
        "jaeger": ["127.0.0.1:16686:16686"],
        "web": ["127.0.0.1:8080:8080"],
        "nightly": ["127.0.0.1::8080"],
    }


@pytest.mark.parametrize(("publish", "expected"), [(["ui"], 0), (["entry"], 2), (["all"], 2), ([], 0)])
def test_publish_says_whether_it_is(publish: list[str], expected: int, tmp_path: Path) -> None:
    services = compose(tmp_path, compose={"publish": publish})
    assert sum("ports" in services[name] for name in SERVICES) == expected


def test_in_an_environment_the_engine_chooses(tmp_path: Path) -> None:
    assert compose(tmp_path, "prod")["web"]["ports"] == ["127.0.0.1::8080"]
    rendered = compiled(tmp_path, one_service(environments={"prod": {}}), "prod")
    assert b'curl "http://$(docker compose port api 8080)/"' in rendered.tree["TRACING.md"]


def test_an_entry_sends_itself_what_the_spec_states_or_one_request_a_second(tmp_path: Path) -> None:
    variables = {name: each.get("environment", {}) for name, each in compose(tmp_path).items() if name in SERVICES}
    rates = {name: each.get("EXAMPLE_REQUESTS_PER_SECOND") for name, each in variables.items()}  # type: ignore[attr-defined]
    assert rates == {"web": "1", "api": None, "nightly": "5", "twice": "0.5", "bought": None}
