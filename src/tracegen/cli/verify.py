"""`tracegen verify`."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracegen.cli.declared import expected, own_addresses
from tracegen.cli.spec_argument import environment_option, nearest_spec, optional_spec_argument
from tracegen.cli.traces_options import fill, fill_own, opened, reading_options, told, wanted
from tracegen.traces import Store, duration

if TYPE_CHECKING:
    from tracegen.verify import Expected, Verdict

_HERE = "127.0.0.1"
_POLL = 0.1
_FORMATS = ("text", "json", "junit", "sarif", "html")


@click.command(short_help="Hold real traces against the spec.")
@optional_spec_argument
@environment_option("Hold traces against this environment.")
@reading_options
@click.option(
    "--listen", metavar="[ADDRESS]", is_flag=False, flag_value=_HERE,
    help=f"Receive OTLP here, until nothing comes any more.  [default: {_HERE}, ports 4318 and 4317]",
)  # fmt: skip
@click.option("--duration", "longest", default="1m", show_default=True, help="Listen so long at most.")
@click.option("--quiet", default="5s", show_default=True, help="Stop when nothing came for so long.")
@click.option(
    "--collected/--direct", default=None,
    help="Whether spans passed the collector, which samples and redacts.  [default: --from yes, --listen no]",
)  # fmt: skip
@click.option("--learn", is_flag=True, help="Print what calls: lack, as a diff of the spec.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True)
def command(
    spec: str | None,
    environment: str | None,
    sources: tuple[str, ...],
    most_traces: int,
    back: str,
    headers: tuple[str, ...],
    listen: str | None,
    longest: str,
    quiet: str,
    collected: bool | None,
    learn: bool,
    format_: str,
) -> int:
    """Hold traces against what the spec declares, and against what good instrumentation is. Exits 1 when something is
    found that is more than a note.

    \b
      tracegen verify                                what the backend has that Compose runs here
      tracegen verify --from traces.json             OTLP in a file
      tracegen verify --from http://localhost:16686  what a Jaeger has of the last hour
      tracegen verify --listen --quiet 10s           what is sent to this machine, in a pipeline
      tracegen verify --from traces.json --learn | git apply
    """
    from tracegen.verify import needed, verify

    if collected is None:
        collected = listen is None
    held = expected(spec, environment, collected=collected)
    # Who listens may be asked for more while it does.
    with opened(None, None, keep=None if listen is not None else needed(held)) as store:
        asked = wanted(most_traces, back, headers)
        if sources or listen is not None:
            fill(store, sources, asked)
        else:
            hint = "name where traces are: --from FILE, --from ADDRESS, or --listen"
            fill_own(store, own_addresses(spec, environment), asked, hint)
        if listen is not None:
            _listen(store, listen, longest, quiet)
        if learn:
            return _learn(store, held, spec or nearest_spec())
        verdict = verify(store, held)
    click.echo(_formatted(verdict, held, spec or nearest_spec(), format_), nl=False)
    return 1 if verdict.failed else 0


def _formatted(verdict: "Verdict", held: "Expected", spec: str, format_: str) -> str:
    if format_ == "junit":
        from tracegen.verify.junit import as_junit

        return as_junit(verdict)
    if format_ == "sarif":
        from tracegen.verify.sarif import as_sarif

        return as_sarif(verdict, spec)
    if format_ == "html":
        from tracegen.verify.page import as_html

        return as_html(verdict, held.name)
    from tracegen.verify.report import as_data, as_text

    if format_ == "json":
        return json.dumps(as_data(verdict), indent=2) + "\n"
    return "\n".join(as_text(verdict)) + "\n"


def _listen(store: Store, listen: str, longest: str, quiet: str) -> None:
    """Take spans in until nothing came for a while after the first ones, or time is over."""
    from tracegen.cli.view import address
    from tracegen.view import CannotListen, Viewer

    with told():
        most, silence = duration(longest) / 1e9, duration(quiet) / 1e9
    host, port = address(listen)
    try:
        viewer = Viewer(store, host=host, http_port=port)
    except CannotListen as error:
        raise click.UsageError(f"cannot listen: {error}") from error
    with viewer:
        click.echo(f"OTLP over HTTP:  {viewer.http}\nOTLP over gRPC:  {viewer.grpc}", err=True)
        began = last = time.monotonic()
        received = before = store.counts().received
        while time.monotonic() - began < most and (received == 0 or time.monotonic() - last < silence):
            time.sleep(_POLL)
            received = store.counts().received
            if received != before:
                before, last = received, time.monotonic()


def _learn(store: Store, held: "Expected", spec: str) -> int:
    """Print the diff; 1 when calls are not declared."""
    from tracegen.cli.pipeline import read
    from tracegen.verify.learn import by_caller, learned
    from tracegen.verify.presence import Calls
    from tracegen.write.patch import patch

    if not held.known or spec == "-":
        raise click.UsageError("--learn needs a spec that is a file")
    seen = Calls()
    for trace in store.traces():
        seen.trace(trace)
    edges = seen.undeclared(store, held)
    calls = by_caller((held.services[caller].name, held.services[callee].name) for caller, callee in edges)
    document = read(spec)
    for name, root in [(spec, document.root), *((each, root) for each, root in document.included)]:
        path = Path(name)
        old = path.read_bytes()
        text, written = learned(old.decode("utf-8"), root, calls)
        click.echo("".join(patch(path.as_posix(), old, text.encode())), nl=False)
        calls = {caller: callees for caller, callees in calls.items() if caller not in written}
    for caller, callees in calls.items():
        click.echo(f"{caller}: add to its calls by hand: {', '.join(callees)}", err=True)
    return 1 if edges else 0
