"""Files that Kubernetes has a copy of: who edits one is told that the other is as it was."""

from collections.abc import Mapping
from dataclasses import replace

from tracegen.write import Change, Changes, Verdict

#: kustomize refuses files outside its folder, so what both targets read is there twice.
_COPIES = "kubernetes/configuration/"
_EDITED = frozenset({Verdict.EDITED, Verdict.MERGE, Verdict.CONFLICT})


def with_copies(changes: Changes) -> Changes:
    """The changes, where an edit that its copy does not have says so."""
    paths = {change.path: change for change in changes}
    return replace(changes, items=tuple(_told(change, paths) for change in changes))


def _told(change: Change, paths: Mapping[str, Change]) -> Change:
    other = paths.get(_other(change.path))
    if change.verdict not in _EDITED or change.note or other is None or other.after == change.after:
        return change
    return replace(change, note=f"its copy {other.path} has not this edit; `overrides` in the spec reach both")


def _other(path: str) -> str:
    return path.removeprefix(_COPIES) if path.startswith(_COPIES) else f"{_COPIES}{path}"
