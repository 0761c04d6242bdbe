"""`tracegen render`."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from tracegen.cli.pipeline import compile_spec, output_folder
from tracegen.language.editor import committed_editor_schema
from tracegen.write import (
    Changes,
    apply,
    as_json,
    diff,
    is_drift,
    needs_recovery,
    plan_changes,
    recover,
    recovery_lines,
    summary_lines,
)


@click.command(short_help="Write the files of a spec, or tell what would change.")
@click.argument("spec", default="tracegen.yaml")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=True), help="Default: the spec's folder.")
@click.option("--env", "environment", metavar="NAME", help="Render this environment, by default to env/NAME.")
@click.option("--check", "check_", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--diff", "diff_", is_flag=True, help="Write nothing; show the lines that would change.")
@click.option("--plan", "plan_", is_flag=True, help="Write nothing; print one verdict a file.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def command(
    spec: str,
    output: Path | None,
    environment: str | None,
    check_: bool,
    diff_: bool,
    plan_: bool,
    format_: str,
    strict: bool,
) -> int:
    """Write the files of SPEC (default: ./tracegen.yaml; - is standard input).

    Files that you edited are never overwritten: where your edit and the new text meet, the file is left as it
    is, shown as a conflict, and the exit code is 1.
    """
    rendered = compile_spec(spec, environment, strict)
    root = output_folder(rendered.document, output, environment)
    if check_ or diff_ or plan_:
        return _look(rendered.tree, root, environment, check_, diff_, format_)
    return _write(rendered.tree, root, environment, format_)


def _look(
    tree: Mapping[str, bytes], root: Path, environment: str | None, check_: bool, diff_: bool, format_: str
) -> int:
    changes = _plan(tree, root, environment)
    unfinished = needs_recovery(root)
    if unfinished:
        click.echo(f"{root}: an earlier run was interrupted; `tracegen render` finishes or undoes it", err=True)
    if format_ == "json":
        click.echo(json.dumps(as_json(changes), indent=2))
    elif diff_:
        click.echo(diff(changes), nl=False)
    else:
        _print(summary_lines(changes))
    return int(unfinished or (check_ and is_drift(changes)) or _conflicts(changes))


def _write(tree: Mapping[str, bytes], root: Path, environment: str | None, format_: str) -> int:
    for line in recovery_lines(recover(root)):
        click.echo(line, err=True)
    changes = _plan(tree, root, environment)
    apply(changes, root, environment)
    if format_ == "json":
        click.echo(json.dumps(as_json(changes), indent=2))
    else:
        _print(summary_lines(changes))
    if _conflicts(changes):
        click.echo(diff(Changes(changes.conflicts)), nl=False)
        click.echo(
            "conflicts: these files are left as they are; take over what you want, or delete the file",
            err=True,
        )
    return int(_conflicts(changes))


def _plan(tree: Mapping[str, bytes], root: Path, environment: str | None) -> Changes:
    """Editors look for the schema beside the spec, and that is where the base is rendered."""
    schema = committed_editor_schema() if environment is None else None
    return plan_changes(tree, root, environment, schema=schema)


def _conflicts(changes: Changes) -> bool:
    return bool(changes.conflicts)


def _print(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
