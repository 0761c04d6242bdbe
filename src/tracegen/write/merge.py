"""Three texts into one, by `git merge-file`: the merge that every developer already knows how to read."""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tracegen.write.errors import MergeFailed
from tracegen.write.markers import RENDERED, YOURS

#: From here on the exit code of `git merge-file` is no count of conflicts.
_FAILED = 128


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged text; with conflicts, both sides stand in it between markers."""

    text: bytes
    clean: bool


def merge(base: bytes, current: bytes, new: bytes, favour: str | None = None) -> Merged:
    """Brings the changes from `base` to `new` into `current`.

    `favour`: `ours` or `theirs` takes that side where the two meet, so the result is always clean.
    Raises MergeFailed where one of them is no text, or git is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="tracegen-") as folder:
        for name, text in (("current", current), ("base", base), ("new", new)):
            (Path(folder) / name).write_bytes(text)
        options = [f"--{favour}"] if favour else ["-L", YOURS, "-L", "before", "-L", RENDERED]
        return _merge_in(folder, options)


def _merge_in(folder: str, options: list[str]) -> Merged:
    # Nobody's own configuration, and no repository around, has a part in it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    command = ["git", "-c", "merge.conflictStyle=merge", "merge-file", "-p", *options, "current", "base", "new"]
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        raise MergeFailed("git is not installed, which tracegen merges with") from None
    if not 0 <= done.returncode < _FAILED:
        raise MergeFailed(done.stderr.decode(errors="replace").strip() or "git merge-file failed")
    return Merged(done.stdout, done.returncode == 0)
