"""Problems as people read them: on a terminal, with the line of each."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TextIO

from tracegen.cli.terminal import is_coloured, is_marked
from tracegen.problems import Problem
from tracegen.problems.formats import text
from tracegen.source.files import CannotRead, read_file


def problem_text(problems: Sequence[Problem], stream: TextIO) -> str:
    """The problems as text for a stream; on a terminal, or with `-v`, each with its line and a mark below it."""
    return text.format(problems, colour=is_coloured(stream), lines_of=cache(_lines) if is_marked(stream) else None)


def _lines(file: str) -> Sequence[str]:
    """The lines of a file; none of standard input, which was read already, and of what cannot be read."""
    try:
        return read_file(Path(file)).decode("utf-8", errors="replace").splitlines()
    except CannotRead:
        return ()
