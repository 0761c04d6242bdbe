"""A project brought to this version of tracegen: its skeleton by copier, all that is rendered by the writer."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.problems import Problem
from tracegen.project.answers import NoSkeleton, remembered
from tracegen.project.breaking import Step, steps_between
from tracegen.project.draft import SPEC
from tracegen.project.parts import Part, folder_of, parts_of
from tracegen.project.skeleton_changes import skeleton_changes
from tracegen.source.files import load
from tracegen.spec.editor import committed_editor_schema
from tracegen.write import Change, Changes, Style, plan_changes
from tracegen.write.memory import is_remembered, load_memory


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
    written = [name for name in checked.settings if name is None or is_remembered(folder_of(folder, name))]
    return Project(folder, tuple(parts_of(document, checked.settings, folder, written)), checked.problems)


def changes_of(project: Project, part: Part, style: Style) -> Changes:
    """What bringing one output folder up to date would do; the skeleton goes with the base. Reads only."""
    sources = part.rendered.sources
    if part.environment is not None:
        return plan_changes(part.rendered.tree, part.folder, part.environment, style=style, sources=sources)
    beside: list[Change] = []
    with suppress(NoSkeleton):  # told by `notes_of`
        beside = list(skeleton_changes(project.folder, project.parts[0].rendered, style))
    schema = committed_editor_schema()
    return plan_changes(
        part.rendered.tree, part.folder, None, schema=schema, style=style, beside=beside, sources=sources
    )


def notes_of(project: Project) -> list[str]:
    """Why the skeleton is left as it is; nothing where it is brought up to date. Raises NewerTracegen."""
    try:
        remembered(project.folder)
    except NoSkeleton as error:
        return [str(error)]
    return []


def _remembered_texts(folder: Path) -> list[bytes]:
    return [text for texts in load_memory(folder).files.values() for text in texts]


def steps_of(project: Project) -> list[Step]:
    """What to do before what is going to be rendered is started; to be asked before anything is written."""
    found = [
        steps_between(_remembered_texts(part.folder), part.rendered.tree.values(), catalogue())
        for part in project.parts
    ]
    return list(dict.fromkeys(step for steps in found for step in steps))
