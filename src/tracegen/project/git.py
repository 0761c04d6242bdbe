"""git, run so that nobody's own configuration, hooks or signing have a part in it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class GitFailed(Exception):
    """git, which the skeleton needs, is missing, cannot be started, or failed."""

    def __init__(self, words: str) -> None:
        super().__init__(
            f"the skeleton of a project is made with git, and {words}\n"
            "  hint: `git --version` has to name 2.31 or newer; nothing was written"
        )


def environment(configuration: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of this process for git: only these settings, this folder's repository, and no network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    settings = {"init.defaultBranch": "main", "core.autocrlf": "false", **(configuration or {})}
    counted = {"GIT_CONFIG_COUNT": str(len(settings))}
    for index, (key, value) in enumerate(settings.items()):
        counted |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    fixed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ALLOW_PROTOCOL": "file"}
    author = {"GIT_AUTHOR_NAME": "tracegen", "GIT_AUTHOR_EMAIL": "tracegen@tracegen.example"}
    committer = {name.replace("AUTHOR", "COMMITTER"): value for name, value in author.items()}
    return {**kept, **fixed, **author, **committer, **counted, "LC_ALL": "C.UTF-8"}


def git(arguments: Sequence[str], folder: Path | None = None, stdin: bytes | None = None) -> bytes:
    """What a git command prints; raises GitFailed, with git's own words where it has any."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, input=stdin, env=environment(), capture_output=True, check=False
        )
    except OSError as error:
        if isinstance(error, FileNotFoundError) and shutil.which("git") is None:
            raise GitFailed("git was not found") from error
        raise GitFailed(f"git cannot be started: {os.strerror(error.errno or 0).lower()}") from error
    if done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise GitFailed(f"`git {arguments[0]}` failed: {words}")
    return done.stdout
