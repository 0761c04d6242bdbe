"""Every folder in `cases` is a file that cannot be read, and what is said about it. `--regen` writes that anew."""

from pathlib import Path

import pytest

from source.reading import problems, use_parser

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir())

#: What the pure parser says otherwise: as YAML asks, it ignores a directive that it does not know, and half a
#: surrogate pair passes it and meets our own check, which knows where the value begins and no more.
_SAID_DIFFERENTLY = {
    "bracket-without-space-after-a-colon": "",  # `{name:}` is well formed to it
    "directive": "",
    "escape-of-half-a-pair": "half of a surrogate pair",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_says_what_is_wrong(case: Path, regen: bool) -> None:
    found = problems((case / "input.yaml").read_bytes())
    if regen:
        (case / "problems.txt").write_text(found, encoding="utf-8")
    assert found == (case / "problems.txt").read_text(encoding="utf-8")
    assert found, "a case here has a problem; what has none is in test_source_reader.py"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_libyaml_the_same_is_said(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_parser(monkeypatch, "pure")
    found = problems((case / "input.yaml").read_bytes())
    if case.name in _SAID_DIFFERENTLY:
        assert _SAID_DIFFERENTLY[case.name] in found
    else:
        assert found == (case / "problems.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_says_it_in_our_own_words(case: Path) -> None:
    said = (case / "problems.txt").read_text(encoding="utf-8")
    assert "YAML ends here" not in said
    assert said.count("  hint: ") == said.count(": TG"), "every problem has a way out"
