"""The shipped configuration of yamllint, and what it says of the YAML in the repository; test_matrix too."""

import subprocess
from pathlib import Path

import pytest
import yaml

from invariants.yaml_files import lint
from support import ROOT

#: Files that are wrong on purpose, or copies of what others wrote.
_BAD = ("tests/source/", "tests/problems/", "tests/data/")


def committed_yaml() -> list[Path]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    names = [name for name in done.stdout.split("\0") if name.endswith((".yaml", ".yml", ".yamllint"))]
    return [ROOT / name for name in sorted(set(names)) if not name.startswith(_BAD) and (ROOT / name).is_file()]


def test_the_shipped_configuration_is_the_default_but_for_two_rules() -> None:
    shipped = yaml.safe_load((ROOT / ".yamllint").read_text(encoding="utf-8"))
    rules = {"line-length": "disable", "document-start": "disable"}
    assert shipped == {"extends": "default", "rules": rules}


@pytest.mark.parametrize("path", committed_yaml(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_yaml_in_the_repository_is_clean(path: Path) -> None:
    """Packs, examples with what they render, expected trees of cases, workflows."""
    assert not lint(path.read_text(encoding="utf-8"))
