"""The records of settings are what the schema says, and nothing is decided twice."""

import subprocess
import sys

from support import ROOT
from tracegen.decide.table import ABSENT, PATTERNS

SCRIPT = ROOT / "scripts" / "settings_records.py"
RECORDS = ROOT / "src" / "tracegen" / "decide" / "records.py"


def test_the_records_are_as_the_schema_says(regen: bool) -> None:
    written = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=True, timeout=60).stdout
    if regen:
        RECORDS.write_text(written, encoding="utf-8")
    assert RECORDS.read_text(encoding="utf-8") == written


def test_what_may_be_absent_is_derived() -> None:
    assert ABSENT <= PATTERNS
