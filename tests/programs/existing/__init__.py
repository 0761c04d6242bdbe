"""Services as teams had them before tracing, a module each, and what adopting README.tracing.md comes to."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND_SECONDS = 900


@dataclass(frozen=True)
class Edit:
    """What a person writes into `path`: the page's `number`th block in `language`, or a `text` that a step words.

    A text has the block where it says {block}.
    It comes before or after the line that holds `at`, or in the place of that and further `lines`; without `at`, at
    the top.
    """

    path: str
    language: str = ""
    number: int = 0
    text: str = ""
    at: str = ""
    where: str = "before"
    indent: str = ""
    lines: int = 1


@dataclass(frozen=True)
class Existing:
    """A service of a team.

    said        keys of the service in tracegen.yaml
    files       what its repository holds, by path
    edits       what the page asks a person to write
    prepare     installs what its lock file says into the folder; the variables that its commands need
    versions    what is installed, by name
    commands    its processes, by name; the first answers requests
    adopted     those that the page words anew
    route       the name of the server span
    spans       (kind, beginning of the name) of what a request leads to, each once
    lines       how many lines a request leads to, all processes together; `times` are fields that differ each time
    stub        the folder that tracegen writes into, and `where` that of the commands
    needs       servers that it talks with: redis, postgres, kafka
    build       compiles it, where that is to be done
    files_first the way back begins with the files; otherwise its commands need them
    """

    language: str
    said: Mapping[str, object]
    files: Mapping[str, str]
    edits: Sequence[Edit]
    prepare: Callable[[Path, Path], Mapping[str, str]]
    versions: Callable[[Path, Mapping[str, str]], Mapping[str, str]]
    commands: Mapping[str, Sequence[str]]
    adopted: Mapping[str, Sequence[str]]
    route: str
    spans: Sequence[tuple[int, str]]
    lines: int = 2
    times: Sequence[str] = ()
    tools: Sequence[str] = ()
    needs: Sequence[str] = ()
    stub: str = "."
    where: str = "."
    build: Callable[[Path, Mapping[str, str]], None] = lambda folder, variables: None
    files_first: bool = False


def write(existing: Existing, folder: Path) -> None:
    """The service's own files."""
    for path, text in existing.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in a language, without the indent of their steps."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", page, flags=re.MULTILINE | re.DOTALL)
    return ["".join(line.removeprefix(indent) for line in text.splitlines(keepends=True)) for indent, text in found]


def commands(page: str, heading: str) -> list[str]:
    """The commands below a heading of the page."""
    part = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line for block in blocks(part, "sh") for line in block.splitlines() if line.strip()]


def run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """A command of the page, as a person would run it."""
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def edit(existing: Existing, page: str, folder: Path) -> None:
    """Write into the service's files what the page says."""
    for each in existing.edits:
        block = blocks(page, each.language)[each.number] if each.language else ""
        text = textwrap.indent(each.text.replace("{block}", block.strip()) or block, each.indent)
        path = folder / each.path
        path.write_text(_edited(path.read_text(encoding="utf-8"), text.rstrip("\n") + "\n", each), encoding="utf-8")


def _edited(own: str, text: str, said: Edit) -> str:
    if not said.at:
        return text + own
    lines = own.splitlines(keepends=True)
    (number,) = (number for number, line in enumerate(lines) if said.at in line)
    kept = [] if said.where == "instead" else [lines[number]]
    new = [*kept, text] if said.where == "after" else [text, *kept]
    return "".join([*lines[:number], *new, *lines[number + said.lines :]])
