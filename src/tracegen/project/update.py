"""A project brought to this version of tracegen: its skeleton by copier, all that is rendered by the writer."""

import os
from collections.abc import Collection, Iterator
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
from tracegen.project.skeleton import ANSWERS, Conflict, Updated, brought_up, newest, paths_of, shows_both_sides
from tracegen.source.files import load
from tracegen.write import Change, Changes, Verdict, plan_changes
from tracegen.write.disk import standing
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


@dataclass(frozen=True)
class Update:
    """What an update does to each output folder, what to do before it is started, and what is left out and why."""

    changes: tuple[tuple[Part, Changes], ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]


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


def plan_update(project: Project, conflict: Conflict) -> Update:
    """What bringing a project up to date would do; reads only."""
    notes: list[str] = []
    try:
        beside = list(_skeleton(project, conflict))
    except NoSkeleton as error:
        beside = []
        notes.append(str(error))
    schema = committed_editor_schema()
    changes = []
    steps: dict[Step, None] = {}
    for part in project.parts:
        own = beside if part.environment is None else []
        only = schema if part.environment is None else None
        planned = plan_changes(part.rendered.tree, part.folder, part.environment, schema=only, beside=own)
        changes.append((part, planned))
        steps |= dict.fromkeys(_steps(part))
    return Update(tuple(changes), tuple(steps), tuple(notes))


def _steps(part: Part) -> list[Step]:
    old = load_records(part.folder).bases.values()
    return steps_between(old, part.rendered.tree.values(), catalogue())


def _skeleton(project: Project, conflict: Conflict) -> Iterator[Change]:
    """The changes of a person's files; none where the skeleton's version and answers are what they were."""
    known = remembered(project.folder)
    wanted = _answers(project, known)
    files = _standing(project.folder, known, wanted["leave_out"])
    unsettled = [_change(Updated(path, text, text, text)) for path, text in files.items() if shows_both_sides(text)]
    if unsettled or known == Remembered(newest(), wanted):
        yield from unsettled
        return
    for file in brought_up(files, known.tag, known.answers, wanted, conflict):
        if file.path == ANSWERS:
            yield _change(replace(file, before=standing(project.folder, ANSWERS)))
        else:
            yield _change(file)


def _standing(folder: Path, known: Remembered, left_out: Collection[str]) -> dict[str, bytes]:
    """The files of the skeleton that are there, whoever wrote them."""
    paths = sorted({*paths_of(known.tag), *paths_of()} - set(left_out))
    found = {path: standing(folder, path) for path in paths}
    return {path: text for path, text in found.items() if text is not None}


def _change(file: Updated) -> Change:
    return Change(file.path, _verdict(file), file.before, file.pristine, file.after, file.after, recorded=False)


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


def _verdict(file: Updated) -> Verdict:
    if shows_both_sides(file.after):
        return Verdict.CONFLICT
    if file.after == file.before:
        return _unchanged(file)
    if file.before is None:
        return Verdict.CREATE
    return Verdict.REMOVE if file.after is None else Verdict.UPDATE


def _unchanged(file: Updated) -> Verdict:
    if file.after is None:
        return Verdict.DELETED
    return Verdict.SAME if file.before == file.pristine else Verdict.EDITED
