"""Histories of the skeleton that only tests have: three versions, of which a tracegen may know the first few."""

import shutil
from pathlib import Path

import yaml

from support import ROOT

#: v2 changes the README and `.gitignore`, adds renovate.json and does without NOTES.md; v3 changes a workflow too.
THREE = ROOT / "tests" / "data" / "skeletons"


def history(folder: Path, versions: int) -> Path:
    """A folder like `templates/project` with the first of the three versions."""
    shutil.copytree(THREE, folder)
    released = folder / "released.yaml"
    entries = yaml.safe_load(released.read_text(encoding="utf-8"))
    released.write_text(yaml.safe_dump(entries[:versions]), encoding="utf-8")
    return folder
