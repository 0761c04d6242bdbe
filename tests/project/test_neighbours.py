"""What else works on a team's repository: git with its settings, formatters, search and replace, shallow clones.

None of them makes a conflict where nobody edited the same lines, and none loses a line that a person wrote.
"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from project.histories import copier_once as copier_once
from support import tracegen, tree_of

pytestmark = pytest.mark.usefixtures("copier_once")

SERVICES = "services=web node calls api, api python"
MINE = "# written by Maria\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an environment, committed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults", "--data", SERVICES).code == 0
    spec = folder / "tracegen.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + "environments:\n  prod: {collector: {replicas: 2}}\n", "utf-8")
    assert rendered(folder) == {"create", "same"}
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=all")


def rendered(folder: Path) -> set[str]:
    """The verdicts of a render of everything."""
    ran = tracegen("render", folder / "tracegen.yaml", "--all", "--format", "json")
    return {row["verdict"] for row in json.loads(ran.out)}


def changed(folder: Path, old: str = "  type: jaeger\n", new: str = "  type: jaeger\n  retention: 2d\n") -> set[str]:
    """A key of the spec changes, and everything is rendered; Maria's line stands where she wrote it."""
    spec = folder / "tracegen.yaml"
    text = spec.read_bytes().decode().replace("\r\n", "\n")
    assert old in text
    spec.write_text(text.replace(old, new), encoding="utf-8")
    found = rendered(folder)
    assert MINE.encode().strip() in (folder / "jaeger/config.yaml").read_bytes()
    assert b"48h" in (folder / "jaeger/config.yaml").read_bytes()
    return found


def edit(folder: Path) -> None:
    path = folder / "jaeger/config.yaml"
    path.write_bytes(MINE.encode() + path.read_bytes())


@pytest.mark.parametrize("attributes", [True, False], ids=["with .gitattributes", "of an old project"])
def test_a_clone_with_other_ends_of_lines(shop: Path, tmp_path: Path, attributes: bool) -> None:
    if not attributes:
        (shop / ".gitattributes").unlink()
        commit(shop)
    edit(shop)
    commit(shop)
    git(tmp_path, "clone", "--quiet", "--config", "core.autocrlf=true", str(shop), "clone")
    clone = tmp_path / "clone"
    for path, text in tree_of(clone).items():
        if attributes and path.endswith((".sh", ".env", "Dockerfile", "compose.yaml")):
            assert b"\r" not in text, path
    if not attributes:
        assert b"\r\n" in (clone / "compose.yaml").read_bytes()
    assert tracegen("render", clone / "tracegen.yaml", "--all", "--check").code == 0
    assert "conflict" not in changed(clone)


def test_a_clone_without_history_and_without_the_schema(shop: Path, tmp_path: Path) -> None:
    edit(shop)
    commit(shop)
    git(tmp_path, "clone", "--quiet", "--depth=1", shop.as_uri(), "clone")
    clone = tmp_path / "clone"
    assert not (clone / ".tracegen/schema.json").exists()
    assert tracegen("render", clone / "tracegen.yaml", "--all", "--check").code == 0
    assert changed(clone) == {"merge", "update", "same"}
    assert (clone / ".tracegen/schema.json").is_file()
    assert not [line for line in git(clone, "status", "--porcelain").splitlines() if "schema" in line]


def _quotes(text: str) -> str:
    """As formatters of YAML do: blanks in braces, no blank line at the end, one kind of quotes."""
    text = re.sub(r"\{(?! )([^{}\n\"']+)(?<! )\}", r"{ \1 }", text)
    return re.sub(r'"([^"\'\\\n]*)"', r"'\1'", text)


def _tables(text: str) -> str:
    """As formatters of Markdown do: cells as wide as their column."""
    out: list[str] = []
    for line in text.splitlines():
        out.append(" | ".join(cell.strip().ljust(24) for cell in line.split("|")) if line.startswith("|") else line)
    return "\n".join(out) + "\n"


@pytest.mark.parametrize(("suffix", "formatted"), [(".yaml", _quotes), (".md", _tables)], ids=["yaml", "markdown"])
def test_a_formatter_over_the_repository(shop: Path, suffix: str, formatted: Callable[[str], str]) -> None:
    """It may touch every file of a kind, the spec and rendered files too, also without `.prettierignore`."""
    edit(shop)
    memory = (shop / ".tracegen/memory").read_bytes()
    for path in sorted(shop.rglob(f"*{suffix}")):
        if ".git" not in path.parts:
            path.write_text(formatted(path.read_text(encoding="utf-8")), encoding="utf-8")
    ran = tracegen("render", shop / "tracegen.yaml", "--all", "--check")
    assert ran.code == 0 and ran.out.count("\nedited ") >= 2
    found = changed(shop)
    assert "conflict" not in found and (shop / ".tracegen/memory").read_bytes() != memory


def test_the_list_for_formatters_names_all_that_is_rendered(shop: Path) -> None:
    lines = (shop / ".prettierignore").read_text(encoding="utf-8").splitlines()
    ignored = tuple(line.strip("/") for line in lines if not line.startswith("#"))
    rows = json.loads(tracegen("render", shop / "tracegen.yaml", "--all", "--plan", "--format", "json").out)
    tops = {row["path"].split("/")[0] for row in rows if row["folder"] == "."}
    assert tops - {".env.example"} <= set(ignored)
    assert {"env", ".tracegen"} <= set(ignored)


def test_search_and_replace_in_every_file(shop: Path) -> None:
    """A word that stands in the spec and in what is rendered; what tracegen remembers does not hold it."""
    edit(shop)
    memories = {path: path.read_bytes() for path in sorted(shop.rglob(".tracegen/memory"))}
    for path in shop.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            path.write_bytes(path.read_bytes().replace(b"shop", b"store"))
    assert {path: path.read_bytes() for path in memories} == memories
    assert "conflict" not in changed(shop)
    assert tracegen("render", shop / "tracegen.yaml", "--all", "--check").code == 0


def test_two_branches_that_both_rendered(shop: Path) -> None:
    """Git merges what it can; where it cannot, in generated lines, the next render has the last word."""
    edit(shop)
    commit(shop)
    git(shop, "checkout", "--quiet", "-b", "other")
    changed(shop)
    commit(shop)
    git(shop, "checkout", "--quiet", "main")
    spec = shop / "tracegen.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + "  dev: {attributes: {a: b}}\n", encoding="utf-8")
    assert "conflict" not in rendered(shop)
    commit(shop)
    git(shop, "merge", "--quiet", "other")
    assert rendered(shop) <= {"merge", "edited", "update", "same", "create"}
    text = (shop / "jaeger/config.yaml").read_bytes()
    assert MINE.encode() in text and b"48h" in text
    assert tracegen("render", spec, "--all", "--check").code == 0


def test_one_key_that_changes_is_a_short_diff_of_what_is_remembered(shop: Path) -> None:
    edit(shop)
    commit(shop)
    changed(shop)
    names = [name for name in git(shop, "diff", "--name-only").splitlines() if ".tracegen/" in name]
    assert names == [".tracegen/memory", "env/prod/.tracegen/memory"], "one a tree"
