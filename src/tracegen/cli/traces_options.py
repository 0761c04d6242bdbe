"""What `view`, `traces` and others share: from where traces are read, and how failures are told."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from tracegen.traces import BadQuestion, CannotReadTraces, Keep, NotAStore, Store, Wanted, read

#: More traces than this of each service are seldom read through; the option says otherwise.
_MOST_TRACES = 1_000


_READING = (
    click.option(
        "--from",
        "sources",
        multiple=True,
        metavar="FILE|ADDRESS",
        help="OTLP in a file (JSON, JSON lines, protobuf), or the address of a Jaeger or Tempo; again for more.",
    ),
    click.option(
        "--most-traces",
        type=click.IntRange(1),
        default=_MOST_TRACES,
        show_default=True,
        help="At most so many traces of an address; of Jaeger, of each service.",
    ),
    click.option("--back", default="1h", show_default=True, metavar="TIME", help="How far back an address is asked."),
    click.option(
        "--header", "headers", multiple=True, metavar="NAME=VALUE", help="Sent to an address; again for more."
    ),
)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options --from, --most-traces, --back and --header."""
    for option in reversed(_READING):
        command = option(command)
    return command


def wanted(most: int, back: str, headers: Sequence[str]) -> Wanted:
    """What is asked of an address. Raises UsageError."""
    from tracegen.traces import duration

    pairs = [header.partition("=") for header in headers]
    if wrong := next((header for header, (_, equals, _) in zip(headers, pairs, strict=True) if not equals), None):
        raise click.UsageError(f"--header is NAME=VALUE, not {wrong!r}")
    with told():
        return Wanted(most, duration(back) // 10**9, headers=tuple((name, value) for name, _, value in pairs))


def fill(store: Store, sources: Sequence[str], asked: Wanted) -> None:
    """Read all sources into a store. Raises UsageError."""
    for source in sources:
        with told():
            store.add(read(source, asked))


def fill_own(store: Store, addresses: Sequence[str], asked: Wanted, hint: str) -> None:
    """Read what Compose runs here, where nobody named a source; `hint` says how. Raises UsageError."""
    if not addresses:
        raise click.UsageError(hint)
    try:
        fill(store, addresses, asked)
    except click.UsageError as error:
        raise click.UsageError(f"{hint}\n  {error.message}") from error
    click.echo(f"from {', '.join(addresses)}", err=True)


def opened(path: Path | None, most: int | None, keep: Keep | None = None) -> Store:
    """A store, in memory or a file. Raises UsageError."""
    with told():
        return Store(path, most, keep)


@contextmanager
def told() -> Iterator[None]:
    """Failures of reading traces as wrong usage: words, and exit code 2."""
    try:
        yield
    except (CannotReadTraces, BadQuestion, NotAStore) as error:
        raise click.UsageError(str(error)) from error
