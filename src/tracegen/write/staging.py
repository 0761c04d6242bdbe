"""Getting all ready inside `.tracegen/`, so that a full disk is met before the first output is touched."""

import errno
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tracegen.write import journal as journals
from tracegen.write.disk import remove_tree, write_new
from tracegen.write.errors import refusing
from tracegen.write.journal import Journal, Step, get_ready
from tracegen.write.paths import (
    ATTRIBUTES,
    HOME,
    IGNORE,
    JOURNAL,
    NEW,
    OLD,
    STAGING,
    UNDO,
    folders_above,
    from_shelf,
    is_own,
    on_shelf,
)

_IGNORED = b"""\
# Working files of tracegen, and the schema that every render writes. All else here belongs into git.
/aside/
/journal.json
/journal-undo.json
/lock
/schema.json
/staging/
/undo/
/unwritten/
"""
_ATTRIBUTES = b"""\
# What tracegen remembers is no text. Where two branches wrote it, the next render needs the lines of both.
* -text linguist-generated
/memory -diff merge=union
"""
# What earlier versions wrote there; anything else is somebody's.
_FORMER = (
    b"""\
# Working files of tracegen. All else here belongs into git.
/aside/
/journal.json
/journal-undo.json
/kept/
/lock
/staging/
/undo/
""",
    b"""\
# What is here is compared byte for byte. Of a state that two branches wrote, the next render needs both lines.
* -text linguist-generated
/state.json merge=union
""",
)
# Filesystems and kernels that have no hard links, or not for this file.
_NO_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


def stage(
    root: Path, steps: tuple[Step, ...], contents: Mapping[str, bytes | None], undo: int = 0, drop: int = 0
) -> Journal:
    """Writes all new contents, holds on to all old ones, then writes the journal.

    `undo` and `drop` are numbers for `Journal`.
    Raises CannotWrite with the folder as it was and nothing left behind.
    """
    try:
        _tell_git(root, IGNORE, _IGNORED)
        _tell_git(root, ATTRIBUTES, _ATTRIBUTES)
        for step in steps:
            with refusing(step.path):
                _stage_step(root, step, contents[step.path])
        journal = Journal(steps, _missing_folders(root, steps), undo, drop)
        with refusing(JOURNAL):
            get_ready(root, journal)
            journals.save(root, journal)
    except BaseException:  # an interrupt from the keyboard too leaves nothing behind
        (root / JOURNAL).unlink(missing_ok=True)
        discard(root)
        raise
    return journal


def discard(root: Path) -> None:
    """Removes what is staged."""
    with refusing(STAGING):
        remove_tree(root / STAGING)
    with suppress(OSError):  # of a run that cannot be taken back
        (root / UNDO).rmdir()


def staged_outputs(root: Path) -> tuple[str, ...]:
    """The outputs that a run got ready, or began to, before it was killed."""
    names = [place.name for place in (root / NEW).iterdir()] if (root / NEW).is_dir() else []
    found = [from_shelf(name) for name in names]
    return tuple(sorted(path for path in found if not path.startswith(f"{HOME}/")))


def _stage_step(root: Path, step: Step, content: bytes | None) -> None:
    name = on_shelf(step.path)
    if content is not None:
        staged = root / f"{NEW}/{name}"
        write_new(staged, content, _mode_of_new(root, step.path))
    if step.before is None:
        return
    target = root / step.path
    if content is not None:
        staged.chmod(target.stat().st_mode & 0o777)
    _hold(target, root / f"{OLD}/{name}")


def _hold(target: Path, old: Path) -> None:
    """Keeps the old file itself where possible: taking a step back then needs no space and loses nothing."""
    old.parent.mkdir(parents=True, exist_ok=True)
    try:
        old.hardlink_to(target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        write_new(old, target.read_bytes())
        old.chmod(target.stat().st_mode & 0o777)


def _missing_folders(root: Path, steps: tuple[Step, ...]) -> tuple[str, ...]:
    needed = {folder for step in steps if step.after is not None for folder in folders_above(step.path)}
    return tuple(sorted(folder for folder in needed if not (root / folder).is_dir()))


def _mode_of_new(root: Path, path: str) -> int | None:
    """Whatever the umask: users of containers read what is rendered, which holds no secret. Records stay as it says.

    A `.rej` file holds lines of the file beside it, so nobody may read more of it than of that.
    """
    if is_own(path):
        return None
    if path.endswith(".rej") and (beside := root / path.removesuffix(".rej")).is_file():
        return beside.stat().st_mode & 0o666
    return 0o755 if path.endswith(".sh") else 0o644


def _tell_git(root: Path, path: str, content: bytes) -> None:
    """Git must not see staged files, nor change ends of lines; what is there is somebody's, or ours already."""
    with refusing(path):
        place = root / path
        if not place.exists() or place.read_bytes().replace(b"\r\n", b"\n") in _FORMER:
            draft = root / STAGING / "for-git"
            write_new(draft, content)
            draft.replace(place)
