"""What was predicted and what was counted: the table of docs/sampling.md.

python tests/sampling_table.py            runs the real Collector (two minutes) and prints the table; --write puts
                                          it into docs/sampling.md
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from programs.build import find
from programs.known_traces import counted, interval, known_traces, send, settled
from programs.sampling_system import GOLD, KEEP, SHARES, Sampling, running, specification
from support import ROOT, compiled
from tracegen.system.kept import Row, kept

PAGE = ROOT / "docs" / "sampling.md"
BEGIN, END = "<!-- counts: python tests/sampling_table.py -->", "<!-- end of counts -->"

HEAD = ("what is kept", "collectors", "class", "sent", "predicted", "counted", "99.99 % interval")


@dataclass(frozen=True)
class Run:
    """One row group of the table: what is said, and the traces that are sent."""

    name: str
    keep: list[Any]
    replicas: int = 1
    rate: float = 300
    count: int = 4_500
    seed: int = 1
    more: Mapping[str, Any] = field(default_factory=dict)


_PART: list[Any] = ["errors", {"all": [{"slower_than": "1s"}, {"ratio": 0.5}]}, {"all": [GOLD, {"ratio": 0.2}]}]
RUNS = (
    Run("`errors`, `slower_than`, `attribute`, `ratio: 0.05`", KEEP, seed=41),
    Run("the same", KEEP, replicas=3, seed=42),
    Run("`errors`, half of the slow, a fifth of the tagged (`all`)", _PART, seed=43),
    Run("`errors`, `rate_limit: 300`", ["errors", {"rate_limit": 300}], seed=44),
    Run("the same", ["errors", {"rate_limit": 300}], replicas=3, seed=45),
)


def predicted(run: Run, folder: Path) -> Mapping[str, Row]:
    """By class, as `tracegen explain SPEC sampling` prints it."""
    spec = specification(replicas=run.replicas, rate=run.rate, keep=run.keep)
    return {row.kind: row for row in kept(compiled(folder, spec).system)["web"]}


def rows(run: Run, collector: Path, folder: Path) -> Iterator[tuple[str, ...]]:
    """Send the traces of a run, and count."""
    traces = known_traces(run.count, run.seed, **SHARES)
    with running(folder, collector, replicas=run.replicas, rate=run.rate, keep=run.keep) as system:
        send(system.endpoint, traces, run.rate)
        settled(system.recorder, 4)
        yield from _cells(run, system, traces)


def _cells(run: Run, system: Sampling, traces: list[Any]) -> Iterator[tuple[str, ...]]:
    found = counted(system.recorder, traces)
    if found.partial:
        raise SystemExit(f"kept in part: {found.partial}")
    for kind, row in system.predicted().items():
        low, high = interval(found.sent[kind], row.kept)
        bounds = f"{low:,} to {high:,}" if row.limits == 1 else "-"
        yield (
            run.name,
            str(run.replicas),
            kind,
            f"{found.sent[kind]:,}",
            share(row.kept),
            f"{found.whole[kind]:,} ({share(found.whole[kind] / found.sent[kind])})",
            bounds,
        )


def share(value: float) -> str:
    """As the page shows it."""
    return f"{value * 100:.1f} %"


def table() -> str:
    """The whole table, from real programs."""
    lines = [f"| {' | '.join(HEAD)} |", "|---|--:|---|--:|--:|--:|--:|"]
    collector = find("collector")
    for run in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            lines += [f"| {' | '.join(cells)} |" for cells in rows(run, collector, Path(folder))]
    return "\n".join(lines)


def shown() -> list[list[str]]:
    """The rows that stand in the page."""
    text = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def main() -> int:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the table into docs/sampling.md")
    arguments = parser.parse_args()
    found = table()
    print(found)
    if arguments.write:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{found}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
