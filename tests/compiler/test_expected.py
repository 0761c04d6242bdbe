"""Folders that say what must come out: specs with their trees, bad specs with their problems, examples."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from example_trees import EXAMPLES, FOLDER, commands, is_kept, rendered, tree_without_memory
from support import ROOT, assert_same_tree, compiled, problems_of, tracegen, tree_of
from tracegen.problems.formats import formatter
from tracegen.spec.editor import editor_schema

CASES = sorted((ROOT / "tests" / "cases").iterdir())
PROBLEMS = sorted((ROOT / "tests" / "problems").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_case_renders_the_expected_tree(case: Path, tmp_path: Path, regen: bool) -> None:
    expected = case / "expected"
    tree = compiled(tmp_path, (case / "tracegen.yaml").read_text(encoding="utf-8")).tree
    if regen:
        shutil.rmtree(expected, ignore_errors=True)
        for path, content in tree.items():
            (expected / path).parent.mkdir(parents=True, exist_ok=True)
            (expected / path).write_bytes(content)
    assert_same_tree(tree, tree_of(expected))


@pytest.mark.parametrize("case", PROBLEMS, ids=lambda path: path.name)
def test_a_bad_spec_has_the_expected_problems(case: Path, regen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    # Each by itself: of many problems of a code, text shows the first only.
    found = "".join(formatter("text")([problem]) for problem in problems_of(Path("tracegen.yaml")))
    expected = case / "problems.txt"
    if regen:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")
    assert case.name.split("-")[0] in found, "the folder's name begins with the code that it shows"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_rendered_and_has_no_errors(example: Path, tmp_path: Path, regen: bool) -> None:
    """The whole is rendered as a person does it, and is then as the spec says; what is kept of it is compared."""
    here = tmp_path / example.name
    assert [each.code for each in rendered(example, here)] == [0] * len(commands(example))
    for arguments in commands(example):
        assert tracegen("render", "--check", here / "tracegen.yaml", *arguments).code == 0
    tree = {path: content for path, content in tree_without_memory(here).items() if is_kept(example, path)}
    if regen:
        _keep(example, here, tree)
    assert_same_tree(tree, _kept_of(example))
    assert_same_modes(here, example, tree)


def test_what_is_kept_of_an_example_is_what_git_keeps() -> None:
    """`examples/.gitignore` is read here as git reads it."""
    command = ["git", "-C", str(FOLDER), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is no git checkout")
    of_git = {name for name in done.stdout.split("\0") if name.count("/") and (FOLDER / name).is_file()}
    assert of_git == {f"{example.name}/{path}" for example in EXAMPLES for path in _kept_of(example)}


def test_of_a_hundred_services_two_are_kept_and_all_are_rendered(tmp_path: Path) -> None:
    example = FOLDER / "10-hundred-services"
    rendered(example, tmp_path)
    services = {path.name for path in (tmp_path / "services").iterdir()}
    assert len(services) == 100
    kept = {path.split("/")[1] for path in _kept_of(example) if path.startswith("services/")}
    assert kept < services
    assert len(kept) == 2
    readme = (example / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in kept), "the README says which"


def test_the_schema_for_editors_is_committed_as_the_code_makes_it(regen: bool) -> None:
    path = ROOT / "schemas" / "tracegen.schema.json"
    if regen:
        path.write_text(editor_schema(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == editor_schema()


def assert_same_modes(found: Path, expected: Path, paths: Iterable[str]) -> None:
    """What can be run in one folder can be run in the other."""
    for path in paths:
        assert os.access(found / path, os.X_OK) == os.access(expected / path, os.X_OK), path


def _kept_of(example: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree_without_memory(example).items() if is_kept(example, path)}


def _keep(example: Path, rendered_folder: Path, tree: Iterable[str]) -> None:
    """Put what is kept into the example, and take away what is no longer rendered."""
    for path in _kept_of(example).keys() - set(tree):
        (example / path).unlink()
    for path in tree:
        (example / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(rendered_folder / path, example / path)
