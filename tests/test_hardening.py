"""docs/hardening.md: every count is whole, the page is up to date, and the counting finds what is missing."""

from pathlib import Path

import pytest

from hardening import BEGIN, END, PAGE, ROOT, counts, table

COUNTS = counts(ROOT / "examples")


@pytest.mark.parametrize("name", COUNTS)
def test_everything_that_is_rendered_has_it(name: str) -> None:
    assert COUNTS[name].total > 0
    assert COUNTS[name].good == COUNTS[name].total


def test_the_page_shows_the_counts_of_today() -> None:
    shown = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert shown == table(), "run: python tests/hardening.py --write"


def test_a_file_without_any_of_it_counts_zero(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a: {image: jaeger, depends_on: [b], user: root}\n  b: {image: 'tempo:latest'}\n",
        encoding="utf-8",
    )
    (tmp_path / "collector.yaml").write_text(
        "extensions: {file_storage: }\nexporters: {otlp: }\n"
        "service: {pipelines: {traces: {processors: [batch], exporters: [otlp]}}}\n",
        encoding="utf-8",
    )
    found = counts(tmp_path)
    found.pop("YAML files that yamllint finds clean")
    assert all(count.total > 0 and count.good == 0 for count in found.values()), found
