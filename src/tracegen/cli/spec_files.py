"""The files of a spec as texts, and edited ones written back: whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.cli.terminal import is_coloured
from tracegen.problems import Problem, ProblemsFound
from tracegen.source.files import Document, load, read_file


def texts_of(document: Document) -> dict[str, str]:
    """The text of the spec and of what it includes, by file."""
    return {
        file: read_file(Path(file)).decode("utf-8") for file in (document.file, *(f for f, _ in document.included))
    }


def problems_of(path: str, texts: Mapping[str, str]) -> list[Problem]:
    """What is wrong with a spec and its environments, with texts in place of its files."""
    try:
        document = load(path, instead={file: text.encode("utf-8") for file, text in texts.items()})
        return list(check(document, catalogue()).problems)
    except ProblemsFound as found:
        return list(found.problems)


def write_back(file: str, old: str, new: str) -> None:
    """Put a text in place of another, in one step; raises UsageError where the file changed meanwhile."""
    path = Path(os.path.realpath(file))
    if read_file(path).decode("utf-8") != old:
        raise click.UsageError(f"{file} was changed meanwhile; nothing is written")
    beside = path.with_name(f".{path.name}.tracegen")
    try:
        beside.write_bytes(new.encode("utf-8"))
        beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise click.UsageError(f"cannot write {file}: {error.strerror}") from error


def diff_of(texts: Mapping[str, tuple[str, str]]) -> str:
    """Old and new texts of files as a patch, in colours where standard output has them."""
    import sys

    from tracegen.write.patch import patch

    lines = [
        line
        for file, (old, new) in texts.items()
        for line in patch(Path(file).as_posix(), old.encode(), new.encode())
    ]
    return "".join(map(_coloured, lines)) if is_coloured(sys.stdout) else "".join(lines)


def _coloured(line: str) -> str:
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(line, fg=colour) if colour and line[:3] not in ("+++", "---") else line
