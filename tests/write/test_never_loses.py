"""Whatever happens in whatever order, a line that a person wrote is there until that person removes it."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tracegen.write import CannotWrite, apply, is_drift, plan_changes, recover
from write.children import killed_at
from write.folders import leftovers, memory, outputs

PATHS = ["a", "b/c", "b/d", "e/f/g", "b", "e"]
TEXTS = [b"", b"one\n", b"two\n", b"one\ntwo\n", b"no newline", b"\0binary"]


def _fits(tree: dict[str, bytes]) -> dict[str, bytes]:
    """Drops what another path needs as a folder."""
    return {path: text for path, text in tree.items() if not any(other.startswith(f"{path}/") for other in tree)}


trees = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(TEXTS)).map(_fits)
paths = st.sampled_from(PATHS)


class Folder(RuleBasedStateMachine):
    """A folder in which tracegen renders and a person edits."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=memory()))
        self.tree: dict[str, bytes] = {}
        self.lines: dict[str, list[bytes]] = {}
        self.written = 0

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def _free(self, path: str) -> bool:
        place = self.root / path
        above = [folder for folder in place.parents if folder.is_relative_to(self.root)]
        return not place.is_dir() and all(folder.is_dir() or not folder.exists() for folder in above)

    def _render(self, tree: dict[str, bytes]) -> None:
        self.tree = tree
        try:
            apply(plan_changes(tree, self.root, None), self.root, None)
        except CannotWrite as error:  # a person's file where a folder is needed, or the other way round
            assert "is needed" in error.reason
            return
        changes = plan_changes(tree, self.root, None)
        assert not changes.writes
        assert is_drift(changes) == bool(changes.conflicts)

    @rule(tree=trees)
    def render(self, tree: dict[str, bytes]) -> None:
        self._render(tree)

    @rule(tree=trees, call=st.integers(1, 90), after=st.booleans(), path=paths)
    def render_killed(self, tree: dict[str, bytes], call: int, after: bool, path: str) -> None:
        def run() -> None:
            try:
                apply(plan_changes(tree, self.root, None), self.root, None)
            except CannotWrite as error:
                assert "is needed" in error.reason

        if killed_at(run, call, after=after):
            self.person_adds_a_line(path)
        recover(self.root)
        self._render(tree)

    @rule(path=paths)
    def person_adds_a_line(self, path: str) -> None:
        if self._free(path):
            self.written += 1
            line = f"person {self.written}\n".encode()
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((place.read_bytes() if place.exists() else b"") + line)
            self.lines.setdefault(path, []).append(line)

    @rule(path=paths)
    def person_deletes(self, path: str) -> None:
        if self._free(path):
            (self.root / path).unlink(missing_ok=True)
            self.lines.pop(path, None)

    @precondition(lambda self: (self.root / ".tracegen/state.json").exists())
    @rule(text=st.sampled_from([None, b"", b"<<<<<<< HEAD\n"]))
    def state_is_lost(self, text: bytes | None) -> None:
        place = self.root / ".tracegen/state.json"
        place.unlink() if text is None else place.write_bytes(text)

    @rule(path=paths, text=st.sampled_from([None, *TEXTS]))
    def base_is_lost(self, path: str, text: bytes | None) -> None:
        place = self.root / ".tracegen/base" / path
        if place.is_file():
            place.unlink() if text is None else place.write_bytes(text)

    @invariant()
    def every_line_is_there(self) -> None:
        found = outputs(self.root)
        for path, lines in self.lines.items():
            for line in lines:
                assert line in found[path]

    @invariant()
    def nothing_is_left_over(self) -> None:
        assert set(leftovers(self.root)) <= {"kept", "lock"}


Folder.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestFolder = Folder.TestCase
