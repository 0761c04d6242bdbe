"""What is written for languages that the tests do not run: the language's own parser reads all of it."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parsers import csharp_errors, interpreter
from support import compiled
from tracegen.catalogue import catalogue

VARIANTS = [
    (name, kind)
    for name, pack in catalogue().languages.items()
    if not pack.runs_in_tests and any((pack.folder / part).is_dir() for part in ("sdk", "auto", "example"))
    for kind in pack.instrumentation
]


def _ruby(path: Path) -> str:
    return _said([*interpreter("ruby", "ruby"), "--disable-all", "-W2", "-c", str(path)], "Syntax OK")


def _php(path: Path) -> str:
    return _said([*interpreter("php-cli", "php"), "-n", "-l", str(path)], f"No syntax errors detected in {path}")


def _said(command: list[str], fine: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = (done.stdout + done.stderr).strip()
    return "" if said == fine else said


def _json(path: Path) -> str:
    json.loads(path.read_text(encoding="utf-8"))
    return ""


def _xml(path: Path) -> str:
    ElementTree.parse(path)
    return ""


PARSERS: dict[str, Callable[[Path], str]] = {
    ".cs": lambda path: csharp_errors(path.read_text(encoding="utf-8")),
    ".csproj": _xml,
    ".props": _xml,
    ".json": _json,
    ".php": _php,
    ".rb": _ruby,
    ".ru": _ruby,
    "Gemfile": _ruby,
    "Gemfile.tracing": _ruby,
}


@pytest.mark.parametrize(("language", "kind"), VARIANTS, ids=["-".join(each) for each in VARIANTS])
def test_every_file_is_parsed(language: str, kind: str, tmp_path: Path) -> None:
    parsed = {path.name: problem for path, problem in _parsed(_written(language, kind, tmp_path))}
    assert not {name: problem for name, problem in parsed.items() if problem}
    if kind == "sdk":
        assert parsed


def _written(language: str, kind: str, folder: Path) -> Iterator[Path]:
    (folder / "spec").mkdir()
    api = {"language": language, "instrumentation": kind, "calls": ["other-one"]}
    spec = {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger"},
        "services": {"api": api, "other-one": {"language": "other", "deploy": False}},
    }
    for path, content in compiled(folder / "spec", spec).tree.items():
        if path.startswith("services/api/"):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            yield target


def _parsed(paths: Iterator[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        parser = PARSERS.get(path.suffix) or PARSERS.get(path.name)
        if parser:
            yield path, parser(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.cs", "class A { int B( }"), ("a.rb", "def a; end end"), ("a.php", "<?php function ("), ("Gemfile", 'gem "')],
)
def test_a_mistake_is_found(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [problem for _, problem in _parsed(iter([tmp_path / name])) if problem]
