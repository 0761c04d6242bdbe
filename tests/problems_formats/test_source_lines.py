"""On a terminal a problem is shown with its line, and a mark below its column; no secret is on it."""

import io
from pathlib import Path

import pytest

from support import problems_of
from tracegen.cli.problem_text import problem_text
from tracegen.problems import Code, Place, Problem
from tracegen.problems.formats import text

CODE = Code("TG110", "Unknown key")


def shown(line: str, column: int) -> list[str]:
    problem = Problem.of(CODE, Place("tracegen.yaml", 2, column), "", "wrong")
    return text.format([problem], lines_of=lambda file: ["tracegen: 1", line]).splitlines()[1:]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_mark_stands_below_the_column() -> None:
    assert shown("backend: {type: jager}", 17) == ["     2 | backend: {type: jager}", " " * 25 + "^"]
    line, mark = shown("x" * 500 + "HERE" + "y" * 500, 501)
    assert len(line) < 90
    assert line[mark.index("^") :].startswith("HERE")


@pytest.mark.parametrize("line", ["  password: {env: 'hunter2!'}", "  a: b, url: https://u:hunter2@h, bad: 1"])
def test_a_secret_on_the_line_is_not_shown(line: str) -> None:
    assert "hunter2" not in "".join(shown(line, 3))
    assert "hunter2" not in "".join(shown(line, len(line)))


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert "\x1b" not in "".join(shown("a: \x1b[2J", 1))


def test_lines_are_shown_on_a_terminal_only(tmp_path: Path) -> None:
    spec = tmp_path / "tracegen.yaml"
    spec.write_text("tracegen: 1\nname: shop\nbackend: {type: jaegr}\nservices: {api: {language: go}}\n")
    problems = problems_of(spec)
    assert "     3 | backend: {type: jaegr}\n" in problem_text(problems, Terminal())
    assert " | " not in problem_text(problems, io.StringIO())


def test_what_came_from_standard_input_has_no_lines() -> None:
    problem = Problem.of(CODE, Place("<stdin>", 2, 1), "", "wrong")
    assert problem_text([problem], Terminal()).count("\n") == 1
