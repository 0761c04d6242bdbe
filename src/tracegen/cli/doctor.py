"""`tracegen doctor`."""

import json
import os
import shlex
from pathlib import Path

import click

from tracegen.cli.pipeline import compile_spec, output_folder


@click.command(short_help="Name the first broken hop of a span's path.")
@click.argument("spec", default="tracegen.yaml")
@click.option("--env", "environment", metavar="NAME", help="Look at this environment's files.")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Where the files are.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(spec: str, environment: str | None, output: Path | None, format_: str) -> int:
    """Follow a span from each service to the storage, in the files as they are now."""
    from tracegen.doctor.expected import expected_of
    from tracegen.doctor.path import diagnose
    from tracegen.doctor.report import as_data, as_text

    expected = expected_of(compile_spec(spec, environment, strict=False))
    render = _render(spec, environment, output)
    diagnosis = diagnose(expected, output_folder(spec, output, environment), os.environ, render)
    shown = json.dumps(as_data(diagnosis), indent=2) if format_ == "json" else "\n".join(as_text(diagnosis))
    click.echo(shown)
    return 1 if diagnosis.findings else 0


def _render(spec: str, environment: str | None, output: Path | None) -> str:
    """The command that writes the files that are looked at."""
    words = ["tracegen", "render", *([] if spec == "tracegen.yaml" else [spec])]
    words += ["--env", environment] if environment else []
    words += ["--output", str(output)] if output else []
    return shlex.join(words)
