"""`tracegen validate --fix`: what has one right answer is written into the files of a spec."""

from pathlib import Path

import click

from tracegen.cli.spec_files import problems_of, write_back
from tracegen.editing import Fixed, fixed
from tracegen.problems import ProblemsFound
from tracegen.source.files import read_file
from tracegen.source.reader import read

#: A fix may uncover what could not be judged before it.
_MOST_ROUNDS = 5


def tell_fixed(spec: str) -> None:
    """Mend a spec and what it includes, and tell each word that was replaced, on standard error."""
    old: dict[str, str] = {}
    new: dict[str, str] = {}
    done: list[tuple[str, Fixed]] = []
    for _ in range(_MOST_ROUNDS):
        problems = problems_of(spec, new)
        more: list[tuple[str, Fixed]] = []
        for file in dict.fromkeys(each.place.file for each in problems if each.fix):
            old.setdefault(file, read_file(Path(file)).decode("utf-8"))
            text = new.get(file, old[file])
            result, replaced = fixed(
                text, read(text.encode("utf-8"), file), (p for p in problems if p.place.file == file)
            )
            if _can_be_read(result, file):
                new[file] = result
                more += [(file, each) for each in replaced]
        done += more
        if not more:
            break
    for file, text in new.items():
        write_back(file, old[file], text)
    for file, each in done:
        click.echo(f"{file}:{each.line}:{each.column}: {each.path}: {each.old} is now {each.new}", err=True)


def _can_be_read(text: str, file: str) -> bool:
    try:
        read(text.encode("utf-8"), file)
    except ProblemsFound:
        return False
    return True
