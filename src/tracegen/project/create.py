"""A new project, written in one step: the spec, the skeleton and all that is rendered."""

from pathlib import Path
from typing import Any

from tracegen import __version__
from tracegen.compiler import Rendered
from tracegen.project.draft import SPEC, Answers, Draft, draft
from tracegen.project.skeleton import ANSWERS, fresh, paths_of
from tracegen.project.target import NotHere, occupied
from tracegen.spec.editor import committed_editor_schema
from tracegen.write import Change, Changes, Verdict, apply, plan_changes

#: Files of the skeleton that only one target has a use for.
_OF_A_TARGET = {"compose.override.yaml": "compose", "kubernetes-overlay/kustomization.yaml": "kubernetes"}


def create(answers: Answers, folder: Path) -> Changes:
    """Writes a project of answers; raises NotHere where a file of another kind stands in the way."""
    return create_of(draft(answers, folder), folder)


def create_of(drafted: Draft, folder: Path) -> Changes:
    """Writes a project of a valid draft; raises NotHere, with nothing written."""
    assert drafted.rendered, "what is drafted is checked before"
    files = {SPEC: drafted.text.encode(), **fresh(skeleton_data(drafted.rendered, folder))}
    own = [Change(path, Verdict.CREATE, None, None, text, text, recorded=False) for path, text in files.items()]
    schema = committed_editor_schema()
    changes = plan_changes(drafted.rendered.tree, folder, None, schema=schema, beside=own, sources=[folder / SPEC])
    for change in changes.conflicts:
        message = f"{folder / change.path} is there already, and holds something else"
        raise NotHere(message, "move it, or name another folder")
    apply(changes, folder, None)
    return changes


def preview(rendered: Rendered, folder: Path) -> list[str]:
    """The files that `create` writes, without running copier."""
    left_out = skeleton_data(rendered, folder)["leave_out"]
    return sorted({SPEC, ANSWERS, *rendered.tree, *(path for path in paths_of() if path not in left_out)})


def skeleton_data(rendered: Rendered, folder: Path) -> dict[str, Any]:
    """The skeleton's answers: what is left out because it is there, or because nothing has a use for it."""
    left_out = {*occupied(folder), *without_a_use(rendered)}
    return {"leave_out": sorted(left_out), "tracegen_version": __version__}


def without_a_use(rendered: Rendered) -> set[str]:
    """The files of the skeleton that are for a target which the spec does not have."""
    return {path for path in paths_of() if _OF_A_TARGET.get(path, "") not in ("", *rendered.system.targets)}
