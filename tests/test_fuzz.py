"""The fuzzer finds nothing in a fixed number of runs; and it would find something."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris", reason="atheris has no wheel for this machine")

from fuzz import RUNS

SCRIPT = Path(__file__).with_name("fuzz.py")


def fuzzed(target: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), target]
    # What it finds is written into the folder where it runs.
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=600)


@pytest.mark.parametrize("target", [name for name in RUNS if name != "planted"])
def test_no_run_breaks_it(target: str, tmp_path: Path) -> None:
    ended = fuzzed(target, tmp_path)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert f"#{RUNS[target]}\tDONE" in ended.stderr


def test_a_fault_behind_branches_is_found(tmp_path: Path) -> None:
    ended = fuzzed("planted", tmp_path)
    assert ended.returncode != 0
    assert "ValueError: found" in ended.stdout + ended.stderr
    (found,) = tmp_path.glob("crash-*")
    assert found.read_bytes().startswith(b"tg1!")
