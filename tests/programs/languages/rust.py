"""Rust: the commands of the Dockerfile; `--release` takes minutes, and matters only where it is measured."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

TOOLS = ("cargo", "cc")
BUILD_SECONDS = 3600
#: A variable that asks for the profile of the Dockerfile.
RELEASE = "TRACEGEN_RUST_RELEASE"


def build(folder: Path, cache: Path) -> list[str]:
    """The program; what was compiled of the libraries is kept for all services."""
    target = cache / "rust-target"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    release = bool(os.environ.get(RELEASE))
    command = ["cargo", "build", "--quiet", "--locked", *(["--release"] if release else [])]
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=BUILD_SECONDS)
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(f'[build]\ntarget-dir = "{target}"\n', encoding="utf-8")
    # Copied, since the next service is built to the same place.
    shutil.copy(target / ("release" if release else "debug") / "service", folder / "service")
    return [str(folder / "service")]


def checks(folder: Path) -> list[list[str]]:
    """rustfmt, clippy whose warnings are errors, and the test of the stub where there is one."""
    clippy = ["cargo", "clippy", "--quiet", "--locked", "--all-targets", "--", "--deny", "warnings"]
    found = [["cargo", "fmt", "--check"], clippy]
    if (folder / "src" / "traces_test.rs").exists():
        found.append(["cargo", "test", "--quiet", "--locked"])
    return found
