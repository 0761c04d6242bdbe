"""Every format is a module with a golden file, and no value in a problem breaks any of them."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems_formats.samples import BAD_VALUE, HOSTILE, PROBLEMS
from tracegen.problems import Place, Problem
from tracegen.problems.formats import FORMATS, formatter, text

EXPECTED = Path(__file__).parent / "expected"
ANY_TEXT = st.text(st.characters(), max_size=40)


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str, regen: bool) -> None:
    found = formatter(name)(PROBLEMS)
    if regen:
        EXPECTED.mkdir(exist_ok=True)
        (EXPECTED / name).write_bytes(found.encode())
    assert found == (EXPECTED / name).read_bytes().decode()


def test_formats() -> None:
    assert FORMATS[0] == "text"
    assert sorted(FORMATS) == ["github", "json", "sarif", "text"]


@pytest.mark.parametrize("name", ["", "xml", "_lines", "__init__", "..problem"])
def test_a_name_that_is_no_format(name: str) -> None:
    with pytest.raises(KeyError):
        formatter(name)


def test_only_the_format_asked_for_is_imported() -> None:
    program = """
import sys
from tracegen.problems.formats import formatter
formatter("text")([])
print(sorted(name for name in sys.modules if name.startswith("tracegen.problems.formats.")))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.strip() == "['tracegen.problems.formats._lines', 'tracegen.problems.formats.text']"


def test_no_problems() -> None:
    assert formatter("text")([]) == ""
    assert formatter("github")([]) == ""
    assert json.loads(formatter("json")([])) == []
    assert json.loads(formatter("sarif")([]))["runs"][0]["results"] == []


@pytest.mark.parametrize("name", FORMATS)
@given(file=ANY_TEXT, path=ANY_TEXT, message=ANY_TEXT, hint=ANY_TEXT)
def test_any_text_can_be_printed_and_breaks_no_line(name: str, file: str, path: str, message: str, hint: str) -> None:
    found = formatter(name)([Problem.of(BAD_VALUE, Place(file, 1, 1), path, message, hint)])
    assert found.encode()  # it can be written in UTF-8
    assert found.endswith("\n")
    if name == "text":
        assert found.count("\n") == len(found.splitlines()) == (2 if hint else 1)
    elif name == "github":
        assert found.count("\n") == len(found.splitlines()) == 1
    else:
        assert found.isascii() and json.loads(found)


class TestText:
    def test_the_line_that_the_documentation_shows(self) -> None:
        assert text.format(PROBLEMS[1:2]) == (
            "tracegen.yaml:14:15: TG202 services.checkout.language: 'pyhton' is not a language; "
            "choose from go, java, node, python, rust\n"
            "  hint: did you mean 'python'?\n"
        )

    def test_warnings_and_notes_are_marked(self) -> None:
        found = text.format(PROBLEMS[2:4]).splitlines()
        assert found[0] == "teams/ü a.yaml:3:1: TG401 warning sampling.head: half of it is 50%"
        assert found[1] == "teams/ü a.yaml:4:1: TG401 note: accepted: meant so"

    def test_a_problem_of_the_whole_file_has_no_line(self) -> None:
        assert text.format(PROBLEMS[:1]) == "tracegen.yaml: TG202: the file as a whole\n"

    def test_hostile_values_are_escaped(self) -> None:
        said = r"a\nb\r\n::set-env name=X::y\tc\x1b[31m\x9b\u202e\u2028\u200b\ud800\ufeff\x00 100% a,b:c"
        assert text.format(PROBLEMS[4:]) == (
            rf"a\nb\x1b.yaml:1:2: TG202 env.A\nB: not {said}" + "\n" + f"  hint: try {said}\n"
        )

    def test_other_scripts_are_left_as_they_are(self) -> None:
        problem = replace(PROBLEMS[0], message="'köln 東京 😀' (…) „x“ \\ is not a name")
        assert "'köln 東京 😀' (…) „x“ \\ is not a name" in text.format([problem])

    def test_colour_only_when_asked_and_only_around_the_text(self) -> None:
        painted = text.format(PROBLEMS, colour=True)
        assert "\x1b[31mTG202\x1b[0m" in painted and "\x1b[33mTG401 warning\x1b[0m" in painted
        for paint in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[36m"):
            painted = painted.replace(paint, "")
        assert painted == text.format(PROBLEMS)

    def test_the_order_is_the_callers(self) -> None:
        assert text.format(PROBLEMS[::-1]).splitlines()[-1] == "tracegen.yaml: TG202: the file as a whole"


class TestJson:
    def test_keys_and_values(self) -> None:
        assert json.loads(formatter("json")(PROBLEMS))[1] == {
            "file": "tracegen.yaml",
            "line": 14,
            "column": 15,
            "path": "services.checkout.language",
            "code": "TG202",
            "severity": "error",
            "message": "'pyhton' is not a language; choose from go, java, node, python, rust",
            "hint": "did you mean 'python'?",
            "link": "docs/problems.md#tg202",
        }

    def test_values_come_through_unchanged(self) -> None:
        found = json.loads(formatter("json")(PROBLEMS))[4]
        assert (found["message"], found["hint"]) == (f"not {HOSTILE}", f"try {HOSTILE}")


class TestGithub:
    def test_commands(self) -> None:
        found = formatter("github")(PROBLEMS[:4]).splitlines()
        assert found == [
            "::error file=tracegen.yaml,title=TG202 value not allowed::the file as a whole",
            "::error file=tracegen.yaml,line=14,col=15,title=TG202 value not allowed::"
            "services.checkout.language: 'pyhton' is not a language; choose from go, java, node, python, rust"
            "%0Ahint: did you mean 'python'?",
            "::warning file=teams/ü a.yaml,line=3,col=1,title=TG401 head sampling before tail sampling::"
            "sampling.head: half of it is 50%25",
            "::notice file=teams/ü a.yaml,line=4,col=1,title=TG401 head sampling before tail sampling::"
            "accepted: meant so",
        ]

    def test_a_value_cannot_start_a_command_or_end_a_property(self) -> None:
        hostile = Problem.of(BAD_VALUE, Place("a,b:c%0A\n.yaml", 1, 1), "", HOSTILE)
        [line] = formatter("github")([hostile]).splitlines()
        assert line.startswith(
            "::error file=a%2Cb%3Ac%250A\\n.yaml,line=1,col=1,title=TG202 value not allowed::a\\nb"
        )
        assert "100%25 a,b:c" in line and "%0A" not in line.replace("%250A", "")
