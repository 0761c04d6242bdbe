"""Docker Compose itself reads every compose file that the tests render."""

import subprocess
from pathlib import Path

import pytest

from support import ROOT

RENDERED = sorted([*ROOT.glob("examples/**/compose.yaml"), *ROOT.glob("tests/cases/**/compose.yaml")])


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: str(path.relative_to(ROOT)))
def test_docker_compose_accepts_the_file(path: Path, docker_compose: Path, tmp_path: Path) -> None:
    variables = tmp_path / ".env"
    example = (path.parent / ".env.example").read_text(encoding="utf-8")
    variables.write_text(example.replace("=\n", "=value\n"), encoding="utf-8")
    command = [str(docker_compose), "--env-file", str(variables), "--file", str(path), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
