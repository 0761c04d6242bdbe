"""The files of the skeleton in a project: copier updates the skeleton, the writer merges what people changed."""

import os
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracegen import __version__
from tracegen.compiler import Rendered
from tracegen.project.answers import Remembered, remembered
from tracegen.project.create import without_a_use
from tracegen.project.skeleton import ANSWERS, brought_up, newest, paths_of
from tracegen.write import Change, Style, Verdict
from tracegen.write.disk import standing
from tracegen.write.memory import Memory
from tracegen.write.merge import holds_markers
from tracegen.write.plan import judged


def skeleton_changes(folder: Path, rendered: Rendered, style: Style) -> Iterator[Change]:
    """The changes that bring the skeleton of a project to the newest version; reads only.

    None where its version and answers are what they were; only the conflicts where some are not settled yet.
    Raises NoSkeleton and NewerTracegen, and what judging raises.
    """
    known = remembered(folder)
    wanted = _answers(folder, rendered, known)
    unsettled = list(_unsettled(folder, known, wanted["leave_out"]))
    if unsettled or known == Remembered(newest(), wanted):
        yield from unsettled
        return
    left_out = {*wanted["leave_out"], ANSWERS}
    before, after = brought_up(known.tag, known.answers, wanted)
    yield _answers_change(folder, after[ANSWERS])
    # What the version before wrote is known without a record: it is rendered anew from its answers.
    memory = Memory(files={path: (text,) for path, text in _without(before, left_out).items()})
    for change in judged(_without(after, left_out), folder, memory, style=style):
        yield replace(change, recorded=False, note=_note(change))


def _without(files: dict[str, bytes], left_out: Collection[str]) -> dict[str, bytes]:
    return {path: text for path, text in files.items() if path not in left_out}


def _answers_change(folder: Path, after: bytes) -> Change:
    """Copier's own file is written anew: it may name an older address, and nobody edits it to keep it."""
    return Change(ANSWERS, Verdict.UPDATE, standing(folder, ANSWERS), None, after, after, recorded=False)


def _note(change: Change) -> str:
    if change.verdict is Verdict.YOURS:
        return "you deleted it" if change.before is None else "no longer part of the skeleton, and you edited it"
    return change.note


def _unsettled(folder: Path, known: Remembered, left_out: Collection[str]) -> Iterator[Change]:
    """The conflicts of an earlier update that nobody has settled: a newer version has to wait for them."""
    for path in sorted({*paths_of(known.tag), *paths_of()} - set(left_out)):
        text = standing(folder, path)
        note = ""
        if text is not None and holds_markers(text):
            note = "both sides still stand in it"
        elif text is not None and standing(folder, f"{path}.rej") is not None:
            note = f"{path}.rej is still there; delete it when settled"
        if note:
            yield Change(path, Verdict.CONFLICT, text, None, text, text, recorded=False, note=note)


def _answers(folder: Path, rendered: Rendered, known: Remembered) -> dict[str, Any]:
    """The answers from now on: what was left out stays so as long as it is there, or nothing has a use for it."""
    useless = without_a_use(rendered)
    left_out = [path for path in known.answers["leave_out"] if path in useless or os.path.lexists(folder / path)]
    linked = [path for path in paths_of() if not _is_file_or_nothing(folder / path)]
    return {"leave_out": sorted({*left_out, *linked}), "tracegen_version": __version__}


def _is_file_or_nothing(place: Path) -> bool:
    return not os.path.lexists(place) or (place.is_file() and not place.is_symlink())
