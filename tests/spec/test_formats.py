"""A spec in an older format is read as today's, and the file is not touched. The format 0 here is only a test's."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from support import problems_of, tracegen
from tracegen.problems import Severity
from tracegen.source.files import Document
from tracegen.source.node import Mapping
from tracegen.spec import format_versions as formats
from tracegen.spec.format_versions import Changed, Step

OLD = """\
tracegen: 0
name: shop
targets: [compose]
store: {type: jaeger}
services:
  api: {language: python}
"""


def renamed(document: Document) -> tuple[Document, Iterable[Changed]]:
    """A format before the first, in which `backend` was called `store`."""
    entries = dict(document.root.entries)
    entries["backend"] = entries.pop("store")
    place = entries["backend"].key_place
    return replace(document, root=Mapping(entries, document.root.place)), [Changed(place, "store", "call it backend")]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    steps: dict[int, Step] = {0: renamed}
    monkeypatch.setattr(formats, "steps", lambda: steps)
    path = tmp_path / "tracegen.yaml"
    path.write_text(OLD, encoding="utf-8")
    return path


def test_it_is_rendered_and_each_difference_is_told_at_its_line(spec: Path) -> None:
    ran = tracegen("render", spec)
    assert ran.code == 0, ran.err
    assert f"{spec}:4:1: TG122 note store: is written as in an older format (0)" in ran.err
    assert "hint: call it backend" in ran.err
    assert f"{spec}:1:1: TG122 note tracegen: " in ran.err and "hint: write tracegen: 1" in ran.err
    assert spec.read_text(encoding="utf-8") == OLD


def test_update_tells_it_too_and_leaves_the_spec(spec: Path) -> None:
    tracegen("render", spec)
    ran = tracegen("update", spec.parent)
    assert ran.code == 0, ran.err
    assert "TG122" in ran.err
    assert spec.read_text(encoding="utf-8") == OLD


def test_what_is_wrong_beside_it_is_told_at_its_own_line(spec: Path) -> None:
    spec.write_text(OLD.replace("python", "pyhton"), encoding="utf-8")
    errors = [each for each in problems_of(spec) if each.severity is Severity.ERROR]
    assert [(each.code.id, each.place.line) for each in errors] == [("TG113", 6)]


@pytest.mark.parametrize("number", ["-1", "2", "1.0", "true", "'0'", "[0]", "{a: 0}", "null"])
def test_a_number_without_a_step_is_judged_by_the_schema(spec: Path, number: str) -> None:
    spec.write_text(OLD.replace("tracegen: 0", f"tracegen: {number}"), encoding="utf-8")
    assert tracegen("validate", spec).code == 1


def test_the_steps_that_come_with_tracegen_lead_to_the_format_of_today() -> None:
    assert not formats.steps(), "a step needs a spec of its format here, and a folder in tests/problems"
