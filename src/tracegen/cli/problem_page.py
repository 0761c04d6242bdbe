"""The section of the page of problems that is about a code."""

from collections.abc import Iterator
from functools import cache

from tracegen.catalogue.data import data_path


def section(code: str) -> str:
    """What the page says of a code, as Markdown; empty where there is no such code."""
    return "\n".join(_lines(code)).rstrip()


@cache
def _page() -> tuple[str, ...]:
    return tuple(data_path("docs", "problems.md").read_text(encoding="utf-8").splitlines())


def _lines(code: str) -> Iterator[str]:
    inside = False
    for line in _page():
        if line.startswith("#"):
            inside = line.startswith(f"### {code}")
        if inside and not line.startswith("<a id="):  # the anchor of the next heading
            yield line
