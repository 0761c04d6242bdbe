"""The top of the repository holds what the README names, and nothing else."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from pages import read_page
from support import ROOT

HEADING = "## What lies where"

#: What programs look for at the top under this name, and why it is there.
DOT_FILES = {
    ".ci": "what CI runs in a fresh clone",
    ".containerignore": "what a build of the container leaves out",
    ".github": "the workflow that looks at the age of pins",
    ".gitignore": "what git leaves out",
    ".pre-commit-hooks.yaml": "the hooks that other repositories take from here",
    ".yamllint": "how rendered YAML is linted, and ours",
}


def named() -> list[str]:
    """The files and folders in the first column of the README's table."""
    lines = [line for _, line in read_page(ROOT / "README.md").prose]
    rows = [line for line in lines[lines.index(HEADING) + 1 :] if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def complaints(entries: Iterable[str], folder: Path) -> list[str]:
    """What is wrong with the paths of files, counted from the top."""
    paths = list(entries)
    tops = {f"{path.split('/')[0]}/" if "/" in path else path for path in paths}
    known = {*named(), *DOT_FILES, *(f"{name}/" for name in DOT_FILES)}
    unknown = [f"{top}: the README does not name it" for top in sorted(tops - known)]
    empty = [f"{path}: empty" for path in paths if "/" not in path and not (folder / path).stat().st_size]
    return unknown + empty


def files_of_git() -> list[str]:
    """What is in git, or would be after `git add`."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is no git checkout")
    return sorted({name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()})


def test_the_top_holds_what_the_readme_names() -> None:
    assert not complaints(files_of_git(), ROOT)


def test_there_are_no_more_files_than_people_look_through() -> None:
    assert len(files_of_git()) < 2_300


def test_what_the_readme_names_is_there() -> None:
    found = files_of_git()
    for name in [*named(), *DOT_FILES]:
        assert any(path == name or path.startswith(f"{name.rstrip('/')}/") for path in found), name


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("b", "", ["b: the README does not name it", "b: empty"]),
        ("notes.txt", "x", ["notes.txt: the README does not name it"]),
        ("new/a", "x", ["new/: the README does not name it"]),
        ("LICENSE", "", ["LICENSE: empty"]),
        ("Makefile", "x", []),
        ("docs/a.md", "", []),
    ],
)
def test_a_stray_entry_is_found(name: str, text: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert complaints([name], tmp_path) == words


#: What looks at the whole repository: its form, its pages, the wheel, and what rendered files and tables come to.
OF_ALL = {
    "shape",
    "root",
    "docs",
    "problem_pages",
    "security_page",
    "lint_output",
    "wheel",
    "supply_chain",
    "hardening",
}
OF_ALL |= {"benchmark", "fuzz"}


def test_tests_lie_in_the_folder_of_the_package_that_they_test() -> None:
    tests = ROOT / "tests"
    assert {path.stem.removeprefix("test_") for path in tests.glob("test_*.py")} == OF_ALL
    packages = {path.parent.name for path in (ROOT / "src" / "tracegen").glob("*/__init__.py")}
    # `build` would be what git ignores; `problems` holds the cases of all codes; the compiler is a module.
    others = {"building", "problems_formats", "compiler", "invariants", "programs", "real"}
    assert {path.parent.name for path in tests.glob("*/test_*.py")} <= packages | others
