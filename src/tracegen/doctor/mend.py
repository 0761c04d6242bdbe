"""The command that mends a finding."""

import difflib
import shlex
from dataclasses import replace
from pathlib import Path

from tracegen.doctor.expected import Expected
from tracegen.doctor.finding import Finding

#: Stands in a command for the one that writes the files.
RENDER = "{render}"


def mended(finding: Finding, expected: Expected, folder: Path, render: str) -> Finding:
    """With its command: the rendered line back in place, the whole file anew, or an added line away.

    `render` is the command that writes the files of this folder.
    """
    if finding.command:
        return replace(finding, command=finding.command.replace(RENDER, render))
    return replace(finding, command=_command(finding, expected, folder, render))


def _command(finding: Finding, expected: Expected, folder: Path, render: str) -> str:
    file, line = finding.mark.file, finding.mark.line
    there = folder / file
    quoted = shlex.quote(str(there))
    rendered = expected.tree.get(file)
    if file == ".env":
        # A secret is nobody's to show: another one, of letters and digits, on both sides.
        return f'sed -i "{line}s/=.*/=$(openssl rand -hex 32)/" {quoted}'
    if rendered is None:
        return (
            f"sed -i {shlex.quote(f'{line}d')} {quoted}" if there.is_file() else f"${{EDITOR:-vi}} +{line} {quoted}"
        )
    try:
        now = there.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        now = []
    was = rendered.decode().splitlines()
    if now == was:
        return f"tracegen explain {quoted}"
    single = _single(now, was)
    if single is not None:
        number, text = single
        return f"sed -i {shlex.quote(f'{number}c{_sed(text)}')} {quoted}"
    return f"rm --force {quoted} && {render} --restore {shlex.quote(file)}"


def _single(now: list[str], was: list[str]) -> tuple[int, str] | None:
    """The only line that differs, as it was; None when more than one does."""
    changes = [
        each for each in difflib.SequenceMatcher(None, now, was, autojunk=False).get_opcodes() if each[0] != "equal"
    ]
    if len(changes) != 1:
        return None
    kind, start, end, first, last = changes[0]
    if kind != "replace" or end - start != 1 or last - first != 1:
        return None
    return start + 1, was[first]


def _sed(text: str) -> str:
    """A line after sed's `c`, whose blanks at the start would be lost, and whose backslashes mean something."""
    return "\\" + text.replace("\\", "\\\\") if text[:1].isspace() else text.replace("\\", "\\\\")
