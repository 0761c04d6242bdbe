"""`tracegen new --from`: a spec of what exists, in place of answers."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from tracegen.importing import CannotImport, Found, from_files, from_spans, spec_text
from tracegen.problems import ProblemsFound
from tracegen.project.draft import Draft, draft_of
from tracegen.traces import CannotReadTraces, Wanted, read

_DAY = 24 * 3600


def draft_from(sources: Sequence[str], folder: Path, name: str, profiles: Sequence[str]) -> tuple[Draft, Found]:
    """The spec of what the sources hold. Raises UsageError, ProblemsFound."""
    try:
        found = _found(sources, profiles)
    except (CannotImport, CannotReadTraces) as error:
        hint = getattr(error, "hint", "")
        raise click.UsageError(f"{error}\n  hint: {hint}" if hint else str(error)) from error
    if not found.services:
        left = "".join(f"\n  {each}: {what}" for each, what in found.left_out.items())
        raise click.UsageError(f"no services were found, only{left}" if left else "no services were found")
    drafted = draft_of(spec_text(found, name, _seen_from(found, folder)), folder)
    if drafted.errors:
        raise ProblemsFound(drafted.problems)
    return drafted, found


def _found(sources: Sequence[str], profiles: Sequence[str]) -> Found:
    addresses = [each for each in sources if each.startswith(("http://", "https://"))]
    files = [each for each in sources if each not in addresses]
    spans = [each for each in files if _is_of_spans(Path(each))]
    if (addresses or spans) and len(spans) + len(addresses) < len(sources):
        raise click.UsageError(
            "name files that run the system, or traces; `tracegen verify --learn` adds what traces show"
        )
    if not addresses and not spans:
        return from_files([Path(each) for each in files], profiles=profiles)
    asked = Wanted(back=_DAY)
    return from_spans(batch for each in sources for batch in read(each, asked))


def _is_of_spans(path: Path) -> bool:
    """Whether a file holds spans: JSON of other kinds, as a manifest may be, is told apart by its first keys."""
    if path.is_dir() or path.suffix in (".yaml", ".yml"):
        return False
    if path.suffix in (".pb", ".binpb", ".otlp", ".gz", ".zst", ".jsonl", ".ndjson"):
        return True
    try:
        start = path.open("rb").read(4096)
    except OSError:
        return False
    return any(each in start for each in (b'"resourceSpans"', b'"resource_spans"', b'"batches"', b'"traceID"'))


def _seen_from(found: Found, folder: Path) -> str:
    """The project's folder as seen from that of the Compose file."""
    if found.compose_folder is None:
        return ""
    seen = os.path.relpath(os.path.realpath(folder), os.path.realpath(found.compose_folder))
    return seen.replace(os.sep, "/")


def told(found: Found) -> str:
    """What was found, in a line."""
    calls = sum(len(each.calls) for each in found.services.values())
    traced = sum(bool(each.tracing) for each in found.services.values())
    left = f", {len(found.left_out)} others left out" if found.left_out else ""
    return f"found {len(found.services)} services, {calls} calls, tracing in {traced} of them{left}"
