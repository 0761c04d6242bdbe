"""Specs from text, checked by the language alone: nothing is rendered."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.problems import Problem, ProblemsFound
from tracegen.source.files import load
from tracegen.spec.said import Said

SMALLEST = """\
tracegen: 1
name: shop
backend: {type: jaeger}
services:
  api: {language: python}
"""


def written(folder: Path, text: str, files: Mapping[str, str] | None = None) -> Path:
    """A spec and the files that it includes, in a folder; returns its path."""
    for name, content in {"tracegen.yaml": text, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder / "tracegen.yaml"


def specs(folder: Path, text: str, files: Mapping[str, str] | None = None) -> dict[str | None, Said]:
    """The specs by environment; an error fails the test that asks."""
    document = load(str(written(folder, text, files)), None)
    return {name: each.said for name, each in check(document, catalogue()).settings.items()}


def value(folder: Path, text: str, environment: str | None = None) -> Mapping[str, Any]:
    """The plain data of one environment's spec."""
    return specs(folder, text)[environment].value


def problems(
    folder: Path, text: str, files: Mapping[str, str] | None = None, environments: list[str] | None = None
) -> list[Problem]:
    """Everything that is said about a spec, in the order in which it is printed."""
    try:
        document = load(str(written(folder, text, files)), None)
        return list(check(document, catalogue(), environments).problems)
    except ProblemsFound as error:
        return list(error.problems)


def told(folder: Path, text: str, files: Mapping[str, str] | None = None) -> list[str]:
    """The problems as `line:column CODE path`, without those of keys that are not rendered yet."""
    found = problems(folder, text, files)
    return [
        f"{each.place.line}:{each.place.column} {each.code.id} {each.path}"
        for each in found
        if each.code.id != "TG901"
    ]
