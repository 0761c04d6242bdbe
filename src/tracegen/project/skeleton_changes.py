"""The files of the skeleton in a project, judged: what copier makes of them, as changes for the writer."""

import os
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracegen import __version__
from tracegen.compiler import Rendered
from tracegen.project.answers import Remembered, remembered
from tracegen.project.create import without_a_use
from tracegen.project.skeleton import ANSWERS, Updated, brought_up, newest, paths_of
from tracegen.write import Change, Style, Verdict
from tracegen.write.disk import standing
from tracegen.write.markers import holds_markers, sides
from tracegen.write.reconcile import refusal


def skeleton_changes(folder: Path, rendered: Rendered, style: Style) -> Iterator[Change]:
    """The changes that bring the skeleton of a project to the newest version; reads only.

    None where its version and answers are what they were; only the conflicts where some are not settled yet.
    Raises NoSkeleton and NewerTracegen.
    """
    known = remembered(folder)
    wanted = _answers(folder, rendered, known)
    files = _standing(folder, known, wanted["leave_out"])
    unsettled = list(_unsettled(folder, files))
    if unsettled or known == Remembered(newest(), wanted):
        yield from unsettled
        return
    for file in brought_up(files, known.tag, known.answers, wanted):
        if file.path == ANSWERS:
            # What stands there may name an older address of the template.
            file = replace(file, before=standing(folder, ANSWERS))
        yield from _changes(file, style)


def _standing(folder: Path, known: Remembered, left_out: Collection[str]) -> dict[str, bytes]:
    """The files of the skeleton that are there, whoever wrote them."""
    paths = sorted({*paths_of(known.tag), *paths_of()} - set(left_out))
    found = {path: standing(folder, path) for path in paths}
    return {path: text for path, text in found.items() if text is not None}


def _unsettled(folder: Path, files: dict[str, bytes]) -> Iterator[Change]:
    """The conflicts of an earlier update that nobody has settled."""
    for path, text in files.items():
        if holds_markers(text):
            yield _change(Updated(path, text, text, text), Verdict.CONFLICT, "both sides still stand in it")
        elif standing(folder, f"{path}.rej") is not None:
            note = f"{path}.rej is still there; delete it when settled"
            yield _change(Updated(path, text, text, text), Verdict.CONFLICT, note)


def _answers(folder: Path, rendered: Rendered, known: Remembered) -> dict[str, Any]:
    """The answers from now on: what was left out stays so as long as it is there, or nothing has a use for it."""
    useless = without_a_use(rendered)
    left_out = [path for path in known.answers["leave_out"] if path in useless or os.path.lexists(folder / path)]
    linked = [path for path in paths_of() if not _is_file_or_nothing(folder / path)]
    return {"leave_out": sorted({*left_out, *linked}), "tracegen_version": __version__}


def _is_file_or_nothing(place: Path) -> bool:
    return not os.path.lexists(place) or (place.is_file() and not place.is_symlink())


def _changes(file: Updated, style: Style) -> Iterator[Change]:
    """The change of a file, and of its `.rej` file where one is written."""
    both = sides(file.after) if file.after is not None else None
    if both is None:
        yield _change(file, *_verdict(file))
    elif style == "inline":
        yield _change(file, Verdict.CONFLICT)
    else:
        kept, refused = both
        place = f"{file.path}.rej"
        note = f"what was refused is in {place}; delete it when settled"
        yield _change(replace(file, after=kept), Verdict.CONFLICT, note)
        yield _change(Updated(place, None, None, refusal(file.path, kept, refused)), Verdict.CREATE)


def _change(file: Updated, verdict: Verdict, note: str = "") -> Change:
    return Change(file.path, verdict, file.before, file.pristine, file.after, file.after, recorded=False, note=note)


def _verdict(file: Updated) -> tuple[Verdict, str]:
    """The verdict, and why where it does not tell."""
    if file.after == file.before:
        return _unchanged(file)
    if file.before is None:
        return Verdict.CREATE, ""
    if file.after is None:
        return Verdict.REMOVE, ""
    return Verdict.UPDATE if file.before == file.pristine else Verdict.MERGE, ""


def _unchanged(file: Updated) -> tuple[Verdict, str]:
    if file.after is None:
        return Verdict.YOURS, "you deleted it"
    if file.gone:
        return Verdict.YOURS, "no longer part of the skeleton, and you edited it"
    return Verdict.SAME if file.before == file.pristine else Verdict.EDITED, ""
