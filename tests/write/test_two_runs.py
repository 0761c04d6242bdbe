"""Two runs in one folder: the second is told, and never mixes with the first."""

import errno
import fcntl
import os
import time
from pathlib import Path

import pytest

from tracegen.write import Busy, CannotWrite, apply, is_busy, needs_recovery, plan_changes, recover
from tracegen.write.lock import exclusive
from write.children import in_child, needs_fork
from write.folders import everything, leftovers, outputs, put, render

TREE = {"a": b"1"}


def test_the_second_run_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    changes = plan_changes(TREE, tmp_path, None)
    with exclusive(tmp_path):
        with pytest.raises(Busy, match="another tracegen"):
            apply(changes, tmp_path, None)
        assert outputs(tmp_path) == {}
    apply(changes, tmp_path, None)
    assert outputs(tmp_path) == TREE


def test_a_run_that_is_still_going_is_not_recovered(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        put(tmp_path, {".tracegen/staging/new/a": b"half"})
        assert needs_recovery(tmp_path)
        with pytest.raises(Busy):
            recover(tmp_path)
        assert (tmp_path / ".tracegen/staging/new/a").exists()


def test_a_run_does_not_bury_what_an_interrupted_one_left(tmp_path: Path) -> None:
    changes = plan_changes(TREE, tmp_path, None)
    put(tmp_path, {".tracegen/staging/new/a": b"half"})
    before = everything(tmp_path)
    with pytest.raises(CannotWrite, match="has to be recovered first"):
        apply(changes, tmp_path, None)
    assert everything(tmp_path) == before


def test_a_lock_file_that_nobody_holds_is_no_lock(tmp_path: Path) -> None:
    put(tmp_path, {".tracegen/lock": b""})
    assert not is_busy(tmp_path)
    render(TREE, tmp_path)
    assert leftovers(tmp_path) == []
    assert not is_busy(tmp_path)


def test_who_looks_can_tell_a_run_that_goes_on_from_one_that_was_killed(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        assert is_busy(tmp_path)
    assert not is_busy(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_told_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    open_files = Path("/proc/self/fd")
    before = len(list(open_files.iterdir())) if open_files.exists() else 0
    changes = plan_changes(TREE, tmp_path, None)
    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(CannotWrite, match=r"has no locks.*-o"):
        apply(changes, tmp_path, None)
    assert outputs(tmp_path) == {}
    assert not before or len(list(open_files.iterdir())) == before


@needs_fork
def test_many_runs_at_once_end_in_one_of_their_trees(tmp_path: Path) -> None:
    trees = [{f"file{number}": bytes([65 + run]) * 2000 for number in range(20)} for run in range(6)]

    def contend(run: int) -> None:
        done = 0
        while done < 5:
            try:
                recover(tmp_path)
                render(trees[run], tmp_path)
                done += 1
            except (Busy, CannotWrite):
                time.sleep(0.001 * run)

    children = []
    for run in range(len(trees)):
        pid = os.fork()
        if pid == 0:
            os._exit(in_child(lambda run=run: contend(run)))  # type: ignore[misc]
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * len(trees)
    assert outputs(tmp_path) in trees
    assert leftovers(tmp_path) == []
