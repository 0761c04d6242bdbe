"""`tracegen rehearse`."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracegen.cli.pipeline import compile_spec
from tracegen.cli.spec_argument import environment_option, spec_argument

if TYPE_CHECKING:
    from tracegen.rehearse.facts import Facts
    from tracegen.rehearse.run import Wanted
    from tracegen.rehearse.target import Target

DEFAULT_TARGET = "http://127.0.0.1:4318"
#: Traces a second that are made where `--rate` does not ask for more.
MOST_RATE = 500.0
MOST_SECONDS = 3600
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


@click.command(short_help="Send traffic made from the spec; tell what is kept of it.")
@spec_argument
@environment_option("Traffic of this environment.")
@click.option(
    "--to", metavar="ADDRESS", help=f"http://, https://, grpc:// or grpcs:// address.  [default: {DEFAULT_TARGET}]"
)
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Show this header; repeatable.")
@click.option(
    "--ca", type=click.Path(dir_okay=False, exists=True), help="The authority of the receiver's certificate."
)
@click.option("--view", "views", is_flag=True, help="Open the viewer, and send there until Ctrl-C.")
@click.option("--no-browser", is_flag=True, help="With --view: open no browser.")
@click.option("--duration", help="How long traces begin, such as 30s or 5m.  [default: 10s; with --view 1h]")
@click.option("--rate", type=click.FloatRange(0, 10_000, min_open=True), help="Traces a second in all.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other traces.")
@click.option(
    "--count", "counts", metavar="ADDRESS|FILE", help="Count what arrived: at Jaeger or Tempo, or in a file."
)
@click.option("--dry-run", is_flag=True, help="Send nothing; only tell.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    spec: str,
    environment: str | None,
    to: str | None,
    headers: tuple[str, ...],
    ca: str | None,
    views: bool,
    no_browser: bool,
    duration: str | None,
    rate: float | None,
    seed: int,
    counts: str | None,
    dry_run: bool,
    format_: str,
) -> int:
    """Send traffic made from the spec, and tell what is kept of it.

    Exits 1 when spans are lost, or a count is not what was predicted.

    \b
      tracegen rehearse --view                             in the browser, live
      tracegen rehearse                                    to what listens on this machine
      tracegen rehearse --to grpc://127.0.0.1:4317 --rate 50
      tracegen rehearse --count http://127.0.0.1:16686     predicted beside counted
    """
    from tracegen.rehearse.facts import facts_of
    from tracegen.rehearse.run import Wanted

    if views and (to or dry_run or spec == "-"):
        raise click.UsageError("--view goes with a spec that is a file, and without --to and --dry-run")
    rendered = compile_spec(spec, environment, strict=False)
    facts = facts_of(rendered)
    if rate or facts.rate > MOST_RATE:
        facts = facts.scaled(rate or MOST_RATE)
    wanted = Wanted(seconds(duration or ("1h" if views else "10s")), seed, None, counts)
    if views:
        return _viewed(facts, wanted, spec, environment, format_, browser=not no_browser)
    target = None if dry_run else _target(facts, to, headers, ca, Path(spec).parent)
    return _ran(facts, replace(wanted, target=target), format_)


def _viewed(
    facts: "Facts", wanted: "Wanted", spec: str, environment: str | None, format_: str, *, browser: bool
) -> int:
    """Sent to a viewer, which stays until Ctrl-C."""
    from tracegen.cli.declared import expected
    from tracegen.cli.traces_options import opened
    from tracegen.cli.view import MOST_SPANS, viewing
    from tracegen.rehearse.target import parse

    held = expected(spec, environment, collected=False)
    with opened(None, MOST_SPANS) as store, viewing(store, held, browser=browser) as viewer:
        code = _ran(facts, replace(wanted, target=parse(viewer.http)), format_)
        while not code:
            time.sleep(3_600)
    return code


def _ran(facts: "Facts", wanted: "Wanted", format_: str) -> int:
    from tracegen.rehearse.count import CannotCount
    from tracegen.rehearse.report import as_data, as_text
    from tracegen.rehearse.run import run
    from tracegen.rehearse.target import Unreachable

    try:
        report = run(facts, wanted)
    except Unreachable as error:
        click.echo(f"{error}\n  hint: {error.hint}" if error.hint else str(error), err=True)
        return 1
    except CannotCount as error:
        click.echo(str(error), err=True)
        return 1
    click.echo(json.dumps(as_data(report), indent=2) if format_ == "json" else "\n".join(as_text(report)))
    return 1 if report.wrong else 0


def seconds(text: str) -> float:
    """A duration such as 30s. Raises UsageError."""
    unit = next((each for each in _UNITS if text.endswith(each) and text[: -len(each)].isdecimal()), "")
    found = int(text[: -len(unit)]) * _UNITS[unit] if unit else 0.0
    if not 0 < found <= MOST_SECONDS:
        raise click.UsageError(f"--duration {text}: write it as 30s or 5m, at most an hour")
    return found


def _target(facts: "Facts", to: str | None, headers: tuple[str, ...], ca: str | None, folder: Path) -> "Target":
    """Credentials of the spec are for its own collector: here or under its name; elsewhere only what is given."""
    from tracegen.rehearse.target import BadAddress, parse

    try:
        target = parse(to or DEFAULT_TARGET)
    except BadAddress as error:
        raise click.UsageError(f"--to {error}") from error
    own = target.host in ("127.0.0.1", "localhost", "::1", facts.host)
    known = facts.ca and (folder / facts.ca).is_file()
    authority = ca or (str(folder / facts.ca) if own and known and target.secure else "")
    shown = _credentials(facts, folder) if own else {}
    return replace(target, headers={**shown, **_headers(headers)}, ca=authority)


def _credentials(facts: "Facts", folder: Path) -> dict[str, str]:
    from tracegen.rehearse.facts import secret_value

    environment = {**dotenv(folder / ".env"), **os.environ}
    found = {}
    for name, value in facts.headers.items():
        try:
            found[name] = secret_value(value, environment)
        except KeyError as error:
            click.echo(f"{name} is not shown: {error.args[0]} is neither set nor in .env", err=True)
    return found


def dotenv(path: Path) -> Mapping[str, str]:
    """The variables of a `.env` file; none where there is no file."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    return {name.strip(): value.strip().strip("'\"") for name, sign, value in pairs if sign}


def _headers(headers: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in headers]
    if wrong := [name for name, sign, _ in pairs if not (sign and name)]:
        raise click.UsageError(f"--header {wrong[0]}: write it as NAME=VALUE")
    return {name: value for name, _, value in pairs}
