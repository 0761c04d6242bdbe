"""Whatever happens in whatever order, a line that a person wrote is there until that person removes it."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tracegen.write import (
    CannotWrite,
    Style,
    abort,
    apply,
    can_abort,
    is_drift,
    plan_changes,
    recover,
)
from tracegen.write.moves import Origin, move
from write.children import killed_at
from write.folders import everything, leftovers, memory, outputs, render

PATHS = ["a", "b/c", "b/d", "e/f/g", "b", "e"]
LINES = 6
ODD = [b"", b"one\n", b"no newline", b"\0binary", b"windows\r\nends\r\n"]


def _text(variants: list[int]) -> bytes:
    """Lines that stay, and some that a change of the spec changes, adds or takes away."""
    return b"".join(f"line {number} {'x' * variant}\n".encode() for number, variant in enumerate(variants) if variant)


texts = st.lists(st.integers(0, 2), min_size=LINES, max_size=LINES).map(_text) | st.sampled_from(ODD)


def _fits(tree: dict[str, bytes]) -> dict[str, bytes]:
    """Drops what another path needs as a folder."""
    return {path: text for path, text in tree.items() if not any(other.startswith(f"{path}/") for other in tree)}


trees = st.dictionaries(st.sampled_from(PATHS), texts).map(_fits)
paths = st.sampled_from(PATHS)
styles: st.SearchStrategy[Style] = st.sampled_from(["inline", "rej"])


_MARKERS = (b"<<<<<<<", b"=======", b">>>>>>>")


def _words(text: bytes) -> set[bytes]:
    return {line.strip() for line in text.split(b"\n")}


class Folder(RuleBasedStateMachine):
    """A folder in which tracegen renders and a person edits."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=memory()))
        self.lines: list[bytes] = []
        self.written = 0

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def _everywhere(self) -> list[bytes]:
        """What a person finds: the outputs, and what was set aside when a run was taken back."""
        aside = self.root / ".tracegen/aside"
        return [*outputs(self.root).values(), *(everything(aside).values() if aside.exists() else ())]

    def _free(self, path: str) -> bool:
        place = self.root / path
        above = [folder for folder in place.parents if folder.is_relative_to(self.root)]
        return not place.is_dir() and all(folder.is_dir() or not folder.exists() for folder in above)

    def _render(self, tree: dict[str, bytes], style: Style = "inline") -> None:
        try:
            planned = plan_changes(tree, self.root, None, style=style)
            apply(planned, self.root, None)
        except CannotWrite as error:  # a person's file where a folder is needed, or the other way round
            assert "is needed" in error.reason
            return
        assert bool(planned.conflicts) >= can_abort(self.root)
        again = plan_changes(tree, self.root, None, style=style)
        assert not again.writes
        assert is_drift(again) == bool(again.conflicts)
        assert {change.path for change in again.conflicts} == {change.path for change in planned.conflicts}

    @rule(tree=trees, style=styles)
    def render(self, tree: dict[str, bytes], style: Style) -> None:
        self._render(tree, style)

    @rule(tree=trees, call=st.integers(1, 90), after=st.booleans(), path=paths)
    def render_killed(self, tree: dict[str, bytes], call: int, after: bool, path: str) -> None:
        def run() -> None:
            try:
                apply(plan_changes(tree, self.root, None), self.root, None)
            except CannotWrite as error:
                assert "is needed" in error.reason

        if killed_at(run, call, after=after):
            self.person_adds_a_line(path, 0)
        recover(self.root)
        self._render(tree)

    @rule(tree=trees, style=styles)
    def render_and_take_it_back(self, tree: dict[str, bytes], style: Style) -> None:
        before = everything(self.root)
        earlier = can_abort(self.root)
        self._render(tree, style)
        if can_abort(self.root) and not earlier:
            abort(self.root)
            assert everything(self.root) == before
            assert not can_abort(self.root)

    @precondition(lambda self: can_abort(self.root))
    @rule(call=st.none() | st.integers(1, 60))
    def take_back(self, call: int | None) -> None:
        def run() -> None:
            with suppress(CannotWrite):  # somebody's folder or file is in the way
                abort(self.root)

        if call is None or killed_at(run, call):
            recover(self.root)
            if can_abort(self.root):
                run()

    @rule(path=paths, place=st.integers(0, LINES))
    def person_adds_a_line(self, path: str, place: int) -> None:
        if self._free(path):
            self.written += 1
            line = f"person {self.written}\n".encode()
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
            if place >= len(lines) and lines and not lines[-1].endswith(b"\n"):
                line = b"\n" + line
            file.write_bytes(b"".join([*lines[:place], line, *lines[place:]]))
            self.lines.append(line.strip())

    @rule(path=paths, place=st.integers(0, LINES))
    def person_removes_a_line_of_tracegen(self, path: str, place: int) -> None:
        file = self.root / path
        if file.is_file():
            lines = file.read_bytes().splitlines(keepends=True)
            if place < len(lines) and lines[place].startswith(b"line"):
                file.write_bytes(b"".join([*lines[:place], *lines[place + 1 :]]))

    @rule(path=paths)
    def person_settles(self, path: str) -> None:
        file, refused = self.root / path, self.root / f"{path}.rej"
        if file.is_file():
            kept = [line for line in file.read_bytes().splitlines(keepends=True) if line[:7] not in _MARKERS]
            file.write_bytes(b"".join(kept))
        if refused.is_file():
            refused.unlink()

    @rule(path=paths)
    def person_saves_with_other_ends_of_lines(self, path: str) -> None:
        file = self.root / path
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    @rule(path=paths)
    def person_deletes(self, path: str) -> None:
        file = self.root / path
        if file.is_file():
            text = file.read_bytes()
            file.unlink()
            rest = b"".join(self._everywhere())
            # What is deleted is gone, but for what a run that is taken back brings again.
            self.lines = [line for line in self.lines if line not in _words(text) or line in _words(rest)]

    @precondition(lambda self: (self.root / ".tracegen/memory").exists())
    @rule(text=st.sampled_from([None, b"", b"<<<<<<< HEAD\n"]))
    def memory_is_lost(self, text: bytes | None) -> None:
        place = self.root / ".tracegen/memory"
        place.unlink() if text is None else place.write_bytes(text)

    @precondition(lambda self: (self.root / ".tracegen/memory").exists())
    @rule(at=st.integers(0, 400), byte=st.binary(min_size=1, max_size=1))
    def memory_is_damaged(self, at: int, byte: bytes) -> None:
        place = self.root / ".tracegen/memory"
        text = place.read_bytes()
        place.write_bytes(text[:at] + byte + text[at + 1 :])

    @invariant()
    def every_line_is_there(self) -> None:
        found = _words(b"\n".join(self._everywhere()))
        assert not [line for line in self.lines if line not in found]

    @invariant()
    def nothing_is_left_over(self) -> None:
        assert set(leftovers(self.root)) <= {"unwritten", "aside"}


Folder.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestFolder = Folder.TestCase


CODE = ["code/a", "code/b"]
ENVIRONMENTS = ("env/dev", "env/prod")
folders = st.sampled_from(["", *ENVIRONMENTS])


class Moved(RuleBasedStateMachine):
    """Two environments with the code that each once had, and a person who edits in old places and new ones."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=memory()))
        self.lines: list[bytes] = []
        self.written = 0
        for name in ("", *ENVIRONMENTS):
            render({path: _text([1] * LINES) for path in CODE}, self.root / name, name or None)

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @rule(variants=st.lists(st.integers(0, 2), min_size=LINES, max_size=LINES), stop=st.integers(1, 3))
    def render_all(self, variants: list[int], stop: int) -> None:
        """As every command that writes several folders; it may be killed between two of them."""
        base = plan_changes({path: _text(variants) for path in CODE}, self.root, None)
        planned = [plan_changes({"otel.env": b"e\n"}, self.root / name, name) for name in ENVIRONMENTS]
        origins = [Origin(name, each, ["code"]) for name, each in zip(ENVIRONMENTS, planned, strict=True)]
        changes, found = move(base, origins)
        for name, each in list(zip(("", *ENVIRONMENTS), (changes, *found), strict=True))[:stop]:
            apply(each, self.root / name, name or None)

    @rule(name=folders)
    def take_back(self, name: str) -> None:
        if can_abort(self.root / name):
            abort(self.root / name)

    @rule(name=folders, path=st.sampled_from(CODE), place=st.integers(0, LINES))
    def person_adds_a_line(self, name: str, path: str, place: int) -> None:
        file = self.root / name / path
        if file.exists():
            self.written += 1
            lines = file.read_bytes().splitlines(keepends=True)
            file.write_bytes(b"".join([*lines[:place], b"person %d\n" % self.written, *lines[place:]]))
            self.lines.append(b"person %d" % self.written)

    @rule(path=st.sampled_from(CODE))
    def person_settles(self, path: str) -> None:
        file = self.root / path
        kept = [line for line in file.read_bytes().splitlines(keepends=True) if line[:7] not in _MARKERS]
        file.write_bytes(b"".join(kept))

    @invariant()
    def every_line_is_there(self) -> None:
        found = _words(b"\n".join(everything(self.root).values()))
        assert not [line for line in self.lines if line not in found]


Moved.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestMoved = Moved.TestCase
