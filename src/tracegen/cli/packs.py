"""`tracegen packs`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tracegen.catalogue import Catalogue, catalogue
from tracegen.cli.terminal import loudness
from tracegen.columns import columns


@click.command(short_help="List languages, backends, storages and pinned versions.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--outdated",
    type=click.Path(path_type=Path),
    metavar="CATALOGUE",
    help="Compare the pinned versions with those of a newer catalogue; exit 1 if one is behind.",
)
def command(format_: str, outdated: Path | None) -> int:
    """List languages, frameworks, backends, storages, and every pinned version with its source.

    CATALOGUE is what `tracegen packs --format json` of another tracegen prints, in a file.
    """
    if outdated is not None:
        from tracegen.cli.outdated import tell_outdated

        return tell_outdated(catalogue(), outdated, format_)
    content = describe(catalogue())
    if format_ == "json":
        click.echo(json.dumps(content, indent=2))
    else:
        click.echo("\n".join(_lines(content, verbose=loudness() == "verbose")))
    return 0


def describe(packs: Catalogue) -> dict[str, list[dict[str, Any]]]:
    """Everything that `tracegen packs` tells, as plain data."""
    return {
        "languages": [
            {
                "name": each.name,
                "title": each.title,
                "frameworks": list(each.frameworks),
                "libraries": list(each.libraries),
                "instrumentation": list(each.instrumentation),
                "propagators": list(each.propagators),
                "remote_sampling": list(each.remote_sampling),
                "tests": "built and run" if each.runs_in_tests else "not run by our tests",
            }
            for each in packs.languages.values()
        ],
        "backends": [
            {
                "name": each.name,
                "title": each.title,
                "modes": list(each.modes),
                "storages": list(packs.storages_of(each.name)),
            }
            for each in packs.backends.values()
        ],
        "storages": [
            {
                "name": each.name,
                "title": each.title,
                "backends": list(each.backends),
                "modes": list(each.modes),
            }
            for each in packs.storages.values()
        ],
        "versions": [
            {"name": each.name, "image": each.reference, "source": each.source, "tested": each.tested}
            | ({"oldest": each.oldest} if each.oldest else {})
            | ({"digest": each.seen.digest, "agree": each.seen.agree, "of": each.seen.of} if each.seen else {})
            for each in packs.images.values()
        ],
    }


def _lines(content: dict[str, list[dict[str, Any]]], *, verbose: bool) -> Iterator[str]:
    """Tables of what can be chosen and what is pinned; `verbose` adds what was tried, and sources."""
    for kind, entries in content.items():
        yield from ("", kind) if kind != "languages" else (kind,)
        left_out = {"source"} if verbose else {"source", "tests", "tested", "title", "propagators"}
        keys = [key for key in entries[0] if key not in left_out and all(key in entry for entry in entries)]
        rows = [[_cell(entry[key]) for key in keys] for entry in entries]
        yield from columns([[key.replace("_", " ") for key in keys], *rows])
        if kind == "versions" and verbose:
            yield from ("", "sources of the versions")
            yield from (f"  {entry['name']}: {entry['source']}" for entry in entries)
    if not verbose:
        yield from ("", "-v tells what was tried of each, and where each version was seen")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return str(value).partition("@sha256:")[0]
