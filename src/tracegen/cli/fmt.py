"""`tracegen fmt`."""

import sys

import click

from tracegen.cli.pipeline import read
from tracegen.cli.spec_argument import SpecFile, nearest_spec
from tracegen.cli.spec_files import diff_of, texts_of, write_back
from tracegen.cli.terminal import is_quiet, say
from tracegen.editing import CannotFormat, formatted


@click.command(short_help="Lay specs out in one way; comments are kept.")
@click.argument("specs", nargs=-1, metavar="[SPEC]...", type=SpecFile())
@click.option("--check", "check_", is_flag=True, help="Write nothing; exit 1 if a file would change.")
@click.option("--diff", "diff_", is_flag=True, help="Write nothing; show the lines that would change.")
def command(specs: tuple[str, ...], check_: bool, diff_: bool) -> int:
    """Lay specs out in one way (default: the nearest tracegen.yaml; - is standard input, to standard output).

    Two spaces a level, lists indented, one blank after a colon. Order, quotes, brackets and comments stay, included
    files are laid out too. A file whose values or comments would change is left as it is, and the exit code is 1.
    """
    if "-" in specs:
        if len(specs) > 1:
            raise click.UsageError("- is standard input, and goes alone")
        return _standard_input()
    changed: dict[str, tuple[str, str]] = {}
    refused = False
    for spec in specs or (nearest_spec(),):
        for file, old in texts_of(read(spec)).items():
            try:
                new = formatted(old.encode("utf-8"), file)
            except CannotFormat as error:
                click.echo(f"{file} is left as it is: {error}", err=True)
                refused = True
                continue
            if new != old:
                changed[file] = (old, new)
    if diff_:
        say(diff_of(changed), nl=False)
    for file, (old, new) in changed.items():
        if not check_ and not diff_:
            write_back(file, old, new)
        if not is_quiet() and not diff_:
            click.echo(f"{file}: {'would be laid out anew' if check_ else 'laid out anew'}", err=True)
    return int(refused or (check_ and bool(changed)))


def _standard_input() -> int:
    try:
        click.echo(formatted(sys.stdin.buffer.read(), "<stdin>"), nl=False)
    except CannotFormat as error:
        click.echo(f"standard input cannot be laid out: {error}", err=True)
        return 1
    return 0
