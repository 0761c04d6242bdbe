"""Failures that are no bugs: each has its words and its exit code in one table."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tracegen.checking import UnknownEnvironment
from tracegen.cli.problem_text import problem_text
from tracegen.problems import ProblemsFound
from tracegen.project.answers import NewerTracegen
from tracegen.project.git import GitFailed
from tracegen.project.scratch import NoScratch
from tracegen.project.skeleton import CopierFailed
from tracegen.project.target import NotHere
from tracegen.source.files import CannotRead
from tracegen.source.words import did_you_mean, some_of
from tracegen.write import Busy, WriteRefused


@dataclass(frozen=True)
class Failure:
    """What is said on standard error, and the exit code."""

    words: str
    code: int


def expected_failure(error: Exception) -> Failure | None:
    """The failure that an exception is, or None for a bug."""
    for kind, explain in _TABLE.items():
        if isinstance(error, kind):
            return explain(error)
    return None


def _problems(error: Any) -> Failure:
    return Failure(problem_text(error.problems, sys.stderr).rstrip("\n"), 1)


def _environment(error: Any) -> Failure:
    known = some_of(error.known) or "none"
    hint = did_you_mean(error.name, error.known) or f"its environments: {known}"
    return Failure(f"{error}\n  hint: {hint}", 2)


def _plain(error: Any) -> Failure:
    return Failure(str(error), 2)


def _unreadable(error: Any) -> Failure:
    return Failure(f"{error}\n  hint: {error.hint}" if error.hint else str(error), 2)


def _busy(error: Any) -> Failure:
    return Failure(str(error), 1)


_TABLE: dict[type[Exception], Callable[[Any], Failure]] = {
    ProblemsFound: _problems,
    UnknownEnvironment: _environment,
    CannotRead: _unreadable,
    Busy: _busy,
    WriteRefused: _plain,
    NotHere: _plain,
    NewerTracegen: _plain,
    GitFailed: _plain,
    CopierFailed: _plain,
    NoScratch: _plain,
}
