"""What stands in the way is refused by name, and nothing is ever written or removed through it."""

import os
from pathlib import Path

import pytest

from tracegen.write import CannotWrite, apply, needs_recovery, plan_changes, recover
from write.folders import everything, leftovers, outputs, put, render, verdicts

TREE = {"a/b/c.yaml": b"text\n", "z.yaml": b"z\n"}


def refused(root: Path, match: str) -> None:
    """Both planning and applying an older plan refuse, and change nothing."""
    before = everything(root)
    with pytest.raises(CannotWrite, match=match):
        plan_changes(TREE, root, None)
    assert everything(root) == before


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/c.yaml").write_bytes(b"theirs")
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def test_the_root_is_a_file(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_bytes(b"mine")
    with pytest.raises(CannotWrite, match="is a file where a folder is needed"):
        plan_changes(TREE, place, None)
    assert place.read_bytes() == b"mine"


def test_a_folder_above_the_root_is_a_file(tmp_path: Path) -> None:
    changes = plan_changes(TREE, tmp_path / "file/root", None)
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(CannotWrite):
        apply(changes, tmp_path / "file/root", None)
    with pytest.raises(CannotWrite):
        plan_changes(TREE, tmp_path / "file/root", None)


def test_a_folder_stands_where_a_file_is_needed(root: Path) -> None:
    put(root, {"z.yaml/mine": b"mine"})
    refused(root, "z.yaml: is a folder where a file is needed")


def test_an_empty_folder_stands_where_a_file_is_needed(root: Path) -> None:
    (root / "z.yaml").mkdir()
    refused(root, "z.yaml: is a folder where a file is needed")


def test_a_file_stands_where_a_folder_is_needed(root: Path) -> None:
    put(root, {"a": b"mine"})
    refused(root, "a/b/c.yaml: a is a file where a folder is needed")


def test_an_edited_file_does_not_make_way_for_a_folder(root: Path) -> None:
    render({"a": b"flat"}, root)
    put(root, {"a": b"mine"})
    refused(root, "a/b/c.yaml: a is a file where a folder is needed")


def test_a_folder_with_somebodys_file_does_not_make_way_for_a_file(root: Path) -> None:
    render({"z.yaml/deep": b"deep"}, root)
    put(root, {"z.yaml/mine": b"mine"})
    refused(root, "z.yaml: is a folder where a file is needed")


@pytest.mark.parametrize("target", ["../outside/c.yaml", "other", "nowhere"])
def test_a_destination_that_is_a_link_is_not_followed(root: Path, target: str) -> None:
    put(root, {"other": b"text\n"})
    (root / "z.yaml").symlink_to(target)
    refused(root, "z.yaml: is a symbolic link")
    assert (root / "z.yaml").is_symlink()


@pytest.mark.parametrize("link", ["a", "a/b"])
def test_a_folder_that_is_a_link_out_of_the_root_is_not_followed(root: Path, link: str) -> None:
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(root.parent / "outside")
    refused(root, f"a/b/c.yaml: {link} is a symbolic link that leaves the folder")
    assert (root.parent / "outside/c.yaml").read_bytes() == b"theirs"


@pytest.mark.parametrize("target", [".git", ".tracegen"])
def test_a_folder_that_is_a_link_into_git_or_the_records_is_not_followed(root: Path, target: str) -> None:
    (root / target).mkdir()
    (root / "a").symlink_to(target)
    refused(root, f"a is a symbolic link to {target}, which")


@pytest.mark.parametrize("target", ["nowhere", "a"])
def test_a_folder_that_is_a_broken_link_is_refused(root: Path, target: str) -> None:
    (root / "a").symlink_to(target)
    refused(root, "a/b/c.yaml: ")


def test_a_link_to_another_folder_of_the_root_is_followed(root: Path) -> None:
    (root / "apps").mkdir()
    (root / "a").symlink_to("apps")
    render(TREE, root)
    assert (root / "apps/b/c.yaml").read_bytes() == b"text\n"
    render({}, root)
    assert (root / "a").is_symlink()
    assert outputs(root) == {}


def test_a_link_that_makes_two_outputs_one_file_is_refused(root: Path) -> None:
    (root / "apps").mkdir()
    (root / "a").symlink_to("apps")
    with pytest.raises(CannotWrite, match="is the same file as"):
        plan_changes({"a/x": b"1", "apps/x": b"2"}, root, None)


def test_the_root_itself_may_be_reached_through_a_link(root: Path) -> None:
    (root.parent / "link").symlink_to("root")
    render(TREE, root.parent / "link")
    assert outputs(root) == TREE


def test_a_special_file_is_refused_and_not_opened(root: Path) -> None:
    os.mkfifo(root / "z.yaml")
    refused(root, "z.yaml: is not a regular file")


@pytest.mark.parametrize(
    "own", ["", "/base", "/staging", "/unwritten", "/memory", "/state.json", "/journal.json", "/lock"]
)
def test_records_that_lead_out_of_the_root_are_refused(root: Path, own: str) -> None:
    """A repository may hold any link; none lets tracegen write or remove elsewhere."""
    place = root / f".tracegen{own}"
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(root.parent / "outside")
    refused(root, "is a symbolic link")
    if needs_recovery(root):
        with pytest.raises(CannotWrite, match="is a symbolic link"):
            recover(root)
    assert everything(root.parent / "outside") == {"c.yaml": b"theirs"}


def test_a_link_deep_in_the_records_is_not_followed(root: Path) -> None:
    render(TREE, root)
    (root / ".tracegen/base/a").mkdir(parents=True)
    (root / ".tracegen/base/a/b").symlink_to(root.parent / "outside")
    put(root, {".tracegen/base/z.yaml": b"z\n"})
    render({**TREE, "a/b/c.yaml": b"new"}, root)
    assert everything(root.parent / "outside") == {"c.yaml": b"theirs"}
    assert outputs(root) == {**TREE, "a/b/c.yaml": b"new"}
    assert leftovers(root) == []


@pytest.mark.parametrize("kind", ["link", "folder", "link above"])
def test_what_somebody_put_in_place_of_a_dropped_file_is_theirs(root: Path, kind: str) -> None:
    render(TREE, root)
    (root / "a/b/c.yaml").unlink()
    if kind == "link above":
        (root / "a/b").rmdir()
        (root / "a/b").symlink_to(root.parent / "outside")
    elif kind == "link":
        (root / "a/b/c.yaml").symlink_to(root.parent / "outside/c.yaml")
    else:
        (root / "a/b/c.yaml").mkdir()
    assert verdicts(render({}, root))["a/b/c.yaml"] == "yours"
    assert everything(root.parent / "outside") == {"c.yaml": b"theirs"}
