"""`tracegen traces`."""

import json
from pathlib import Path
from typing import Any

import click

from tracegen.cli.declared import declared, own_addresses
from tracegen.cli.spec_argument import complete_services, environment_option, optional_spec_argument
from tracegen.cli.traces_options import fill, fill_own, opened, reading_options, told, wanted
from tracegen.cli.traces_tables import TABLES, as_text, comparison, one_trace, overview
from tracegen.traces import Condition, Selection, Store, duration

_SHOWN = 10


@click.command(short_help="Slow requests, errors, dependencies and more, on the terminal.")
@optional_spec_argument
@environment_option("Hold traces against this environment.")
@reading_options
@click.option(
    "--store", "path", type=click.Path(path_type=Path, exists=True), help="A file that `view --store` kept."
)
@click.option("--show", "shown", multiple=True, type=click.Choice(list(TABLES)), help="Only this; again for more.")
@click.option("--trace", "trace_id", metavar="ID", help="One trace, with its critical path.")
@click.option(
    "--compare", nargs=2, metavar="BEFORE AFTER", help="Two releases (version=1.4) or periods (TIME..TIME)."
)
@click.option(
    "--service", default="", metavar="NAME", help="Only spans of this service.", shell_complete=complete_services
)
@click.option("--name", default="", metavar="PART", help="Only spans with this in their name.")
@click.option("--slower-than", metavar="TIME", help="Only spans that took longer, such as 250ms.")
@click.option("--status", type=click.Choice(["error", "ok", "unset"]), help="Only spans with this status.")
@click.option(
    "--attribute", "conditions", multiple=True, metavar="KEY=VALUE", help="Also KEY, !=, ~, <, >; all must hold."
)
@click.option("--release", default="", metavar="VERSION", help="Only spans of this service.version.")
@click.option(
    "--limit", type=click.IntRange(1), default=_SHOWN, show_default=True, help="At most so many lines of each."
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    spec: str | None,
    environment: str | None,
    sources: tuple[str, ...],
    most_traces: int,
    back: str,
    headers: tuple[str, ...],
    path: Path | None,
    shown: tuple[str, ...],
    trace_id: str | None,
    compare: tuple[str, str] | None,
    limit: int,
    format_: str,
    **said: Any,
) -> int:
    """Answer what people ask first of traces: what is slow, what fails, who calls whom, what changed.

    \b
      tracegen traces --from traces.json                         an overview
      tracegen traces --from http://localhost:16686 --show slow  of what a Jaeger has
      tracegen traces --from t.json --compare version=1.4 version=1.5
      tracegen traces --from t.json --compare 10:00..10:15 10:15..10:30
      tracegen traces --from t.json --trace 4bf92f3577b34da6a3ce929d0e0e4736
    """
    known = declared(spec, environment)
    with opened(path, None) as store, told():
        asked = wanted(most_traces, back, headers)
        if sources or path:
            fill(store, sources, asked)
        else:
            hint = "name where traces are: --from FILE, --from ADDRESS, or --store FILE"
            fill_own(store, own_addresses(spec, environment), asked, hint)
        selection = _selection(said)
        if trace_id:
            found = {"trace": one_trace(store, trace_id)}
        elif compare:
            found = comparison(store, selection, compare)
        else:
            found = {name: TABLES[name](store, selection, known) for name in shown or overview()}
        _print(store, found, limit, format_)
    return 0


def _selection(said: dict[str, Any]) -> Selection:
    return Selection(
        service=said["service"],
        name=said["name"],
        shortest=duration(said["slower_than"]) if said["slower_than"] else None,
        status=said["status"] or "",
        version=said["release"],
        conditions=[Condition.of(each) for each in said["conditions"]],
    )


def _print(store: Store, found: dict[str, list[dict[str, Any]]], limit: int, format_: str) -> None:
    cut = {name: rows if name == "trace" else rows[:limit] for name, rows in found.items()}
    if format_ == "json":
        counts = store.counts()
        click.echo(json.dumps({"spans": counts.held, "dropped": counts.dropped, **cut}, indent=2, ensure_ascii=False))
        return
    click.echo("\n".join(as_text(cut, {name: len(rows) for name, rows in found.items()})))
    click.echo(store.counts().words, err=True)
