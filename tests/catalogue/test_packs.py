"""A pack is a folder: a copy of it under another name is judged the same, and renders the same."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import tracegen.packs
from support import compiled
from tracegen.catalogue import Catalogue, catalogue
from tracegen.checking import check
from tracegen.compiler import build
from tracegen.packs import contract
from tracegen.problems import ProblemsFound
from tracegen.source.files import load

Verdict = tuple[list[tuple[str, str, str, str]], dict[str, str]]

#: What rules ask of storages, and what changes what is rendered of them.
BACKENDS: list[dict[str, Any]] = [
    {},
    {"retention": "3d"},
    {"retention": "6h"},
    {"archive": True},
    {"mode": "scalable"},
    {"mode": "scalable", "kafka": {"brokers": ["a:9092", "b:9092"], "tls": {"ca": "ca.pem"}}},
]
LOGIN = {"username": {"file": "user.txt"}, "password": {"file": "password.txt"}}
SERVICES: list[dict[str, Any]] = [
    {},
    {"image": "acme/api:1"},
    {"deploy": False},
    {"image": "acme/api:1", "env": {"OTEL_GO_AUTO_TARGET_EXE": "/app/api"}},
]


def verdict(folder: Path, spec: Mapping[str, Any], packs: Catalogue, renamed: tuple[str, str]) -> Verdict:
    """What is said of a spec and what is rendered of it, one name put for another."""
    path = folder / "tracegen.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    try:
        document = load(str(path), None)
        checked = check(document, packs)
        problems = list(checked.problems)
        tree = build(document, checked.settings[None], packs).tree
    except ProblemsFound as error:
        problems, tree = list(error.problems), {}
    told = [(each.code.id, each.path, each.message, each.hint) for each in problems]
    return (
        [(code, path, message.replace(*renamed), hint.replace(*renamed)) for code, path, message, hint in told],
        {name.replace(*renamed): text.decode().replace(*renamed) for name, text in tree.items()},
    )


def same(folder: Path, spec: Mapping[str, Any], copied: Mapping[str, Any], packs: Catalogue, name: str) -> Verdict:
    """The verdict on a spec, which that on the copy beside has to be; what is rendered is as without the copy."""
    renamed = (f"copied{name}", name)
    mine = verdict(folder, spec, packs, renamed)
    assert verdict(folder, copied, packs, renamed) == mine
    assert verdict(folder, spec, catalogue(), ("", ""))[1] == mine[1]
    return mine


@pytest.fixture
def copied(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Catalogue]:
    """A storage's name, and the packs beside which there is a copy of it, `copied<name>`."""
    name, folder = request.param, tmp_path / "packs"
    original = catalogue().code[0] / name
    shutil.copytree(original, folder / f"copied{name}", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(tracegen.packs, "__path__", [*tracegen.packs.__path__, str(folder)])
    return name, Catalogue(catalogue().templates, (*catalogue().code, folder))


@pytest.mark.parametrize("copied", list(catalogue().storages), indirect=True)
def test_a_copy_of_a_storage_is_judged_and_rendered_alike(copied: tuple[str, Catalogue], tmp_path: Path) -> None:
    name, packs = copied
    rendered = 0
    for backend, options, more in storage_cases(name):
        specs = [
            {
                "tracegen": 1,
                "name": "shop",
                **more,
                "backend": {**backend, "storage": {"type": kind, **options}},
                "services": {"api": {"language": "python"}},
            }
            for kind in (name, f"copied{name}")
        ]
        rendered += bool(same(tmp_path, specs[0], specs[1], packs, name)[1])
    assert rendered


def storage_cases(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Backend, options of the storage, and the rest of a spec."""
    pack = catalogue().storages[name]
    examples = {key: each["examples"][0] for key, each in pack.options.get("properties", {}).items()}
    least = {key: examples[key] for key in pack.options.get("required", ())}
    for backend in BACKENDS:
        yield {"type": pack.backends[0], **backend}, least, {}
    yield {"type": pack.backends[0]}, least, {"security": {"tls": {"enabled": True}}}
    server = {**least, **{key: examples[key] for key in pack.server_named_by[:1]}}
    settings: list[dict[str, Any]] = [{key: value} for key, value in examples.items()]
    settings += [{key: {"file": "x.txt"}} for key in ("access_key", "secret_key", "key") if key in examples]
    settings += [LOGIN, {"manage": False}] if "username" in examples else []
    for said in settings:
        yield {"type": pack.backends[0], "retention": "3d"}, {**server, **said}, {"targets": ["compose"]}
    yield {"type": pack.backends[0]}, {**least, **LOGIN}, {}


@pytest.mark.parametrize("name", list(catalogue().languages))
def test_a_copy_of_a_language_is_judged_and_rendered_alike(name: str, tmp_path: Path) -> None:
    packs, rendered = with_language_copied(name, tmp_path), 0
    for service, more in language_cases(name):
        specs = [
            {
                "tracegen": 1,
                "name": "shop",
                "backend": {"type": "jaeger"},
                **more,
                "baggage": {"to_attributes": ["tier"]},
                "services": {"api": {"language": language, **service}},
            }
            for language in (name, f"copied{name}")
        ]
        rendered += bool(same(tmp_path, specs[0], specs[1], packs, name)[1])
    assert rendered


def language_cases(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A service, and the rest of a spec."""
    remote = {"sampling": {"head": {"type": "remote"}}}
    for kind in ("sdk", "auto", "none"):
        yield {"instrumentation": kind}, remote if kind in catalogue().languages[name].remote_sampling else {}
        yield {"instrumentation": kind, "deploy": False}, {"targets": ["compose"]}
    for service in SERVICES:
        operator = {"targets": ["kubernetes"], "kubernetes": {"flavor": "operator"}}
        yield {"instrumentation": "auto", **service}, operator


def with_language_copied(name: str, folder: Path) -> Catalogue:
    """The packs beside which there is a copy of a language, `copied<name>`."""
    ignore = shutil.ignore_patterns("__pycache__", "project")
    shutil.copytree(catalogue().templates, folder / "templates", ignore=ignore)
    languages = folder / "templates" / "languages"
    shutil.copytree(languages / name, languages / f"copied{name}")
    return Catalogue(folder / "templates", catalogue().code)


def test_a_language_without_an_example_needs_an_image(tmp_path: Path) -> None:
    with_language_copied("ruby", tmp_path)
    path = tmp_path / "templates" / "languages" / "copiedruby" / "pack.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    del data["example"]
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    packs = Catalogue(tmp_path / "templates", catalogue().code)
    services = {"api": {"language": "copiedruby"}}
    spec = {"tracegen": 1, "name": "shop", "backend": {"type": "jaeger"}, "services": services}
    told, tree = verdict(tmp_path, spec, packs, ("", ""))
    assert [code for code, *_ in told] == ["TG502"] and not tree


@pytest.mark.parametrize("name", catalogue().storages_of("jaeger"))
def test_a_storage_says_that_it_has_no_archive_where_it_has_none(name: str, tmp_path: Path) -> None:
    backend = {"type": "jaeger", "storage": name}
    spec = {"tracegen": 1, "name": "shop", "backend": backend, "services": {"api": {"language": "python"}}}
    part = contract.storage(name).part(compiled(tmp_path, spec).system)
    assert bool(part.archive) == (catalogue().storages[name].no_archive is None)


@pytest.mark.parametrize("backend", ["jaeger", "tempo"])
def test_prometheus_asks_the_processes_of_the_backend_and_no_service_that_is_called_like_one(
    backend: str, tmp_path: Path
) -> None:
    services = {f"{backend}-proxy": {"language": "python", "port": 8888 if backend == "jaeger" else 3200}}
    spec = {"tracegen": 1, "name": "shop", "backend": {"type": backend}, "metrics": True, "services": services}
    config = yaml.safe_load(compiled(tmp_path, spec).tree["prometheus/prometheus.yml"])
    assert [job["job_name"] for job in config["scrape_configs"]] == ["span-metrics", "otel-gateway", backend]
