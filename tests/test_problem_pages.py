"""Every problem code has one true section in `docs/problems.md`, and a spec in `tests/problems` that shows it."""

import pkgutil
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

import tracegen
from support import ROOT, problems_of
from support import tracegen as run
from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.problems import Code, Problem, ProblemsFound, Severity
from tracegen.source.files import load

PAGE = ROOT / "docs" / "problems.md"

#: Codes that no folder can show, each with the reason.
NOT_FROM_A_SPEC = {
    "TG108": "needs a file that the system refuses to read, which git does not keep; see tests/cli/test_bad_input.py",
    "TG122": "needs an older format, and 1 is the first; see tests/spec/test_formats.py",
}

#: Codes that are found after the language: what is rendered has to be known.
OF_THE_COMPILER = ("TG121", "TG205")

SMALLEST = {
    "tracegen": "tracegen: 1",
    "name": "name: shop",
    "backend": "backend: {type: jaeger}",
    "services": "services:\n  api: {language: python}",
}


@dataclass(frozen=True)
class Section:
    """What the page says of one code."""

    title: str
    text: str

    def snippets(self, kind: str) -> list[str]:
        """The fenced blocks after a line `Wrong:` or `Right:`."""
        return re.findall(rf"^{kind}:\n\n```yaml\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)


def _codes() -> list[Code]:
    """Every code of the package, as often as it is defined."""
    found: dict[int, Code] = {}
    for module in pkgutil.walk_packages(tracegen.__path__, "tracegen."):
        if not module.name.endswith("__main__"):
            found |= {id(each): each for each in vars(import_module(module.name)).values() if isinstance(each, Code)}
    return sorted(found.values(), key=lambda code: code.id)


def _sections() -> list[tuple[str, Section]]:
    parts = re.split(r"^### (TG\d{3}) (.*)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [(parts[at], Section(parts[at + 1], parts[at + 2])) for at in range(0, len(parts), 3)]


CODES = _codes()
SECTIONS = dict(_sections())
each_code = pytest.mark.parametrize("code", CODES, ids=lambda code: code.id)


def test_a_code_has_one_meaning() -> None:
    ids = [code.id for code in CODES]
    titles = [code.title for code in CODES]
    assert len(set(ids)) == len(ids)
    assert len(set(titles)) == len(titles)


def test_the_headings_are_the_codes_with_their_titles_in_order() -> None:
    assert [(name, section.title) for name, section in _sections()] == [(code.id, code.title) for code in CODES]


def test_every_section_stands_under_the_heading_of_its_hundred() -> None:
    hundred = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        hundred = line[3:6] if line.startswith("## ") else hundred
        if line.startswith("### "):
            assert line[4:7] == hundred


@each_code
def test_the_link_of_a_code_leads_to_its_heading(code: Code) -> None:
    page, _, anchor = code.link.partition("#")
    assert ROOT / page == PAGE
    assert f'\n<a id="{anchor}"></a>\n### {code.id} ' in PAGE.read_text(encoding="utf-8")


@each_code
def test_a_section_says_the_severity_and_whether_the_problem_can_be_accepted(code: Code) -> None:
    first = SECTIONS[code.id].text.lstrip().splitlines()[0]
    said = {severity for severity in (Severity.WARNING, Severity.NOTE) if re.match(rf"A \*\*{severity}\*\*", first)}
    assert said == {code.severity} - {Severity.ERROR}
    assert bool(re.match(r"(A \*\*\w+\*\*, a|A)cceptable\.", first)) == code.acceptable


@each_code
def test_a_section_is_short_and_says_more_than_the_title(code: Code) -> None:
    prose = re.sub(r"```.*?```", "", SECTIONS[code.id].text, flags=re.DOTALL)
    assert 25 < len(prose.split()) < 160


@each_code
def test_explain_prints_the_section(code: Code) -> None:
    ran = run("explain", code.id.lower())
    assert ran.code == 0
    assert ran.out.startswith(f"### {code.id} {code.title}\n")
    assert ran.out.split() == f"### {code.id} {code.title} {_without_anchors(SECTIONS[code.id].text)}".split()


@each_code
def test_a_wrong_snippet_has_the_problem(code: Code, tmp_path: Path) -> None:
    for snippet in SECTIONS[code.id].snippets("Wrong"):
        assert code.id in _found(code, snippet, tmp_path), snippet


@each_code
def test_a_right_snippet_has_neither_the_problem_nor_another_error(code: Code, tmp_path: Path) -> None:
    for snippet in SECTIONS[code.id].snippets("Right"):
        found = _found(code, snippet, tmp_path)
        assert code.id not in found
        assert not [each for each in found.values() if each.severity is Severity.ERROR], snippet


@each_code
def test_a_folder_shows_the_problem(code: Code) -> None:
    folders = list((ROOT / "tests" / "problems").glob(f"{code.id}-*"))
    assert bool(folders) != (code.id in NOT_FROM_A_SPEC)


def test_every_folder_is_of_a_code() -> None:
    known = {code.id for code in CODES}
    folders = [path.name for path in (ROOT / "tests" / "problems").iterdir()]
    assert not [name for name in folders if name.partition("-")[0] not in known]


def _found(code: Code, snippet: str, folder: Path) -> dict[str, Problem]:
    """The problems of the smallest spec with the snippet's keys in place of its own, by code."""
    missing = [line for key, line in SMALLEST.items() if not re.search(rf"^{key}:", snippet, re.MULTILINE)]
    path = folder / "tracegen.yaml"
    path.write_text("\n".join([*missing, snippet]), encoding="utf-8")
    found = problems_of(path) if code.id in OF_THE_COMPILER else _of_the_language(path)
    return {problem.code.id: problem for problem in found}


def _of_the_language(path: Path) -> list[Problem]:
    try:
        return list(check(load(str(path), None), catalogue()).problems)
    except ProblemsFound as error:
        return list(error.problems)


def _without_anchors(text: str) -> str:
    """The section without what belongs to the next one: its anchor, and the heading of the next hundred."""
    return re.sub(r"^(<a id=.*|## .*)$", "", text, flags=re.MULTILINE)
