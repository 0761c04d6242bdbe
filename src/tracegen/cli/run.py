"""`tracegen run`."""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracegen.cli.pipeline import compile_spec, output_folder
from tracegen.cli.spec_argument import environment_option, spec_argument

if TYPE_CHECKING:
    from tracegen.compiler import Rendered
    from tracegen.run import Running


@click.command(short_help="Start what was rendered on this machine, without containers.")
@spec_argument
@environment_option("Start this environment.")
@click.option("--collector", metavar="FILE", help="The Collector's program.  [default: otelcol-contrib on PATH]")
@click.option("--jaeger", metavar="FILE", help="Jaeger's program.  [default: jaeger on PATH]")
@click.option("--duration", metavar="TIME", help="End after so long, such as 30s.  [default: Ctrl-C ends it]")
@click.option("--no-browser", is_flag=True, help="Open no browser.")
def command(
    spec: str,
    environment: str | None,
    collector: str | None,
    jaeger: str | None,
    duration: str | None,
    no_browser: bool,
) -> int:
    """Start what was rendered on this machine, without containers: example services by the toolchains of their
    languages, the Collector and Jaeger where their programs are there. What no backend takes, the viewer shows.

    Hosts and ports become free ports of 127.0.0.1, paths a temporary folder. Ends with Ctrl-C, and leaves nothing
    running. Says what could not be started, and why; with --duration the exit code is 1 then.

    \b
      tracegen run                                in the browser
      tracegen run --jaeger ~/jaeger/jaeger       with the backend of the spec
      tracegen run --duration 30s --no-browser    in a pipeline
    """
    from tracegen.catalogue import catalogue
    from tracegen.cli.declared import expected
    from tracegen.cli.rehearse import dotenv, seconds
    from tracegen.cli.traces_options import opened
    from tracegen.cli.view import MOST_SPANS, viewing
    from tracegen.run import Wishes, running

    limit = seconds(duration) if duration else None
    rendered = compile_spec(spec, environment, strict=False)
    folder = output_folder(spec, None, environment)
    held = expected(spec, environment, collected=False)
    programs = {"collector": _program(collector), "jaeger": _program(jaeger)}
    with (
        _ended_by_signals(),
        opened(None, MOST_SPANS) as store,
        viewing(store, held, browser=not no_browser) as viewer,
    ):
        wishes = Wishes(
            (viewer.http.removeprefix("http://"), viewer.grpc.removeprefix("http://")),
            secrets={**dotenv(folder / ".env"), **os.environ},
            say=lambda words: click.echo(words, err=True),
            **programs,
        )
        with running(rendered, _files(rendered, folder), catalogue(), wishes) as system:
            _tell(system)
            time.sleep(limit if limit else 10**8)
            return int(bool(system.refused))


def _program(named: str | None) -> str:
    """A program that is named, by path or on PATH; empty where none is. Raises UsageError."""
    if not named:
        return ""
    found = shutil.which(named)
    if found is None:
        raise click.UsageError(f"{named} is no program")
    return str(Path(found).resolve())


def _files(rendered: "Rendered", folder: Path) -> Mapping[str, bytes]:
    """The files as they lie in the folder, edited or not; what is not there is as it would be rendered."""
    found = {}
    for path, text in rendered.tree.items():
        here = folder / path
        found[path] = here.read_bytes() if here.is_file() else text
    return found


def _tell(system: "Running") -> None:
    for name, address in system.started.items():
        click.echo(f"{name:16} {address}")
    if system.backend:
        click.echo(f"traces:          {system.backend}")
    for name, why in system.refused.items():
        click.echo(f"{name:16} not started: {why}", err=True)
    sys.stdout.flush()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and a terminal that goes away end it as Ctrl-C does: nothing must stay behind."""
    import signal

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {each: signal.signal(each, end) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
