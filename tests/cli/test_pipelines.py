"""What pipelines take: the GitHub Action's own scripts run, the hooks' commands run, the container file is safe."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import ROOT, tracegen

ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
CONTAINER = ROOT / "Containerfile"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a rendered environment beside the base."""
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults").code == 0
    spec = folder / "tracegen.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + "environments:\n  prod: {}\n", encoding="utf-8")
    assert tracegen("render", spec).code == 0
    assert tracegen("render", spec, "--env", "prod").code == 0
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """`tracegen` of this checkout as one file."""
    path = tmp_path / "tracegen"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -m tracegen "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def checked(project: Path, program: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's own script for checking, as GitHub runs it (`bash -eo pipefail`)."""
    action: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    step = next(each for each in action["runs"]["steps"] if each["name"] == "Check")
    given = {name: each["default"] for name, each in action["inputs"].items()} | inputs
    said = {"inputs." + name.replace("_", "-"): value for name, value in given.items()}
    variables = {
        name: re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: said.get(match[1], ""), value)
        for name, value in step["env"].items()
    }
    environment = {**os.environ, **variables, "TRACEGEN": str(program), "PYTHONPATH": str(ROOT / "src")}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_the_action_passes_a_project_that_is_in_order(project: Path, program: Path) -> None:
    done = checked(project, program, environments="prod", strict="true")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_fails_for_drift_also_of_an_environment(project: Path, program: Path) -> None:
    (project / "env/prod/.tracegen/memory").unlink()
    (project / "env/prod/compose.yaml").write_text("services: {}\n", encoding="utf-8")
    assert checked(project, program, environments="base").returncode == 0
    assert checked(project, program).returncode == 1
    assert checked(project, program, environments="prod").returncode == 1


def test_the_action_tells_a_wrong_spec_as_annotations(project: Path, program: Path) -> None:
    (project / "tracegen.yaml").write_text("tracegen: 1\nname: shop\n", encoding="utf-8")
    done = checked(project, program)
    assert done.returncode == 1
    assert "::error file=tracegen.yaml" in done.stdout


def test_what_is_said_to_the_action_is_never_code(project: Path, program: Path) -> None:
    hostile = "$(touch pwned) `touch pwned`; touch pwned; --output=/"
    for name in ("spec", "environments", "strict"):
        checked(project, program, **{name: hostile})
    assert not (project / "pwned").exists()
    text = ACTION.read_text(encoding="utf-8")
    scripts = [each["run"] for each in yaml.safe_load(text)["runs"]["steps"]]
    assert not [script for script in scripts if "${{" in script]


def test_the_hooks_run_what_their_names_say(project: Path, program: Path) -> None:
    hooks = {each["id"]: each for each in yaml.safe_load(HOOKS.read_text(encoding="utf-8"))}
    assert set(hooks) == {"tracegen-validate", "tracegen-check"}
    assert re.search(hooks["tracegen-validate"]["files"], "deep/below/tracegen.yaml")
    assert ran_hook(hooks["tracegen-validate"], project, program, "tracegen.yaml") == 0
    assert ran_hook(hooks["tracegen-check"], project, program) == 0
    (project / "tracegen.yaml").write_text("tracegen: 1\n", encoding="utf-8")
    assert ran_hook(hooks["tracegen-validate"], project, program, "tracegen.yaml") == 1
    assert ran_hook(hooks["tracegen-check"], project, program) == 1


def ran_hook(hook: dict[str, Any], project: Path, program: Path, *files: str) -> int:
    assert hook["language"] == "python", "installed by pre-commit itself"
    command = [*hook["entry"].split(), *files]
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False).returncode


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a container file, each on one line."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_container_runs_as_nobody_in_particular_from_an_image_with_a_version() -> None:
    found = instructions(CONTAINER.read_text(encoding="utf-8"))
    images = [rest.split()[0] for word, rest in found if word == "FROM"]
    assert images and not [each for each in images if not re.search(r":\d[\w.-]+$", each) or "latest" in each]
    users = [rest for word, rest in found if word == "USER"]
    assert users and re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    assert found[-2:] == [("ENTRYPOINT", '["tracegen"]'), ("CMD", '["--help"]')]


def test_the_container_copies_only_what_is_there_and_all_that_the_wheel_needs() -> None:
    found = instructions(CONTAINER.read_text(encoding="utf-8"))
    copied = [each for word, rest in found if word == "COPY" and "--from" not in rest for each in rest.split()[:-1]]
    assert not [each for each in copied if not (ROOT / each).exists()]
    built = (
        (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("force-include]")[1].split("\n\n[tool.ruff")[0]
    )
    wanted = re.findall(r'^"([^"]+)" = ', built, re.MULTILINE)
    assert wanted and not [each for each in wanted if not any(each.startswith(start) for start in copied)]
