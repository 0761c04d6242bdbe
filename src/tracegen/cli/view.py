"""`tracegen view`."""

import os
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracegen.cli.declared import expected, shown
from tracegen.cli.findings import Findings
from tracegen.cli.spec_argument import environment_option, optional_spec_argument
from tracegen.cli.traces_options import fill, opened, reading_options, wanted
from tracegen.traces import Store
from tracegen.view import GRPC_PORT, LOOPBACK, CannotListen, Viewer

if TYPE_CHECKING:
    from tracegen.verify import Expected

#: Spans that are held where the command line says no other number.
MOST_SPANS = 200_000


@click.command(short_help="Receive traces and show them in the browser, beside the spec.")
@optional_spec_argument
@environment_option("Hold traces against this environment.")
@reading_options
@click.option(
    "--listen", metavar="HOST[:PORT]", default=LOOPBACK, show_default=True,
    help="Where OTLP over HTTP is received, and the page is served.",
)  # fmt: skip
@click.option(
    "--grpc-port", type=click.IntRange(0, 65_535), help=f"Where OTLP over gRPC is received. [default: {GRPC_PORT}]"
)
@click.option("--store", "path", type=click.Path(path_type=Path), help="Keep spans in this file (default: memory).")
@click.option(
    "--max-spans",
    type=click.IntRange(100),
    default=MOST_SPANS,
    show_default=True,
    help="The oldest go when there are more.",
)
@click.option("--no-browser", is_flag=True, help="Open no browser.")
def command(
    spec: str | None,
    environment: str | None,
    sources: tuple[str, ...],
    most_traces: int,
    back: str,
    headers: tuple[str, ...],
    listen: str,
    grpc_port: int | None,
    path: Path | None,
    max_spans: int,
    no_browser: bool,
) -> int:
    """Receive traces on this machine and show them in the browser, live.

    With a spec (default: ./tracegen.yaml, if it is there) the page shows what is declared and seen, declared and
    silent, or seen and undeclared. Ends with Ctrl-C.

    \b
      tracegen view                                    receive on ports 4318 (HTTP) and 4317 (gRPC)
      tracegen view --from http://localhost:16686      what a Jaeger has of the last hour
      tracegen view --from traces.json --from more.pb  files with OTLP
    """
    host, http_port = address(listen)
    held = expected(spec, environment, collected=bool(sources))
    asked = wanted(most_traces, back, headers)
    with opened(path, max_spans) as store:
        fill(store, sources, asked)
        with viewing(store, held, host=host, ports=(http_port, grpc_port), sources=sources, browser=not no_browser):
            while True:
                time.sleep(3_600)


@contextmanager
def viewing(
    store: Store,
    held: "Expected",
    *,
    host: str = LOOPBACK,
    ports: tuple[int | None, int | None] = (None, None),
    sources: Sequence[str] = (),
    browser: bool = True,
) -> Iterator[Viewer]:
    """A viewer that is told and opened in the browser, as long as the block lasts; ports as Viewer has them, HTTP
    first. Raises UsageError where it cannot listen.
    """
    try:
        viewer = Viewer(
            store, shown(held), host=host, http_port=ports[0], grpc_port=ports[1], sources=sources,
            findings=Findings(held),
        )  # fmt: skip
    except CannotListen as error:
        raise click.UsageError(f"cannot listen: {error}") from error
    with viewer:
        _tell(viewer, store)
        if browser and _has_screen():
            # A browser that must be started first may take its time.
            threading.Thread(target=webbrowser.open, args=[viewer.page], daemon=True).start()
        yield viewer


def _has_screen() -> bool:
    """Whether there is a screen for a browser: without one, Python would start a browser in the terminal."""
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))


def _tell(viewer: Viewer, store: Store) -> None:
    for words in viewer.moved:
        click.echo(f"{words}, so another one is used", err=True)
    if viewer.sources:
        click.echo(f"read: {store.counts().words}", err=True)
    click.echo(f"page:            {viewer.page}")
    click.echo(f"OTLP over HTTP:  {viewer.http}")
    click.echo(f"OTLP over gRPC:  {viewer.grpc}")
    click.echo("Ctrl-C ends it", err=True)
    sys.stdout.flush()


def address(listen: str) -> tuple[str, int | None]:
    """Host and port of HOST, HOST:PORT, [HOST]:PORT or :PORT. Raises UsageError."""
    is_bare = listen.endswith("]") or (listen.count(":") > 1 and not listen.startswith("["))
    host, colon, port = (listen, "", "") if is_bare or ":" not in listen else listen.rpartition(":")
    if colon and (not port.isdigit() or int(port) > 65_535):
        raise click.UsageError(f"--listen is HOST or HOST:PORT, not {listen!r}")
    return host.strip("[]") or LOOPBACK, int(port) if colon else None
