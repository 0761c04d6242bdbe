"""`tracegen render`."""

from functools import partial
from pathlib import Path
from typing import cast

import click

from tracegen.cli.next_steps import tell_next
from tracegen.cli.pipeline import compile_spec, output_folder
from tracegen.cli.writing import Folder, Manner, look, loudness, loudness_options, take_back, write
from tracegen.spec.editor import committed_editor_schema
from tracegen.write import Style, plan_changes
from tracegen.write.memory import is_remembered


@click.command(short_help="Write the files of a spec, or tell what would change.")
@click.argument("spec", default="tracegen.yaml")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=True), help="Default: the spec's folder.")
@click.option("--env", "environment", metavar="NAME", help="Render this environment, by default to env/NAME.")
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
@loudness_options
def command(
    spec: str,
    output: Path | None,
    environment: str | None,
    check_: bool,
    diff_: bool,
    plan_: bool,
    format_: str,
    conflict: str,
    abort_: bool,
    restore: tuple[str, ...],
    strict: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Write the files of SPEC (default: ./tracegen.yaml; - is standard input).

    What you edited is kept: your edit and the new text are merged. Where both changed the same lines, both are
    shown, the exit code is 1, and --abort takes the run back. A file that you deleted stays deleted; --restore
    brings it back.
    """
    if abort_:
        if check_ or diff_ or plan_ or restore:
            raise click.UsageError("--abort goes with no other option but -o and --env")
        return take_back([output_folder(spec, output, environment)])
    rendered = compile_spec(spec, environment, strict)
    unknown = sorted(set(restore) - rendered.tree.keys())
    if unknown:
        raise click.UsageError(f"--restore {unknown[0]}: this spec renders no such file")
    root = output_folder(spec, output, environment)
    # Editors look for the schema beside the spec, and that is where the base is rendered.
    schema = committed_editor_schema() if environment is None else None
    style = cast(Style, conflict)
    plan = partial(
        plan_changes,
        rendered.tree,
        root,
        environment,
        restore=restore,
        schema=schema,
        style=style,
        sources=rendered.sources,
    )
    folder = Folder(root, environment, plan)
    again = ["tracegen", "render", *([] if spec == "tracegen.yaml" else [spec])]
    again += [] if output is None else ["-o", str(output)]
    again += [] if environment is None else ["--env", environment]
    manner = Manner(format_, loudness(verbose, quiet), again)
    if check_ or diff_ or plan_:
        return look([folder], check_, diff_, manner)
    is_first = not is_remembered(root)
    code = write([folder], manner)
    if is_first and not code and format_ == "text" and not quiet:
        tell_next(rendered, root, _words(spec, environment, root))
    return code


def _words(spec: str, environment: str | None, root: Path) -> list[str] | tuple[()] | None:
    """How a command after this one names the spec; nothing where it lies in the output folder."""
    if spec == "-":
        return None
    if environment is None and Path(spec).name == "tracegen.yaml" and Path(spec).parent.resolve() == root.resolve():
        return ()
    return [*([] if spec == "tracegen.yaml" else [spec]), *(["--env", environment] if environment else [])]
