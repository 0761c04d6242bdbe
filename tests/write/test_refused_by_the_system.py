"""A full disk, a read-only folder: refused with nothing changed and nothing left behind."""

import errno
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracegen.write import CannotWrite, Outcome, apply, needs_recovery, plan_changes, recover
from write.children import Refusing, as_nobody, in_child, needs_fork
from write.folders import everything, leftovers, outputs, put, render

OLD = {"a.yaml": b"old\n", "b/c.yaml": b"old\n", "gone/x.yaml": b"x\n", "flat": b"flat\n"}
NEW = {"a.yaml": b"new\n" * 3000, "b/c.yaml": b"new\n", "new/y.yaml": b"y\n" * 5000, "flat/deep": b"d\n"}


def refused(root: Path, match: str = "") -> None:
    """A run in `root` is refused, and the folder is as it was."""
    before, folders = everything(root), _folders(root)
    with pytest.raises(CannotWrite, match=match):
        apply(plan_changes(NEW, root, None), root, None)
    assert everything(root) == before
    assert _folders(root) == folders
    assert not needs_recovery(root)


def _folders(root: Path) -> list[Path]:
    """All folders but that of the lock, which stays."""
    return sorted(place for place in root.rglob("*") if place.is_dir() and place.name != ".tracegen")


Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Small filesystems of our own; skips where this user may not mount."""
    mounted: list[Path] = []

    def mount_with(options: str) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("this user may not mount a small filesystem")
        mounted.append(place)
        return place

    yield mount_with
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


def _sweep(mount: Mount, options: str, sizes: range, old: dict[str, bytes]) -> int:
    """Renders onto ever larger disks until it fits; returns how many were too full."""
    for tried, size in enumerate(sizes):
        disk = mount(options.format(size))
        try:
            render(old, disk)
        except CannotWrite:
            assert everything(disk) == {}
            continue
        try:
            apply(plan_changes(NEW, disk, None), disk, None)
        except CannotWrite as error:
            assert "no space left" in error.reason
            assert outputs(disk) == old
            assert leftovers(disk) == []
        else:
            assert outputs(disk) == NEW
            return tried
    raise AssertionError("no disk was large enough")


@pytest.mark.parametrize("old", [{}, OLD], ids=["first", "update"])
def test_a_full_disk_changes_nothing(mount: Mount, old: dict[str, bytes]) -> None:
    assert _sweep(mount, "size={}k", range(4, 400, 4), old) > 10


@pytest.mark.parametrize("old", [{}, OLD], ids=["first", "update"])
def test_a_disk_without_room_for_names_changes_nothing(mount: Mount, old: dict[str, bytes]) -> None:
    assert _sweep(mount, "size=1m,nr_inodes={}", range(3, 100), old) > 10


def test_a_read_only_filesystem_is_refused(mount: Mount) -> None:
    disk = mount("size=1m")
    render(OLD, disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused(disk, "read-only file system")


def test_an_output_on_another_filesystem_is_refused_and_the_rest_taken_back(mount: Mount) -> None:
    disk = mount("size=1m")
    render(OLD, disk)
    (disk / "new").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk / "new")], check=True)
    try:
        refused(disk, "new/y.yaml: is on another filesystem")
    finally:
        subprocess.run(["umount", str(disk / "new")], check=True)


@needs_fork
@pytest.mark.parametrize("old", [{}, OLD], ids=["first", "update"])
def test_a_file_over_the_size_limit_changes_nothing(tmp_path: Path, old: dict[str, bytes]) -> None:
    def limited(size: int) -> Callable[[], None]:
        def run() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            refused(tmp_path, "file too large")

        return run

    if old:
        render(old, tmp_path)
    for size in (0, 50, 5000, 11_000):
        assert in_child(limited(size)) == 0


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that another user can reach; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _owned_by_nobody(root: Path) -> None:
    if os.geteuid() == 0:
        for place in [root, *root.rglob("*")]:
            os.chown(place, 65534, 65534)


@needs_fork
@pytest.mark.parametrize("folder", [".", "b", "gone", ".tracegen"])
def test_a_folder_that_is_not_writable_is_refused(shared: Path, folder: str) -> None:
    root = shared / "root"
    root.mkdir()
    render(OLD, root)
    _owned_by_nobody(root)
    (root / folder).chmod(0o555)

    def run() -> None:
        as_nobody()
        os.replace = Refusing(1, AssertionError("an output was touched before the refusal"))  # type: ignore[assignment]
        refused(root)

    assert in_child(run) == 0


@needs_fork
def test_a_root_that_cannot_be_created_is_refused(shared: Path) -> None:
    shared.chmod(0o555)

    def run() -> None:
        as_nobody()
        with pytest.raises(CannotWrite, match="permission denied"):
            render(OLD, shared / "new/root")

    assert in_child(run) == 0
    shared.chmod(0o755)
    assert list(shared.iterdir()) == []


@needs_fork
def test_a_file_that_cannot_be_read_is_refused(shared: Path) -> None:
    render(OLD, shared)
    _owned_by_nobody(shared)
    (shared / "a.yaml").chmod(0)

    def run() -> None:
        as_nobody()
        with pytest.raises(CannotWrite, match=r"a\.yaml: permission denied"):
            plan_changes(NEW, shared, None)

    assert in_child(run) == 0


@pytest.mark.parametrize(
    ("error", "late"),
    [(OSError(errno.EIO, "failed"), False), (KeyboardInterrupt(), False), (KeyboardInterrupt(), True)],
    ids=["error", "interrupt", "late interrupt"],
)
@pytest.mark.parametrize("old", [{}, OLD], ids=["first", "update"])
def test_what_fails_half_way_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: dict[str, bytes], error: BaseException, late: bool
) -> None:
    if old:
        render(old, tmp_path)
    put(tmp_path, {"theirs": b"mine"})
    before = everything(tmp_path)
    for call in range(1, 100):
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", Refusing(call, error, late=late))
            try:
                apply(plan_changes(NEW, tmp_path, None), tmp_path, None)
            except (CannotWrite, KeyboardInterrupt):
                assert everything(tmp_path) == before
                assert not needs_recovery(tmp_path)
            else:
                break
    assert call > 5
    assert outputs(tmp_path) == NEW | {"theirs": b"mine"}


def test_what_cannot_be_taken_back_now_is_taken_back_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = []
    for call in range(1, 7):
        root = tmp_path / str(call)
        render(OLD, root)
        before = everything(root)
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", Refusing(call, OSError(errno.EIO, "failed"), stubborn=True))
            with pytest.raises(CannotWrite, match="input/output error"):
                apply(plan_changes(NEW, root, None), root, None)
        outcomes.append(recover(root).outcome)
        if outcomes[-1] is Outcome.FINISHED:
            assert outputs(root) == NEW
        else:
            assert everything(root) == before
        assert leftovers(root) == []
    assert set(outcomes) == {Outcome.NOTHING, Outcome.FINISHED}
