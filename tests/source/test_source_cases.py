"""Each file in `cases` cannot be read, and `said.txt` has what is said about it. `--regen` writes that anew."""

from pathlib import Path

import pytest

from source.reading import problems, use_parser

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.yaml"))
_SAID = HERE / "said.txt"

#: What the pure parser says otherwise: as YAML asks, it ignores a directive that it does not know, and half a
#: surrogate pair passes it and meets our own check, which knows where the value begins and no more.
_SAID_DIFFERENTLY = {
    "bracket-without-space-after-a-colon": "",  # `{name:}` is well formed to it
    "directive": "",
    "escape-of-half-a-pair": "half of a surrogate pair",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_says_what_is_wrong(case: Path, regen: bool) -> None:
    found = problems(case.read_bytes())
    if regen:
        _SAID.write_text(
            "".join(f"== {name}\n{text}" for name, text in sorted({**said(), case.stem: found}.items())),
            encoding="utf-8",
        )
    assert found == said()[case.stem]
    assert found, "a case here has a problem; what has none is in test_source_reader.py"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_without_libyaml_the_same_is_said(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_parser(monkeypatch, "pure")
    found = problems(case.read_bytes())
    if case.stem in _SAID_DIFFERENTLY:
        assert _SAID_DIFFERENTLY[case.stem] in found
    else:
        assert found == said()[case.stem]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_says_it_in_our_own_words(case: Path) -> None:
    text = said()[case.stem]
    assert "YAML ends here" not in text
    assert text.count("  hint: ") == text.count(": TG"), "every problem has a way out"


def test_what_is_said_is_of_a_case() -> None:
    assert list(said()) == sorted(case.stem for case in CASES)


def said() -> dict[str, str]:
    """What is said of each case, by its name."""
    parts = _SAID.read_text(encoding="utf-8").split("== ")[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}
