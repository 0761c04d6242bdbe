"""Rust: the commands of the Dockerfile, less `--release`, which takes minutes and changes nothing that is tested."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

TOOLS = ("cargo", "cc")
BUILD_SECONDS = 1800


def build(folder: Path, cache: Path) -> list[str]:
    """A program of the development profile; what was compiled of the libraries is kept for all services."""
    target = cache / "rust-target"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    command = ["cargo", "build", "--quiet", "--locked"]
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=BUILD_SECONDS)
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(f'[build]\ntarget-dir = "{target}"\n', encoding="utf-8")
    shutil.copy(target / "debug" / "service", folder / "service")  # the next service is built to the same place
    return [str(folder / "service")]


def checks(folder: Path) -> list[list[str]]:
    """rustfmt, clippy whose warnings are errors, and the test of the stub where there is one."""
    clippy = ["cargo", "clippy", "--quiet", "--locked", "--all-targets", "--", "--deny", "warnings"]
    found = [["cargo", "fmt", "--check"], clippy]
    if (folder / "src" / "traces_test.rs").exists():
        found.append(["cargo", "test", "--quiet", "--locked"])
    return found
