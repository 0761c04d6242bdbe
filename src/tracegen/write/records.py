"""What `.tracegen/` shall say after a run."""

from collections.abc import Iterable

from tracegen.write.changes import Change
from tracegen.write.paths import STATE, base_of
from tracegen.write.reconcile import Verdict
from tracegen.write.state import Records, dump_state
from tracegen.write.tree import digest

# After these the rendered text is what the person has, or has chosen to differ from, so it is the next base.
_RECORDED = frozenset({Verdict.CREATE, Verdict.UPDATE, Verdict.MERGE, Verdict.SAME, Verdict.EDITED})


def record_writes(changes: Iterable[Change], records: Records, environment: str | None) -> dict[str, bytes | None]:
    """The files of `.tracegen/` that have to change, None for a removal; empty where all is up to date."""
    bases: dict[str, bytes | None] = {}
    hashes: dict[str, str] = {}
    for change in changes:
        if not change.recorded:
            continue
        path, remembered = change.path, records.remembered_hash(change.path)
        if change.verdict in _RECORDED or change.shown:
            bases[path], remembered = change.rendered, digest(change.rendered)
        elif change.verdict is Verdict.REMOVE:
            bases[path], remembered = None, None
        if remembered is not None:
            hashes[path] = remembered
    writes = {base_of(path): text for path, text in bases.items() if records.bases.get(path) != text}
    state = dump_state(environment, hashes)
    return writes if state == records.text else {**writes, STATE: state}
