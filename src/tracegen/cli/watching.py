"""`render --watch`: a run for each change of the spec or of what it includes, until Ctrl-C."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import click

from tracegen.cli.failures import expected_failure
from tracegen.cli.pipeline import read
from tracegen.cli.terminal import say
from tracegen.problems import ProblemsFound
from tracegen.source.files import CannotRead

_POLL = 0.3
#: Editors write in several steps; what has not changed for so long is whole.
_SETTLED = 0.1


def watch(spec: str, run: Callable[[], int]) -> int:
    """Run now and after each change; what is wrong is told. Ends by KeyboardInterrupt."""
    files: tuple[str, ...] = (spec,)
    while True:
        files = _sources(spec) or files
        seen = _signs(files)
        _once(run)
        click.echo(f"[{datetime.now():%H:%M:%S}] waiting for a change of {', '.join(files)}; Ctrl-C ends", err=True)
        while _signs(files) == seen:
            time.sleep(_POLL)
        while (now := _signs(files)) != seen:
            seen = now
            time.sleep(_SETTLED)


def _once(run: Callable[[], int]) -> None:
    try:
        run()
    except click.ClickException as error:
        error.show()
    except Exception as error:
        failure = expected_failure(error)
        if failure is None:
            raise
        say(failure.words, err=True)


def _sources(spec: str) -> tuple[str, ...]:
    """The files of a spec; nothing while it cannot be read."""
    try:
        document = read(spec)
    except (ProblemsFound, CannotRead):
        return ()
    return (document.file, *(file for file, _ in document.included))


def _signs(files: Iterable[str]) -> list[tuple[str, int, int]]:
    """What changes with a file, and with the folders that more files may come into."""
    return sorted(_each_sign(files))


def _each_sign(files: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    first, *included = files
    for each in {first, *included, *(str(Path(file).parent) for file in included)}:
        try:
            found = Path(each).stat()
        except OSError:
            yield each, 0, 0
        else:
            yield each, found.st_mtime_ns, found.st_size
