"""A real Chromium: from PATH, or out of Debian's packages without root."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from programs.build import ProgramMissing, _cache
from programs.debian import _unpacked
from programs.plugin import absent, register

register({"chromium": "chromium"})

#: As root, headless, and asking nobody for anything.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Path]:
    """The program; its absence skips, or fails where programs are demanded."""
    try:
        yield find_chromium()
    except ProgramMissing as missing:
        absent("chromium", missing.reason)


def find_chromium() -> Path:
    """Chromium from PATH, or unpacked from Debian's package. Raises ProgramMissing."""
    if found := shutil.which("chromium") or shutil.which("chromium-browser"):
        return Path(found)
    root = _unpacked("chromium")
    binary = root / "usr/lib/chromium/chromium"
    if not binary.is_file():
        raise ProgramMissing("chromium", "Debian's package has no chromium")
    libraries = ":".join(sorted({str(path.parent) for path in root.glob("usr/lib/**/lib*.so*")}))
    started = _cache() / "debian" / "chromium-started"
    started.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{binary}" "$@"\n', encoding="utf-8")
    started.chmod(0o755)
    assert os.access(started, os.X_OK)
    return started
