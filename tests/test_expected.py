"""Folders that say what must come out: specs with their trees, bad specs with their problems, examples."""

import shutil
from pathlib import Path

import pytest

from support import ROOT, assert_same_tree, compiled, problems_of, tracegen, tree_of
from tracegen.problems.formats import formatter
from tracegen.spec.editor import editor_schema

CASES = sorted((ROOT / "tests" / "cases").iterdir())
PROBLEMS = sorted((ROOT / "tests" / "problems").iterdir())
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())


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
def test_an_example_is_rendered_and_has_no_errors(
    example: Path, regen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(example)
    assert (example / "README.md").is_file()
    for environment in _environments(example):
        arguments = ["--env", environment] if environment else []
        if regen:
            assert tracegen("render", *arguments).code == 0
        assert tracegen("render", "--check", *arguments).code == 0


def test_the_schema_for_editors_is_committed_as_the_code_makes_it(regen: bool) -> None:
    path = ROOT / "schemas" / "tracegen.schema.json"
    if regen:
        path.write_text(editor_schema(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == editor_schema()


def _environments(example: Path) -> list[str | None]:
    rendered = example / "env"
    return [None, *sorted(path.name for path in rendered.iterdir())] if rendered.is_dir() else [None]
