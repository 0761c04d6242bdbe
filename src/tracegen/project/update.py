"""A project brought to this version of tracegen: its skeleton by copier, all that is rendered by the writer."""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracegen import __version__
from tracegen.compiler import Rendered, build
from tracegen.language.checking import check
from tracegen.language.editor import committed_editor_schema
from tracegen.packs import catalogue
from tracegen.problems import Problem
from tracegen.project.answers import NoSkeleton, Remembered, remembered
from tracegen.project.breaking import Step, steps_between
from tracegen.project.create import without_a_use
from tracegen.project.draft import SPEC
from tracegen.project.skeleton import ANSWERS, Updated, brought_up, newest, paths_of
from tracegen.source.files import load
from tracegen.write import Change, Changes, Style, Verdict, plan_changes
from tracegen.write.disk import standing
from tracegen.write.markers import holds_markers
from tracegen.write.paths import HOME
from tracegen.write.state import load_records


@dataclass(frozen=True)
class Part:
    """One output folder of a project: of the base, or of an environment."""

    folder: Path
    environment: str | None
    rendered: Rendered


@dataclass(frozen=True)
class Project:
    """A project as it is found: its output folders, and what is to be said about its spec."""

    folder: Path
    parts: tuple[Part, ...]
    problems: tuple[Problem, ...]


def find(folder: Path) -> Project:
    """The project in a folder: the base, and each environment that was rendered to its place.

    Raises what reading and checking a spec raises.
    """
    document = load(str(folder / SPEC))
    checked = check(document, catalogue())
    places = {name: folder / "env" / name if name else folder for name in checked.specs}
    parts = [
        Part(places[name], name, build(document, spec))
        for name, spec in checked.specs.items()
        if name is None or (places[name] / HOME).is_dir()
    ]
    return Project(folder, tuple(parts), checked.problems)


def written_folders(folder: Path) -> list[Path]:
    """The output folders that tracegen wrote into, whatever the spec says by now."""
    return [folder, *(each for each in sorted(folder.glob("env/*")) if (each / HOME).is_dir())]


def changes_of(project: Project, part: Part, style: Style) -> Changes:
    """What bringing one output folder up to date would do; the skeleton goes with the base. Reads only."""
    if part.environment is not None:
        return plan_changes(part.rendered.tree, part.folder, part.environment, style=style)
    beside: list[Change] = []
    with suppress(NoSkeleton):  # told by `notes_of`
        beside = list(_skeleton(project, style))
    schema = committed_editor_schema()
    return plan_changes(part.rendered.tree, part.folder, None, schema=schema, style=style, beside=beside)


def notes_of(project: Project) -> list[str]:
    """Why the skeleton is left as it is; nothing where it is brought up to date. Raises NewerTracegen."""
    try:
        remembered(project.folder)
    except NoSkeleton as error:
        return [str(error)]
    return []


def steps_of(project: Project) -> list[Step]:
    """What to do before what is going to be rendered is started; to be asked before anything is written."""
    found = [
        steps_between(load_records(part.folder).bases.values(), part.rendered.tree.values(), catalogue())
        for part in project.parts
    ]
    return list(dict.fromkeys(step for steps in found for step in steps))


def _skeleton(project: Project, style: Style) -> Iterator[Change]:
    """The changes of a person's files; none where the skeleton's version and answers are what they were."""
    known = remembered(project.folder)
    wanted = _answers(project, known)
    files = _standing(project.folder, known, wanted["leave_out"])
    unsettled = [_change(Updated(path, text, text, text)) for path, text in files.items() if holds_markers(text)]
    if unsettled or known == Remembered(newest(), wanted):
        yield from unsettled
        return
    found = {file.path: file for file in brought_up(files, known.tag, known.answers, wanted, style)}
    for path, file in found.items():
        if path == ANSWERS:
            # What stands there may name an older address of the template.
            file = replace(file, before=standing(project.folder, ANSWERS))
        yield _change(file, refused=f"{path}.rej" in found)


def _standing(folder: Path, known: Remembered, left_out: Collection[str]) -> dict[str, bytes]:
    """The files of the skeleton that are there, whoever wrote them."""
    paths = sorted({*paths_of(known.tag), *paths_of()} - set(left_out))
    found = {path: standing(folder, path) for path in paths}
    return {path: text for path, text in found.items() if text is not None}


def _change(file: Updated, refused: bool = False) -> Change:
    verdict, note = _verdict(file, refused)
    return Change(file.path, verdict, file.before, file.pristine, file.after, file.after, recorded=False, note=note)


def _answers(project: Project, known: Remembered) -> dict[str, Any]:
    """The answers from now on: what was left out stays so as long as it is there, or nothing has a use for it."""
    useless = without_a_use(project.parts[0].rendered)
    left_out = [
        path for path in known.answers["leave_out"] if path in useless or os.path.lexists(project.folder / path)
    ]
    linked = [path for path in paths_of() if not _is_file_or_nothing(project.folder / path)]
    return {"leave_out": sorted({*left_out, *linked}), "tracegen_version": __version__}


def _is_file_or_nothing(place: Path) -> bool:
    return not os.path.lexists(place) or (place.is_file() and not place.is_symlink())


def _verdict(file: Updated, refused: bool) -> tuple[Verdict, str]:
    """The verdict, and why where it does not tell; `refused`: a `.rej` file holds what was not taken over."""
    if refused:
        return Verdict.CONFLICT, f"what was refused is in {file.path}.rej; delete it when settled"
    if file.after is not None and holds_markers(file.after):
        return Verdict.CONFLICT, "both sides still stand in it" if file.after == file.before else ""
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
