"""git, run so that nobody's own configuration, hooks or signing have a part in it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class GitMissing(Exception):
    """There is no git, which the skeleton needs."""

    def __init__(self) -> None:
        super().__init__("git is needed for the skeleton of a project, and was not found")


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
    """What a git command prints; raises RuntimeError with its words where it fails, GitMissing without git."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, input=stdin, env=environment(), capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise GitMissing from error
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
