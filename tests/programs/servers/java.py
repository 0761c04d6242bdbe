"""Finds a Java that a server runs on."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from programs.build import ProgramMissing

ASK_SECONDS = 60
# Small and quick to start, rather than fast after minutes; no files in the shared temporary folder.
QUICK = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")


@dataclass(frozen=True)
class Java:
    """A Java virtual machine."""

    program: Path
    home: Path
    version: int


def find_java(name: str, lowest: int, highest: int) -> Java:
    """The first Java that the server `name` runs on; raises ProgramMissing when there is none."""
    seen = []
    for program in _candidates():
        java = _ask(program)
        if java and lowest <= java.version <= highest:
            return java
        seen.append(f"{program} is {java.version if java else 'none'}")
    what = "; ".join(seen) or "none on PATH"
    raise ProgramMissing(name, f"needs Java {lowest} to {highest}, {what} (TRACEGEN_JAVA can name another)")


def _candidates() -> Iterator[str]:
    if given := os.environ.get("TRACEGEN_JAVA"):
        yield given
        return
    if home := os.environ.get("JAVA_HOME"):
        yield str(Path(home) / "bin" / "java")
    if on_path := shutil.which("java"):
        yield on_path


@functools.cache
def _ask(program: str) -> Java | None:
    """What it says of itself; None when it does not run."""
    command = [program, "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    properties = dict(re.findall(r"^\s+(java\S+) = (.*)$", answer.stderr, re.MULTILINE))
    specification = properties.get("java.specification.version", "")
    if not specification.isdecimal():  # Java 8 says 1.8
        return None
    home = Path(properties["java.home"])
    return Java(home / "bin" / "java", home, int(specification))
