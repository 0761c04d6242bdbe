"""What the fuzzer tried and what it broke, as the table of docs/security.md: with --write it goes there."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz import RUNS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "security.md"
BEGIN, END = "<!-- fuzz: python tests/security_table.py -->\n", "<!-- end of fuzz -->"
CLAIMS = {
    "reader": "any bytes are a mapping or problems with a place",
    "merge": "no line that a person wrote is lost, and both sides are shown where both changed",
    "emitter": "what is written is read back, by PyYAML too",
}
_DONE = re.compile(r"#(\d+)\tDONE +cov: (\d+) ft: \d+ corp: (\d+)")


def table() -> str:
    """One row a target; raises where a run broke something."""
    rows = ["| what | runs | branches | inputs kept for being new | broken |\n|---|--:|--:|--:|--:|\n"]
    for name, claim in CLAIMS.items():
        command = [sys.executable, str(PAGE.parent.parent / "tests" / "fuzz.py"), name]
        with tempfile.TemporaryDirectory() as folder:
            ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
        done = _DONE.search(ended.stderr)
        if ended.returncode != 0 or done is None or int(done[1]) != RUNS[name]:
            raise RuntimeError(f"{name} ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
        rows.append(f"| {name}: {claim} | {RUNS[name]:,} | {done[2]} | {done[3]} | 0 |\n")
    return "".join(rows)


def main(arguments: list[str]) -> int:
    """Print the table, or write it into the page."""
    text = table()
    print(text)
    if arguments == ["--write"]:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(before + BEGIN + text + END + rest.partition(END)[2], encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
