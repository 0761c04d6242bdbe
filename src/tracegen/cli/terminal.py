"""How much a command says, and in which colours: what `-v`, `-q` and `--color` of every command come to."""

import os
import sys
from dataclasses import dataclass
from typing import Any, Literal, TextIO

import click

#: How much is said: what is wrong, what there is to know, or everything.
Loudness = Literal["quiet", "normal", "verbose"]
Colour = Literal["auto", "always", "never"]


@dataclass
class _Manner:
    loudness: Loudness = "normal"
    colour: Colour = "auto"


#: Of the command that runs: words are printed after it ended, too, when its context is gone.
_NOW = _Manner()


def reset() -> None:
    """Forget what an earlier command in this process was told."""
    _NOW.loudness, _NOW.colour = "normal", "auto"


def loudness() -> Loudness:
    """How much is said."""
    return _NOW.loudness


def is_quiet() -> bool:
    """Whether only what is wrong is said."""
    return _NOW.loudness == "quiet"


def is_coloured(stream: TextIO) -> bool:
    """Whether a stream gets colours: as `--color` says, else a terminal that NO_COLOR and TERM do not forbid."""
    if _NOW.colour != "auto":
        return _NOW.colour == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def is_marked(stream: TextIO) -> bool:
    """Whether problems are shown with the line that they are in."""
    return stream.isatty() or _NOW.loudness == "verbose"


def painted(text: str, stream: TextIO, **style: Any) -> str:
    """A text in the style that `click.style` takes, where the stream gets colours."""
    return click.style(text, **style) if is_coloured(stream) else text


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text whose colours, if it has any, were asked for."""
    click.echo(text, err=err, nl=nl, color=is_coloured(sys.stderr if err else sys.stdout))


def with_common_options(command: click.Command) -> click.Command:
    """The command with the options of every command, those left out that it has of its own."""
    taken = {name for each in command.params for name in each.opts}
    if "--color" in taken:
        return command
    quiet = ["-q", "--quiet"] if "--quiet" not in taken else ["-q", "is_quiet"]
    command.params += [
        _flag(["-v", "--verbose"], "verbose", "Say more: unchanged files, defaults, sources."),
        _flag(quiet, "quiet", "Say only what is wrong."),
        click.Option(
            ["--color"], type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
            expose_value=False, callback=_set_colour, help="Colours; auto heeds NO_COLOR.",
        ),
    ]  # fmt: skip
    return command


def _flag(names: list[str], loudness: Loudness, text: str) -> click.Option:
    def set_loudness(context: click.Context, _: click.Parameter, wanted: bool) -> None:
        if not wanted:
            return
        if _NOW.loudness not in ("normal", loudness):
            raise click.UsageError("-v and -q are opposites", context)
        _NOW.loudness = loudness

    return click.Option(names, is_flag=True, expose_value=False, callback=set_loudness, help=text)


def _set_colour(_: click.Context, __: click.Parameter, wanted: Colour) -> None:
    _NOW.colour = wanted
