"""The skeleton: its history is the same everywhere, copier takes it as it is, and no machine has a part in it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

from project.histories import history
from support import ROOT, tracegen, tree_of
from tracegen.project import history as histories
from tracegen.project.git import git
from tracegen.project.skeleton import ANSWERS, fresh, paths_of

COMMITS = ROOT / "tests" / "data" / "skeleton-commits.txt"
DATA = {"leave_out": [], "tracegen_version": "1"}


def commits(place: Path) -> str:
    return git(["for-each-ref", "--format=%(refname:short) %(objectname)"], folder=place).decode()


def test_a_released_version_has_the_commit_that_it_was_released_with(tmp_path: Path, regen: bool) -> None:
    """Before a release `--regen` may write it anew; after one a change belongs into a new version."""
    histories.make_repository(tmp_path / "made.git")
    if regen:
        COMMITS.write_text(commits(tmp_path / "made.git"), encoding="utf-8")
    assert commits(tmp_path / "made.git") == COMMITS.read_text(encoding="utf-8")


def test_the_history_is_the_same_wherever_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    histories.make_repository(tmp_path / "here.git")
    for name, value in hostile(tmp_path).items():
        monkeypatch.setenv(name, value)
    histories.make_repository(tmp_path / "there.git")
    assert commits(tmp_path / "here.git") == commits(tmp_path / "there.git")


def hostile(folder: Path) -> Mapping[str, str]:
    """A machine whose git signs, rewrites line ends, runs hooks that fail, and stands in another repository."""
    home = folder / "home"
    (home / "hooks").mkdir(parents=True)
    for name in ("pre-commit", "commit-msg", "post-checkout", "reference-transaction"):
        (home / "hooks" / name).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (home / "hooks" / name).chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {home / 'hooks'}\n\tautocrlf = true\n\texcludesFile = {home / 'ignored'}\n"
        "[commit]\n\tgpgSign = true\n[init]\n\tdefaultBranch = other\n"
        '[url "/nowhere/"]\n\tinsteadOf = https://tracegen.example/\n',
        encoding="utf-8",
    )
    (home / "ignored").write_text("*\n", encoding="utf-8")
    copier = home / "copier.yml"
    copier.write_text("defaults: {tracegen_version: of-this-machine}\n", encoding="utf-8")
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "COPIER_SETTINGS_PATH": str(copier),
        "COPIER_CACHE_DIR": "/nowhere",
        "GIT_DIR": str(ROOT / "nowhere"),
        "GIT_AUTHOR_DATE": "2001-01-01T00:00:00",
        "TZ": "Asia/Tokyo",
    }


def test_nothing_of_this_machine_has_a_part_in_the_skeleton(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh(DATA)
    for name, value in hostile(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert fresh(DATA) == before


def test_the_template_asks_for_no_trust() -> None:
    for release in histories.releases():
        config = yaml.safe_load((release.folder / "copier.yml").read_text(encoding="utf-8"))
        assert not {"_tasks", "_migrations", "_jinja_extensions", "_external_data"} & set(config)


def test_every_file_of_it_can_be_left_out() -> None:
    whole = set(fresh(DATA)) - {ANSWERS}
    assert whole == set(paths_of())
    for path in sorted(whole):
        assert set(fresh({**DATA, "leave_out": [path]})) == whole - {path} | {ANSWERS}


def test_it_asks_nothing_that_the_spec_holds() -> None:
    config = yaml.safe_load((histories.releases()[-1].folder / "copier.yml").read_text(encoding="utf-8"))
    questions = {key for key in config if not key.startswith("_")}
    keys = json.loads((ROOT / "schemas" / "tracegen.schema.json").read_text(encoding="utf-8"))["properties"]
    assert questions == {"leave_out", "tracegen_version"}
    assert not questions & set(keys)


def test_its_files_are_well_formed() -> None:
    rules = YamlLintConfig((ROOT / ".yamllint").read_text(encoding="utf-8"))
    for path, content in fresh(DATA).items():
        text = content.decode()
        assert text.endswith("\n") and not re.search(r"[ \t]$|\[\[|\[%", text, re.MULTILINE), path
        if path.endswith((".yaml", ".yml")) and path != ANSWERS:
            found = [str(each) for each in linter.run(text, rules) if each.rule not in ("truthy",)]
            assert not found, (path, found)
        elif path.endswith(".json"):
            json.loads(text)


def test_the_workflow_and_the_hooks_run_commands_of_tracegen_that_exist(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults").code == 0
    workflow = yaml.safe_load((folder / ".github/workflows/tracing.yaml").read_text(encoding="utf-8"))
    hooks = yaml.safe_load((folder / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    steps = [each["run"] for each in workflow["jobs"]["tracegen"]["steps"] if "run" in each]
    entries = [each["entry"] for each in hooks["repos"][0]["hooks"]]
    commands = [each for each in [*steps, *entries] if each.startswith("tracegen ")]
    wanted = {"tracegen render --all --check", "tracegen validate --format github", "tracegen validate"}
    assert wanted == set(commands)
    for command in commands:
        done = subprocess.run([sys.executable, "-m", *command.split()], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "say here"),
        ("# tracegen-otel\n", "say here"),
        ("tracegen==0.1.0\n", "another program"),
        ("tracegen @ git+https://git.example.com/tracegen\n", "another program"),
        ("tracegen\n", "another program"),
        ("tracegen-otel @ git+https://git.example.com/tracegen@0123456\n", ""),
        ("./wheels/tracegen_otel-0.1.0-py3-none-any.whl\n", ""),
    ],
)
def test_the_workflow_says_what_is_missing_before_pip_installs_a_stranger(
    tmp_path: Path, line: str, says: str
) -> None:
    files = fresh(DATA)
    steps = yaml.safe_load(files[".github/workflows/tracing.yaml"])["jobs"]["tracegen"]["steps"]
    script = next(each["run"] for each in steps if each.get("name") == "Is it said which tracegen?")
    assert steps.index(next(each for each in steps if "pip install" in each.get("run", ""))) == 3
    text = files["requirements-tracegen.txt"].decode() + line
    (tmp_path / "requirements-tracegen.txt").write_text(text, encoding="utf-8")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode == 1 and says in done.stdout) if says else done.returncode == 0, done


def test_what_a_project_asks_pip_for_is_never_the_other_program() -> None:
    """The name alone, as a requirement or an argument of pip, would be somebody else's."""
    for path, text in fresh(DATA).items():
        assert not named_for_pip(text.decode()), path


def test_nothing_in_this_repository_leads_to_the_other_program() -> None:
    """Pages, scripts, texts that are printed, and what is rendered; a released skeleton stays as it was."""
    listed = git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"], folder=ROOT).decode()
    found = []
    for name in filter(None, listed.split("\0")):
        place = ROOT / name
        if place.is_file() and not name.startswith(("templates/project/v1/", "tests/")):
            found += [(name, line) for line in named_for_pip(place.read_text(encoding="utf-8", errors="replace"))]
    assert not found


def named_for_pip(text: str) -> list[str]:
    """Lines that let an installer look for `tracegen` on an index."""
    asked = re.compile(
        r"(pip3?|pipx|uv|uvx)\b[^`\n]*\s(install|run|add|upgrade|uvx)\b[^`\n]*\s[\"']?tracegen(?![-\w./])"
        r"|^tracegen\s*(==|>=|~=|@|$)"
    )
    return [line for line in text.splitlines() if not line.startswith("#") and asked.search(line)]


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("tracegen==0.1.0", True),
        ("python -m pip install --upgrade tracegen", True),
        ("pipx install tracegen", True),
        ("uv tool install tracegen==1", True),
        ("tracegen-otel==0.1.0", False),
        ("python -m pip uninstall --yes tracegen", False),
        ("pip install tracegen-otel", False),
        ("tracegen render", False),
    ],
)
def test_what_leads_to_the_other_program_is_seen(text: str, is_so: bool) -> None:
    assert bool(named_for_pip(text)) == is_so


def test_renovate_leaves_alone_what_tracegen_writes(tmp_path: Path) -> None:
    """Every rendered file with an image lies under a path that Renovate ignores."""
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults").code == 0
    ignored = json.loads((folder / "renovate.json").read_text(encoding="utf-8"))["ignorePaths"]
    patterns = [re.compile("(.*/)?" + each.removeprefix("**/").replace("**", ".*")) for each in ignored]
    with_images = [path for path, text in tree_of(folder).items() if b"image: " in text]
    assert with_images
    assert not [path for path in with_images if not any(each.fullmatch(path) for each in patterns)]


def test_plain_copier_update_works_for_whoever_reaches_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repository is published by `scripts/publish_skeleton.py`; nothing of tracegen runs after that."""
    monkeypatch.setattr(histories, "home", lambda: tmp_path / "one")
    history(tmp_path / "one", 1)
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults").code == 0
    readme = folder / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("the platform team", "Maria"), encoding="utf-8")
    monkeypatch.setattr(histories, "home", lambda: tmp_path / "three")
    history(tmp_path / "three", 3)
    histories.make_repository(tmp_path / "published.git")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=mine"]):
        git(words, folder=folder)
    reached = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path / 'published.git'}.insteadOf",
        "GIT_CONFIG_VALUE_0": histories.addresses()[0],
        "COPIER_CACHE_DIR": str(tmp_path / "cache"),
    }
    command = [sys.executable, "-m", "copier", "update", "--defaults", "--quiet", str(folder)]
    done = subprocess.run(command, env=reached, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = readme.read_text(encoding="utf-8")
    assert "Ask Maria." in text and "# Tracing of these services" in text
    assert "_commit: v3" in (folder / ANSWERS).read_text(encoding="utf-8")
