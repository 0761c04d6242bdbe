"""Who may do what with a written file."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from write.folders import render

TREE = {"run.sh": b"#!/bin/sh\n", "compose.yaml": b"one\n"}


def mode(place: Path) -> int:
    return stat.S_IMODE(place.stat().st_mode)


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    old = os.umask(request.param)
    yield request.param
    os.umask(old)


def test_the_user_of_a_container_reads_what_is_rendered_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    """Shell scripts can be run, and nothing else can; folders are entered. Records are as the umask has them."""
    render({**TREE, "jaeger/sampling/first.json": b"{}\n"}, tmp_path)
    assert mode(tmp_path / "run.sh") == 0o755
    assert mode(tmp_path / "compose.yaml") == 0o644
    assert mode(tmp_path / "jaeger/sampling/first.json") == 0o644
    assert mode(tmp_path / "jaeger") == mode(tmp_path / "jaeger/sampling") == 0o755
    assert mode(tmp_path / ".tracegen/memory") == 0o644 & ~umask


@pytest.mark.parametrize("chosen", [0o600, 0o755, 0o444])
def test_an_update_keeps_the_mode_that_somebody_chose(tmp_path: Path, chosen: int) -> None:
    render(TREE, tmp_path)
    (tmp_path / "compose.yaml").chmod(chosen)
    render({**TREE, "compose.yaml": b"two\n"}, tmp_path)
    assert (tmp_path / "compose.yaml").read_bytes() == b"two\n"
    assert mode(tmp_path / "compose.yaml") == chosen


def test_a_written_file_has_no_second_name(tmp_path: Path) -> None:
    """Else an edit in place would change what the other name shows too."""
    render(TREE, tmp_path)
    render({**TREE, "compose.yaml": b"two\n"}, tmp_path)
    assert all(place.stat().st_nlink == 1 for place in tmp_path.rglob("*") if place.is_file())
