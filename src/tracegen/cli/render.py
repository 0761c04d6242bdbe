"""`tracegen render`."""

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import click

from tracegen.cli.next_steps import tell_next
from tracegen.cli.pipeline import compile_parts, compile_spec, output_folder
from tracegen.cli.spec_argument import SPEC, environment_option, spec_argument
from tracegen.cli.terminal import is_quiet
from tracegen.cli.writing import Folder, Manner, look, take_back, write
from tracegen.project.parts import Part, written_folders
from tracegen.spec.editor import committed_editor_schema
from tracegen.write import Style, plan_changes
from tracegen.write.memory import is_remembered


@click.command(short_help="Write the files of a spec, or tell what would change.")
@spec_argument
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=True), help="Default: the spec's folder.")
@environment_option("Render this environment, by default to env/NAME.")
@click.option("--all", "all_", is_flag=True, help="Render the base, and every environment to env/NAME.")
@click.option("--check", "check_", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--diff", "diff_", is_flag=True, help="Write nothing; show the lines that would change.")
@click.option("--plan", "plan_", is_flag=True, help="Write nothing; print one verdict a file.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--conflict",
    type=click.Choice(["inline", "rej"]),
    default="inline",
    show_default=True,
    help="Show both sides in the file, or what is refused in a .rej file beside it.",
)
@click.option("--abort", "abort_", is_flag=True, help="Take back the last run that ended in a conflict.")
@click.option("--restore", multiple=True, metavar="PATH", help="Write a file again that was deleted.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--watch", "watch_", is_flag=True, help="Again at each change of the spec, until Ctrl-C.")
def command(
    spec: str,
    output: Path | None,
    environment: str | None,
    all_: bool,
    check_: bool,
    diff_: bool,
    plan_: bool,
    format_: str,
    conflict: str,
    abort_: bool,
    restore: tuple[str, ...],
    strict: bool,
    watch_: bool,
) -> int:
    """Write the files of SPEC (default: ./tracegen.yaml; - is standard input).

    What you edited is kept: your edit and the new text are merged. Where both changed the same lines, both are
    shown, the exit code is 1, and --abort takes the run back. A file that you deleted stays deleted; --restore
    brings it back.

    Stubs and examples that are the same in every environment lie beside the spec alone; with --env and -o, all of
    one environment is in that folder.
    """
    if all_ and environment is not None:
        raise click.UsageError("--all is every environment, so it goes without --env")
    root = output_folder(spec, output, None)
    if abort_:
        if check_ or diff_ or plan_ or restore:
            raise click.UsageError("--abort goes with no other option but -o, --env and --all")
        return take_back(written_folders(root) if all_ else [output_folder(spec, output, environment)])
    again = ["tracegen", "render", *([] if spec == SPEC else [spec])]
    again += [] if output is None else ["-o", str(output)]
    again += ["--all"] if all_ else [] if environment is None else ["--env", environment]

    def run() -> int:
        parts = _parts(spec, output, environment, strict, root, all_=all_)
        _refuse_unknown(restore, parts)
        folders = [_folder(part, restore, cast(Style, conflict), alone=len(parts) == 1) for part in parts]
        manner = Manner(format_, again)
        if check_ or diff_ or plan_:
            return look(folders, check_, diff_, manner)
        return _written(parts, folders, manner, spec, environment)

    if not watch_:
        return run()
    if check_ or spec == "-":
        raise click.UsageError("--watch goes with a spec that is a file, and without --check")
    from tracegen.cli.watching import watch

    return watch(spec, run)


def _written(
    parts: Sequence[Part], folders: Sequence[Folder], manner: Manner, spec: str, environment: str | None
) -> int:
    """Writes; after a first render, tells what to do next."""
    is_first = not is_remembered(parts[0].folder)
    code = write(folders, manner)
    if is_first and not code and manner.format_ == "text" and not is_quiet():
        shown = parts[-1] if environment is not None else parts[0]
        tell_next(shown.rendered, shown.folder, _words(spec, environment, shown.folder))
    return code


def _words(spec: str, environment: str | None, root: Path) -> list[str] | tuple[()] | None:
    """How a command after this one names the spec; nothing where it lies in the output folder."""
    if spec == "-":
        return None
    if environment is None and Path(spec).name == SPEC and Path(spec).parent.resolve() == root.resolve():
        return ()
    return [*([] if spec == SPEC else [spec]), *(["--env", environment] if environment else [])]


def _parts(
    spec: str, output: Path | None, environment: str | None, strict: bool, root: Path, *, all_: bool
) -> list[Part]:
    """The trees to write: with `-o`, that of an environment is whole and stands alone."""
    if all_:
        parts = compile_parts(spec, None, strict, root)
        for folder in written_folders(root):
            if folder not in [part.folder for part in parts]:
                click.echo(f"{folder} is of no environment of this spec, and is left as it is", err=True)
        return parts
    if output is not None or environment is None:
        return [Part(root, environment, compile_spec(spec, environment, strict))]
    return compile_parts(spec, [environment], strict, root)


def _refuse_unknown(restore: Collection[str], parts: Sequence[Part]) -> None:
    """Raises UsageError for a path that is in no tree; of several, each is named from the first."""
    known = {path if len(parts) == 1 else _from_the_base(part, path) for part in parts for path in part.rendered.tree}
    unknown = sorted(set(restore) - known)
    if unknown:
        raise click.UsageError(f"--restore {unknown[0]}: this spec renders no such file")


def _from_the_base(part: Part, path: str) -> str:
    return f"{part.name}/{path}" if part.environment else path


def _folder(part: Part, restore: Collection[str], style: Style, *, alone: bool) -> Folder:
    wanted = [path for path in part.rendered.tree if (path if alone else _from_the_base(part, path)) in restore]
    plan = partial(
        plan_changes,
        part.rendered.tree,
        part.folder,
        part.environment,
        restore=wanted,
        # Editors look for the schema beside the spec, and that is where the base is rendered.
        schema=committed_editor_schema() if part.environment is None else None,
        style=style,
        sources=part.rendered.sources,
    )
    return Folder(part.folder, part.environment, plan, "" if alone else part.name, part.left)
