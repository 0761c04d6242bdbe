"""Which files `include` names, in which order, and what it never reads."""

import os
from pathlib import Path

import pytest

from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.source import files, load, plain

SERVICES = "services:\n  {name}: {{language: go}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec's teams, below one that holds what does not belong to it."""
    for path in ("teams/b.yaml", "teams/a.yaml", "teams/deep/er/c.yaml", "teams/notes.txt", "other.yaml"):
        write(tmp_path / "spec" / path)
    write(tmp_path / "outside.yaml")
    monkeypatch.chdir(tmp_path / "spec")
    return tmp_path / "spec"


def write(path: Path, text: str = "services: {}\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def included(include: str) -> list[str]:
    write(Path("tracegen.yaml"), f"name: shop\ninclude: {include}\n")
    return [file for file, _ in load("tracegen.yaml").included]


def errors(include: str) -> list[Problem]:
    with pytest.raises(ProblemsFound) as raised:
        included(include)
    return list(raised.value.problems)


@pytest.mark.parametrize(
    ("include", "files"),
    [
        ("[]", []),
        ("[teams/a.yaml]", ["teams/a.yaml"]),
        ("teams/a.yaml", ["teams/a.yaml"]),
        ("[./teams//a.yaml]", ["teams/a.yaml"]),
        ("['teams/*.yaml']", ["teams/a.yaml", "teams/b.yaml"]),
        ("['teams/[b-z].yaml', 'teams/?.yaml']", ["teams/a.yaml", "teams/b.yaml"]),
        ("[teams/b.yaml, 'teams/*.yaml', teams/a.yaml]", ["teams/a.yaml", "teams/b.yaml"]),
        ("['teams/**/*.yaml']", ["teams/a.yaml", "teams/b.yaml", "teams/deep/er/c.yaml"]),
        ("['**/c.yaml']", ["teams/deep/er/c.yaml"]),
        ("['**/**/c.yaml']", ["teams/deep/er/c.yaml"]),
        ("['*.yaml']", ["other.yaml"]),  # not the spec itself
        ("['**/*.yaml']", ["other.yaml", "teams/a.yaml", "teams/b.yaml", "teams/deep/er/c.yaml"]),
    ],
)
def test_files(include: str, files: list[str]) -> None:
    assert included(include) == files


def test_roots_come_unmerged_with_places_in_their_own_file() -> None:
    write(Path("one.yaml"), SERVICES.format(name="one"))
    write(Path("tracegen.yaml"), "name: shop\ninclude: [one.yaml]\nservices: {two: {language: go}}\n")
    document = load("tracegen.yaml")
    assert list(plain(document.root)["services"]) == ["two"]
    [(file, root)] = document.included
    assert (file, list(plain(root)["services"])) == ("one.yaml", ["one"])
    assert root.entries["services"].key_place.file == "one.yaml"


def test_files_are_shown_like_the_spec(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "tracegen.yaml", "include: [teams/a.yaml]\n")
    monkeypatch.chdir(folder.parent)
    assert load("spec/tracegen.yaml").included[0][0] == "spec/teams/a.yaml"
    monkeypatch.chdir(folder / "teams")
    assert load("../tracegen.yaml").included[0][0] == "a.yaml"


def test_hidden_files_are_named_or_not_read() -> None:
    write(Path(".hidden.yaml"))
    write(Path(".config/x.yaml"))
    write(Path(".tracegen/base/tracegen.yaml"))
    assert included("['*hidden.yaml', '**/x.yaml', '**/*.yaml']") == included("['**/*.yaml']")
    assert included("[.hidden.yaml, '.config/*.yaml']") == [".config/x.yaml", ".hidden.yaml"]
    assert "tracegen's own folder" in errors("['.tracegen/base/*.yaml']")[0].message
    assert included("['.*/base/*.yaml']") == []


def test_a_pattern_that_matches_nothing_is_a_warning_at_its_item() -> None:
    write(Path("tracegen.yaml"), "include:\n  - teams/*.yaml\n  - none/*.yaml\n")
    [problem] = load("tracegen.yaml").problems
    assert (problem.severity, problem.code.id, problem.path) == (Severity.WARNING, "TG107", "include[1]")
    assert (problem.place.line, problem.place.column) == (3, 5)


def test_a_file_that_is_not_there() -> None:
    [problem] = errors("[teams/aa.yaml]")
    assert problem.message == "there is no file 'teams/aa.yaml'"
    assert problem.hint == "did you mean 'teams/a.yaml'?"


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("../outside.yaml", "leads out"),
        ("teams/../../outside.yaml", "leads out"),
        ("teams/../*.yaml", "leads out"),
        ("/etc/passwd", "is not relative"),
        ("~/x.yaml", "is not relative"),
        ("C:/x.yaml", "is not relative"),
        ("'teams\\a.yaml'", "backslash"),
        ("''", "is no name"),
        ('"a\\0b"', "is no name"),
        ("12", "is the name of a file"),
        ("{a: b}", "is the name of a file"),
        ("[a]", "is the name of a file"),
        ("teams", "is a folder"),
        ("tracegen.yaml", "is this spec itself"),
    ],
)
def test_items_that_are_refused(item: str, said: str) -> None:
    [problem] = errors(f"[{item}]")
    assert said in problem.message and problem.hint
    assert (problem.code.id, problem.path, problem.place.line, problem.place.column) == ("TG107", "include[0]", 2, 11)


@pytest.mark.parametrize("value", ["{a: b}", "12", "", "true"])
def test_an_include_that_is_no_list(value: str) -> None:
    [problem] = errors(value)
    assert (problem.message, problem.place.line, problem.place.column) == ("include is a list of file names", 2, 1)


@pytest.mark.parametrize("item", ["link.yaml", "'*.yaml'", "linked/outside.yaml", "'linked/*.yaml'"])
def test_links_that_lead_out(item: str, folder: Path) -> None:
    Path("link.yaml").symlink_to("../outside.yaml")
    Path("linked").symlink_to("..")
    found = errors(f"[{item}]")
    assert {problem.code.id for problem in found} == {"TG107"}
    assert "leads out of the spec's folder" in found[0].message


def test_links_that_stay_inside_are_the_file_they_lead_to() -> None:
    Path("link.yaml").symlink_to("teams/a.yaml")
    assert included("[link.yaml]") == ["link.yaml"]
    assert included("[link.yaml, teams/a.yaml]") == ["link.yaml"]


def test_links_in_a_circle_end() -> None:
    Path("teams/up").symlink_to("..")
    assert included("['**/b.yaml']") == ["teams/b.yaml"]


def test_a_link_to_the_spec_is_the_spec() -> None:
    Path("again.yaml").symlink_to("tracegen.yaml")
    assert included("['again*.yaml']") == []


def test_what_is_no_file() -> None:
    os.mkfifo("pipe.yaml")
    Path("folder.yaml").mkdir()
    Path("dangling.yaml").symlink_to("nowhere")
    assert included("['*.yaml']") == ["other.yaml"]
    [problem] = errors("[pipe.yaml]")
    assert (problem.code.id, problem.message) == ("TG108", "'pipe.yaml' cannot be read: it is a pipe")
    assert "there is no file" in errors("[dangling.yaml]")[0].message


def test_keys_that_an_included_file_may_not_have() -> None:
    write(Path("x.yaml"), "name: x\ninclude: [y.yaml]\nservices: [a]\nslos: {}\nmetrics: true\n")
    found = errors("[x.yaml]")
    assert [(problem.place.file, problem.place.line, problem.path) for problem in found] == [
        ("x.yaml", 1, "name"),
        ("x.yaml", 2, "include"),
        ("x.yaml", 3, "services"),
        ("x.yaml", 4, "slos"),
        ("x.yaml", 5, "metrics"),
    ]
    assert "cannot include others" in found[1].message
    assert "is not a mapping" in found[2].message and "is not a list" in found[3].message


def test_problems_of_all_files_come_together() -> None:
    write(Path("x.yaml"), "services: {a: 1, a: 2}\n")
    write(Path("y.yaml"), "services: [\n")
    found = errors("[x.yaml, y.yaml, z.yaml, 'none*']")
    assert [problem.code.id for problem in found] == ["TG107", "TG107", "TG102", "TG101"]
    assert {problem.severity for problem in found} == {Severity.ERROR, Severity.WARNING}


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 3)
    assert len(included("['teams/**/*.yaml']")) == 3
    [problem] = errors("['**/*.yaml', 'teams/*.yaml']")
    assert problem.message == "more than 3 files are included"


def test_too_many_items() -> None:
    found = errors(f"[{'none.yaml, ' * 1_001}]")
    assert len(found) == 1_001
    assert found[-1].message == "more than 1,000 files are included"


def test_a_pattern_cannot_take_forever() -> None:
    assert included(f"['{'**/' * 200}{'*a' * 100}b.yaml']") == []
