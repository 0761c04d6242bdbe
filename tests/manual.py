"""The man page, made from the commands themselves: `docs/tracegen.1` is what this makes, and a test holds it."""

import re
import textwrap
from collections.abc import Iterator

import click

from tracegen.cli.entry import group

_HEAD = """\
.\\" Made from the commands by tests/manual.py: do not edit, run `make examples`.
.TH TRACEGEN 1 "" "tracegen" "tracegen"
.SH NAME
tracegen \\- working distributed tracing for a team's services, from one reviewed file
.SH SYNOPSIS
.B tracegen
[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGS\\fR]...
.SH DESCRIPTION
tracegen turns one reviewed file, \\fItracegen.yaml\\fR, into the configuration that real programs read:
Docker Compose, OpenTelemetry Collector, Jaeger, Tempo, and the OpenTelemetry environment of every service.
"""
_FOOT = """\
.SH EXIT STATUS
.TP
.B 0
fine
.TP
.B 1
something to look at: an invalid spec, files that are not up to date, a conflict
.TP
.B 2
wrong usage, or a file that cannot be read or written
.TP
.B 3
a bug in tracegen, with a line to report it by
.TP
.B 130
interrupted
.SH FILES
.TP
.I tracegen.yaml
the spec: the team's alone
.TP
.I .tracegen/
what tracegen wrote last; commit it
"""


def man_page() -> str:
    """The page in roff, with every command and option."""
    context = click.Context(group, info_name="tracegen", **group.context_settings)
    lines = [*_options(group, context), ".SH COMMANDS"]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        lines += _command(name, command, click.Context(command, info_name=name, parent=context))
    return _HEAD + "\n".join([".SH OPTIONS", *lines]) + "\n" + _FOOT


def _command(name: str, command: click.Command, context: click.Context) -> Iterator[str]:
    pieces = " ".join(_escaped(piece) for piece in command.collect_usage_pieces(context))
    yield f'.SS "tracegen {name} {pieces}"'
    for paragraph in re.split(r"\n\s*\n", (command.help or "").strip()):
        first, _, rest = paragraph.partition("\n")
        if first.strip() == "\b":
            yield from (".PP", ".nf", *map(_escaped, textwrap.dedent(rest).splitlines()), ".fi")
        else:
            yield from (".PP", _escaped(" ".join(paragraph.split())))
    yield from _options(command, context)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            yield from (".TP", f".B {_escaped(record[0])}", _escaped(record[1]))


def _escaped(text: str) -> str:
    """A text as roff takes it: in ASCII, no command at the start of a line, and hyphens that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in text)
    return f"\\&{text}" if text.startswith((".", "'")) else text
