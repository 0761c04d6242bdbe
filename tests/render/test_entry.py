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


def test_the_spec_names_ports_of_the_host_so_that_two_projects_fit_on_one(tmp_path: Path) -> None:
    spec = one_service(
        services=SERVICES,
        compose={"publish": [{"ui": 26686, "entry": 28080}, "otlp"]},
        environments={"dev": {}, "own": {"compose": {"publish": [{"ui": 36686}]}}},
    )

    def ports(environment: str | None) -> dict[str, object]:
        services = yaml.safe_load(compiled(tmp_path, spec, environment).tree["compose.yaml"])["services"]
        return {name: each["ports"] for name, each in services.items() if "ports" in each}

    gateway = "otel-gateway"
    assert ports(None) == {
        "jaeger": ["127.0.0.1:26686:16686"],
        gateway: ["127.0.0.1:4317:4317", "127.0.0.1:4318:4318"],
        "web": ["127.0.0.1:28080:8080"],
        "nightly": ["127.0.0.1:8080:8080"],
    }
    # What the base names is the base's; an environment has what it names itself.
    assert ports("dev")["jaeger"] == ["127.0.0.1::16686"]
    assert ports("own")["jaeger"] == ["127.0.0.1:36686:16686"]
    page = compiled(tmp_path, spec).tree["TRACING.md"].decode()
    assert "<http://127.0.0.1:26686>" in page
    assert "curl http://127.0.0.1:28080/" in page


def test_a_value_of_env_is_joined_from_texts_and_secrets(tmp_path: Path) -> None:
    url = ["postgres://app:", {"env": "DB_PASSWORD"}, "@db:", 5432, "/app"]
    api = {"language": "go", "env": {"DATABASE_URL": url}}
    spec = one_service(services={"api": api}, targets=["compose", "kubernetes"])
    tree = compiled(tmp_path, spec).tree
    service = yaml.safe_load(tree["compose.yaml"])["services"]["api"]
    assert service["environment"]["DATABASE_URL"] == ("postgres://app:${DB_PASSWORD:?see .env.example}@db:5432/app")
    assert b"DB_PASSWORD=\n" in tree[".env.example"]
    pod = yaml.safe_load(tree["kubernetes/services/api/deployment.yaml"])["spec"]["template"]["spec"]
    variables = {each["name"]: each for each in pod["containers"][0]["env"]}
    assert variables["DATABASE_URL"]["value"] == "postgres://app:$(DB_PASSWORD)@db:5432/app"
    assert variables["DB_PASSWORD"]["valueFrom"]["secretKeyRef"]["key"] == "DB_PASSWORD"
    names = [each["name"] for each in pod["containers"][0]["env"]]
    assert names.index("DB_PASSWORD") < names.index("DATABASE_URL")
