"""`tracegen render`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
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
@click.option("--restore", multiple=True, metavar="PATH", help="Write a file again that was deleted.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def command(
    spec: str,
    output: Path | None,
    environment: str | None,
    check_: bool,
    diff_: bool,
    plan_: bool,
    format_: str,
    restore: tuple[str, ...],
    strict: bool,
) -> int:
    """Write the files of SPEC (default: ./tracegen.yaml; - is standard input).

    Files that you edited are never overwritten: where your edit and the new text meet, the file is left as it
    is, shown as a conflict, and the exit code is 1. A file that you deleted stays deleted; --restore brings it
    back, and a conflict is settled by deleting the file and restoring it, or by taking the shown lines over.
    """
    rendered = compile_spec(spec, environment, strict)
    unknown = sorted(set(restore) - rendered.tree.keys())
    if unknown:
        raise click.UsageError(f"--restore {unknown[0]}: this spec renders no such file")
    root = output_folder(rendered.document, output, environment)
    target = _Target(rendered.tree, root, environment, restore)
    return _look(target, check_, diff_, format_) if check_ or diff_ or plan_ else _write(target, format_)


@dataclass(frozen=True)
class _Target:
    """A tree and the folder that it is for."""

    tree: Mapping[str, bytes]
    root: Path
    environment: str | None
    restore: tuple[str, ...]

    def plan(self) -> Changes:
        """Editors look for the schema beside the spec, and that is where the base is rendered."""
        schema = committed_editor_schema() if self.environment is None else None
        return plan_changes(self.tree, self.root, self.environment, restore=self.restore, schema=schema)


def _look(target: _Target, check_: bool, diff_: bool, format_: str) -> int:
    changes = target.plan()
    unfinished = needs_recovery(target.root)
    if unfinished:
        click.echo(f"{target.root}: an earlier run was interrupted; render finishes or undoes it", err=True)
    if diff_ and format_ == "text":
        click.echo(diff(changes), nl=False)
    else:
        _tell(changes, format_)
    return int(unfinished or (check_ and is_drift(changes)) or bool(changes.conflicts))


def _write(target: _Target, format_: str) -> int:
    for line in recovery_lines(recover(target.root)):
        click.echo(line, err=True)
    changes = target.plan()
    contested = apply(changes, target.root, target.environment)
    _tell(changes, format_)
    for path in contested:
        click.echo(f"{path} was changed while tracegen was writing, and is left alone", err=True)
    if changes.conflicts:
        click.echo(diff(Changes(changes.conflicts)), nl=False, err=format_ == "json")
        click.echo(
            "conflicts: these files are left as they are. Take over the lines you want, "
            "or delete a file and render with --restore",
            err=True,
        )
    return int(bool(changes.conflicts or contested))


def _tell(changes: Changes, format_: str) -> None:
    text = json.dumps(as_json(changes), indent=2) if format_ == "json" else "\n".join(summary_lines(changes))
    click.echo(text)
