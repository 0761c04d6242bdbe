"""The entry point: finds the command, and turns every way to fail into words and an exit code.

0 fine · 1 something to look at · 2 wrong usage, also: cannot be read or written · 3 a bug · 130 interrupted.
"""

import errno
import os
import sys
from importlib import import_module

import click

from tracegen import __version__
from tracegen.cli.terminal import reset, say, with_common_options

#: The commands: module below `tracegen.cli`, and the line that `--help` shows, so that it imports none of them.
_COMMANDS = {
    "new": "Begin a project: a wizard, then files that work.",
    "render": "Write the files of a spec, or tell what would change.",
    "update": "Bring a project to this tracegen; edits are kept.",
    "validate": "Tell what is wrong with specs.",
    "add": "Add a service, an environment or libraries to the spec.",
    "fmt": "Lay specs out in one way; comments are kept.",
    "explain": "Tell what was decided and why, or where a file comes from.",
    "view": "Receive traces and show them in the browser, beside the spec.",
    "traces": "Slow requests, errors, dependencies and more, on the terminal.",
    "verify": "Hold real traces against the spec.",
    "rehearse": "Send traffic made from the spec; tell what is kept of it.",
    "run": "Start what was rendered on this machine, without containers.",
    "doctor": "Name the first broken hop of a span's path, and the command that mends it.",
    "packs": "List languages, backends, storages and pinned versions.",
    "schema": "Print the JSON Schema of a spec, for editors.",
    "completion": "Print the completion script of a shell.",
}

#: Standard output cannot take more: a full disk, a quota, a size limit, a broken device.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class _LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"tracegen.cli.{cmd_name}").command
        if isinstance(command, click.Group):
            for below in command.commands.values():
                with_common_options(below)
            return command
        return with_common_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if word == "help":
            if args[1:]:
                return super().resolve_command(ctx, [*args[1:], "--help"])
            click.echo(ctx.get_help())
            ctx.exit()
        if word not in _COMMANDS and not word.startswith("-"):
            from tracegen.cli.other_words import meant

            raise click.UsageError(f"there is no command {word!r}\n  hint: {meant(word, _COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


_OF_VERSION = "Show the version and exit."


def _tell_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from tracegen.other_program import warning

        click.echo(f"tracegen {__version__}")
        if words := warning():
            click.echo(words, err=True)
        context.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_tell_version, help=_OF_VERSION)
@click.option("--debug", is_flag=True, help="Show the traceback of a bug.")
@click.pass_context
def group(context: click.Context, debug: bool) -> None:
    """Working distributed tracing for a team's services, from one reviewed file.

    \b
    Examples:
      tracegen validate                 is tracegen.yaml right?
      tracegen render --env prod        write env/prod/
      tracegen render --check           is everything rendered? (for pipelines)
      tracegen explain backend.storage  what was decided, and why
    """
    context.obj = {"debug": debug}


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run a command; returns its exit code."""
    _open_closed_streams()
    reset()
    try:
        result = group.main(arguments, prog_name="tracegen", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        # The reader of our output went away, as `head` does.
        _drop_output()
        return 0
    except Exception as error:
        return _failed(error, arguments)


def _open_closed_streams() -> None:
    """A stream that the caller closed (`>&-`) is None in Python: nothing is read from it, and words go nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It stays open until the end, and importing pathlib takes longer than all that `--help` does.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def _drop_output() -> None:
    """Let what is still buffered go nowhere: Python would complain again when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Exception, arguments: list[str]) -> int:
    # Whoever writes files says so with the file's name; what is left is our own output.
    if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
        _drop_output()
        click.echo(f"cannot write to standard output: {os.strerror(error.errno).lower()}", err=True)
        return 2
    from tracegen.cli.failures import expected_failure

    expected = expected_failure(error)
    if expected:
        say(expected.words, err=True)
        return expected.code
    if "--debug" in arguments:
        import traceback

        traceback.print_exc()
    click.echo(
        f"bug in tracegen {__version__}: {type(error).__name__}: {error}\n"
        "please report it with this line, the spec, and what `tracegen --debug …` prints",
        err=True,
    )
    return 3
