"""`tracegen packs --outdated`: the pins of this tracegen beside those of another."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tracegen.catalogue import Catalogue, numbers_of
from tracegen.columns import columns
from tracegen.source.files import read_file


def tell_outdated(packs: Catalogue, path: Path, format_: str) -> int:
    """Prints the pins that are behind a catalogue; the exit code is 1 if there are any."""
    rows = list(_behind(packs, _versions(path)))
    if format_ == "json":
        click.echo(
            json.dumps([dict(zip(("name", "pinned", "catalogue"), row, strict=True)) for row in rows], indent=2)
        )
    elif rows:
        click.echo("\n".join(columns([["name", "pinned", "catalogue"], *rows])))
    click.echo(f"{len(rows)} of {len(packs.images)} pins are behind {path}", err=True)
    return int(bool(rows))


def _behind(packs: Catalogue, others: dict[str, str]) -> Iterator[list[str]]:
    for name, image in packs.images.items():
        repository, _, version = others.get(name, "").rpartition(":")
        if repository == image.repository and numbers_of(version) > numbers_of(image.version):
            yield [name, image.version, version]


def _versions(path: Path) -> dict[str, str]:
    """The images of a catalogue by name; a file that is none is wrong usage."""
    try:
        entries: Any = json.loads(read_file(path))["versions"]
        return {str(entry["name"]): str(entry["image"]) for entry in entries}
    except (ValueError, TypeError, KeyError, RecursionError):
        hint = "make one with `tracegen packs --format json`"
        raise click.UsageError(f"{path} is no catalogue\n  hint: {hint}") from None
