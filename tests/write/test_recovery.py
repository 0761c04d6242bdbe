"""What `recover` takes up, what it leaves alone, and what it refuses to believe."""

from pathlib import Path

import pytest

from tracegen.write import CannotWrite, Outcome, needs_recovery, recover, recovery_lines
from write.folders import everything, put


def test_an_undone_run_names_what_it_had_got_ready(tmp_path: Path) -> None:
    put(
        tmp_path,
        {".tracegen/staging/new/a.yaml": b"half", ".tracegen/staging/new/.tracegen%2Fmemory": b""},
    )
    recovery = recover(tmp_path)
    assert recovery.outcome is Outcome.UNDONE
    assert recovery.paths == ("a.yaml",)
    assert recovery_lines(recovery) == ["an interrupted run was undone: a.yaml"]
    assert everything(tmp_path) == {}


def test_a_folder_without_an_interrupted_run_is_not_touched(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "missing"):
        assert not needs_recovery(root)
        assert recover(root).outcome is Outcome.NOTHING
    assert list(tmp_path.iterdir()) == []
    assert recovery_lines(recover(tmp_path)) == []


JOURNALS = {
    "no JSON": b"{",
    "no journal": b"[]",
    "newer": b'{"format": 2, "steps": [], "folders": []}',
    "leads out": b'{"format": 1, "steps": [{"path": "../x", "before": null, "after": null}], "folders": []}',
    "absolute": b'{"format": 1, "steps": [{"path": "/x", "before": null, "after": null}], "folders": []}',
    "into git": b'{"format": 1, "steps": [{"path": ".git/x", "before": "0", "after": null}], "folders": []}',
    "out by base": b'{"format": 1, "steps": [{"path": ".tracegen/base/../../x", "before": "0",'
    b' "after": null}], "folders": []}',
    "folder leads out": b'{"format": 1, "steps": [], "folders": ["../empty"]}',
    "endless": b'{"format": 1, "steps": [], "folders": [], "keep": 1e400}',
    "a list": b'{"format": 1, "steps": [], "folders": [], "undo": [1]}',
    "below none": b'{"format": 1, "steps": [], "folders": [], "drop": -1}',
    "number": b'{"format": 1, "steps": [{"path": 1, "before": null, "after": null}], "folders": []}',
}


@pytest.mark.parametrize("text", JOURNALS.values(), ids=JOURNALS)
def test_a_journal_that_tracegen_did_not_write_is_refused(tmp_path: Path, text: bytes) -> None:
    put(tmp_path, {"root/.tracegen/journal.json": text, "x": b"theirs", "root/.git/x": b"theirs"})
    (tmp_path / "empty").mkdir()
    before = everything(tmp_path)
    with pytest.raises(CannotWrite, match=r"journal\.json: is no journal of this tracegen"):
        recover(tmp_path / "root")
    assert everything(tmp_path) == before
    assert (tmp_path / "empty").is_dir()
