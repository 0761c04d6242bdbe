"""`tracegen doctor`."""

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracegen.cli.pipeline import compile_spec, output_folder
from tracegen.cli.spec_argument import SPEC, environment_option, spec_argument

if TYPE_CHECKING:
    from tracegen.doctor.expected import Expected
    from tracegen.doctor.path import Diagnosis


@click.command(short_help="Name the first broken hop of a span's path.")
@spec_argument
@environment_option("Look at this environment's files.")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Where the files are.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--live", is_flag=True, help="Ask what runs, too.")
@click.option(
    "--at", "places", multiple=True, metavar="NAME:PORT=ADDRESS", help="Where a container's port is reached."
)
@click.option(
    "--bundle", type=click.Path(path_type=Path, dir_okay=False), help="Write what a colleague needs, zipped."
)
def command(
    spec: str,
    environment: str | None,
    output: Path | None,
    format_: str,
    live: bool,
    places: tuple[str, ...],
    bundle: Path | None,
) -> int:
    """Follow a span from each service to the storage, and name the first hop that is broken: file, line, how one can
    tell, and the command that mends it. Exits 1 when there is one.

    \b
      tracegen doctor                      the files as they are now, edits and overrides too
      tracegen doctor --live               what runs: a marked span is sent and looked for
      tracegen doctor --live --at otel-gateway:4318=127.0.0.1:14318
      tracegen doctor --bundle help.zip    for a colleague, without secrets
    """
    from tracegen.doctor.expected import expected_of
    from tracegen.doctor.path import diagnose
    from tracegen.doctor.report import as_data, as_text

    expected = expected_of(compile_spec(spec, environment, strict=False))
    folder = output_folder(spec, output, environment)
    diagnosis = diagnose(expected, folder, os.environ, _render(spec, environment, output))
    notes: list[str] = []
    if live and not diagnosis.findings:
        diagnosis, notes = _live(expected, folder, places, diagnosis)
    data = as_data(diagnosis, notes)
    click.echo(json.dumps(data, indent=2) if format_ == "json" else "\n".join(as_text(diagnosis, notes)))
    if bundle:
        _bundle(bundle, expected, folder, Path(spec), data)
    return 1 if diagnosis.findings else 0


def _live(
    expected: "Expected", folder: Path, places: tuple[str, ...], offline: "Diagnosis"
) -> tuple["Diagnosis", list[str]]:
    from tracegen.doctor.live import Live
    from tracegen.doctor.path import Diagnosis
    from tracegen.doctor.reach import BadAt, parse_at

    try:
        at = parse_at(places)
    except BadAt as error:
        raise click.UsageError(f"--at {error}") from error
    look = Live(expected, folder, os.environ, at)
    found = look.diagnose()
    return Diagnosis((*offline.looked_at, *found.looked_at), found.findings), look.notes


def _bundle(path: Path, expected: "Expected", folder: Path, spec: Path, data: dict[str, object]) -> None:
    from tracegen.doctor.bundle import write_bundle

    try:
        names = write_bundle(path, expected, folder, spec, data, os.environ)
    except OSError as error:
        raise click.UsageError(f"--bundle {path}: {error.strerror}") from error
    click.echo(f"{path}: {len(names)} files; values of secrets are masked", err=True)


def _render(spec: str, environment: str | None, output: Path | None) -> str:
    """The command that writes the files that are looked at."""
    words = ["tracegen", "render", *([] if spec == SPEC else [spec])]
    words += ["--env", environment] if environment else []
    words += ["--output", str(output)] if output else []
    return shlex.join(words)
