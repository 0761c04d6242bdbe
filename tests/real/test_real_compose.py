"""Docker Compose itself reads every compose file that the tests render."""

import subprocess
from pathlib import Path

import pytest

from example_trees import FOLDER, all_rendered
from support import ROOT, tracegen

ALL = sorted(
    path
    for path in (*ROOT.glob("examples/**/compose.yaml"), *ROOT.glob("tests/cases/**/compose.yaml"))
    if ".tracegen" not in path.parts
)
#: What a service that runs elsewhere extends lies in its own folder.
FRAGMENTS = [path for path in ALL if path.parent.parent.name == "services"]
RENDERED = [path for path in ALL if path not in FRAGMENTS]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples, rendered whole: the repository keeps less than their compose files name."""
    return all_rendered(tmp_path_factory.mktemp("examples"))


def _whole(path: Path, whole: Path) -> Path:
    return whole / path.relative_to(FOLDER) if path.is_relative_to(FOLDER) else path


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: str(path.relative_to(ROOT)))
def test_docker_compose_accepts_the_file(path: Path, whole: Path, docker_compose: Path, tmp_path: Path) -> None:
    path = _whole(path, whole)
    variables = tmp_path / ".env"
    example = (path.parent / ".env.example").read_text(encoding="utf-8")
    variables.write_text(example.replace("=\n", "=value\n"), encoding="utf-8")
    command = [str(docker_compose), "--env-file", str(variables), "--file", str(path), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_compose_file_elsewhere_can_extend_a_fragment(
    path: Path, whole: Path, docker_compose: Path, tmp_path: Path
) -> None:
    """As the head of the fragment says; its environment file is found from wherever it is extended."""
    path = _whole(path, whole)
    name = path.parent.name
    service = f"{{image: 'acme/{name}:1.0', extends: {{file: {path}, service: {name}}}}}"
    (tmp_path / "compose.yaml").write_text(f"services: {{{name}: {service}}}\n", encoding="utf-8")
    command = [str(docker_compose), "--file", str(tmp_path / "compose.yaml"), "config"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert f"OTEL_SERVICE_NAME: {name}" in done.stdout


def _hashes(docker_compose: Path, folder: Path, said: str) -> dict[str, str]:
    """What Compose compares to see whether a container must be made anew, by service."""
    folder.mkdir(exist_ok=True)
    (folder / "tracegen.yaml").write_text(said, encoding="utf-8")
    assert tracegen("render", folder / "tracegen.yaml").code == 0
    command = [str(docker_compose), "--project-directory", str(folder), "config", "--hash", "*"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("more", "changed"),
    [
        ("collector: {redact: {patterns: [email]}}", {"otel-gateway"}),
        ("backend: {type: jaeger, retention: 2d}", {"jaeger"}),
        ("collector: {replicas: 2}", {"volume-owner", "otel-gateway-2"}),
    ],
    ids=["redact", "retention", "replicas"],
)
def test_an_edited_spec_makes_anew_what_it_changes_and_nothing_else(
    more: str, changed: set[str], docker_compose: Path, tmp_path: Path
) -> None:
    backend = "" if more.startswith("backend") else "backend: {type: jaeger}\n"
    said = "tracegen: 1\nname: shop\ntargets: [compose]\nservices: {api: {language: go, image: 'acme/api:1'}}\n"
    before = _hashes(docker_compose, tmp_path / "shop", f"{said}backend: {{type: jaeger}}\n")
    after = _hashes(docker_compose, tmp_path / "shop", f"{said}{backend}{more}\n")
    assert {name for name in after if after[name] != before.get(name)} == changed
    assert before.keys() <= after.keys()


def test_docker_compose_takes_what_a_team_overrides(docker_compose: Path, tmp_path: Path) -> None:
    """The skeleton's `compose.override.yaml` is found beside the rendered file, as it is and with a setting in it."""
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults").code == 0
    override = folder / "compose.override.yaml"
    said = override.read_text(encoding="utf-8")
    command = [str(docker_compose), "--project-directory", str(folder), "config"]
    for text in (said, said.replace("services: {}", "services: {api: {environment: {LOG_LEVEL: debug}}}")):
        override.write_text(text, encoding="utf-8")
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
    assert "LOG_LEVEL: debug" in done.stdout
