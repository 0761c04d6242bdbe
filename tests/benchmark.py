"""How long commands take, as ratios to `python -c pass` of the same interpreter: `make benchmark`.

Runs are interleaved, so that a machine that is busy for a while is busy for all of them, and the medians are
compared. Standard library only.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

ROUNDS = 9
SOURCES = Path(__file__).resolve().parent.parent / "src"

FIVE_SERVICES = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
services:
  frontend: {language: node, calls: [checkout], traffic: {requests_per_second: 40}}
  checkout: {language: python, calls: [payment, ledger], resources: {memory: 256Mi}}
  payment: {language: go, attributes: {team: payments}}
  ledger: {language: java, image: "ghcr.io/acme/ledger:1.4", env: {LOG_LEVEL: info}}
  search: {language: rust}
"""

MANY = 1_000
_HEAD_OF_MANY = "tracegen: 1\nname: shop\ntargets: [compose]\nbackend: {type: jaeger}\nservices:\n"


@dataclass(frozen=True)
class Case:
    """A command line of tracegen; `{spec}` and `{new}` become a spec and a folder that does not exist yet.

    `promise` is the ratio that it must keep to, None where the number only informs.
    """

    name: str
    arguments: tuple[str, ...]
    promise: float | None
    spec: str = FIVE_SERVICES
    rounds: int = ROUNDS


def many_services() -> str:
    """A spec of a thousand services, each calling the next."""
    lines = [f"  service-{number}: {{language: go, calls: [service-{number + 1}]}}" for number in range(MANY - 1)]
    return _HEAD_OF_MANY + "\n".join(lines) + f"\n  service-{MANY - 1}: {{language: go}}\n"


PROMISED = (
    Case("--version", ("--version",), 6),
    Case("--help", ("--help",), 6),
    Case("validate, 5 services", ("validate", "{spec}"), 36),
    Case("render, 5 services", ("render", "{spec}", "-o", "{new}"), 46),
)
INFORMATIVE = (
    Case("validate, 1,000 services", ("validate", "{spec}"), None, many_services(), 3),
    Case("render, 1,000 services", ("render", "{spec}", "-o", "{new}"), None, many_services(), 3),
)


@dataclass(frozen=True)
class Measured:
    """A case, the median seconds of its command, and of `python -c pass` in the same rounds."""

    case: Case
    seconds: float
    nothing: float

    @property
    def ratio(self) -> float:
        """How many times as long as an interpreter that does nothing."""
        return self.seconds / self.nothing

    @property
    def kept(self) -> bool:
        """Whether the promise is kept; true where there is none."""
        return self.case.promise is None or self.ratio <= self.case.promise


def measure(cases: Sequence[Case]) -> list[Measured]:
    """Run the cases in turns, as often as the case that wants most; nothing is run twice at a time."""
    with tempfile.TemporaryDirectory() as folder:
        # Compiled modules as after an installation, without writing them into the checkout.
        environment = {**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        runs = [_Run(case, Path(folder) / str(number)) for number, case in enumerate(cases)]
        nothing = [sys.executable, "-c", "pass"]
        for command in (nothing, *(run.command() for run in runs)):
            seconds(command, environment)  # the first run compiles, and fills the disk's cache
        idle: list[float] = []
        for number in range(max(case.rounds for case in cases)):
            idle.append(seconds(nothing, environment))
            for run in runs:
                if number < run.case.rounds:
                    run.seconds.append(seconds(run.command(), environment))
    return [Measured(run.case, statistics.median(run.seconds), statistics.median(idle)) for run in runs]


class _Run:
    """A case with its files and what was measured."""

    def __init__(self, case: Case, folder: Path) -> None:
        folder.mkdir()
        self.case, self.seconds = case, list[float]()
        self._folder, self._numbers = folder, count()
        self._spec = folder / "tracegen.yaml"
        self._spec.write_text(case.spec, encoding="utf-8")

    def command(self) -> list[str]:
        """The command of the next run: a render always goes into a fresh folder."""
        new = self._folder / f"out-{next(self._numbers)}"
        arguments = [each.format(spec=self._spec, new=new) for each in self.case.arguments]
        return [sys.executable, "-m", "tracegen", *arguments]


def seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    ended = subprocess.run(command, env=environment, capture_output=True)
    seconds = time.perf_counter() - start
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ended.stderr.decode(errors='replace')}")
    return seconds


def table(results: Sequence[Measured]) -> str:
    """The results as a Markdown table."""
    lines = ["| command | ratio | promise | milliseconds |", "|---|--:|--:|--:|"]
    nothing = results[0].nothing * 1000
    lines.append(f"| `python -c pass` | 1.0 | | {nothing:.0f} |")
    for each in results:
        promise = "" if each.case.promise is None else f"{each.case.promise:g}"
        lines.append(f"| {each.case.name} | {each.ratio:.1f} | {promise} | {each.seconds * 1000:.0f} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description="Commands of tracegen as ratios to `python -c pass`.")
    parser.add_argument("--quick", action="store_true", help="only what has a promise")
    quick = bool(parser.parse_args(arguments).quick)
    results = measure(PROMISED) + ([] if quick else measure(INFORMATIVE))
    print(table(results))
    broken = [each for each in results if not each.kept]
    for each in broken:
        print(f"{each.case.name}: {each.ratio:.1f} is more than the promised {each.case.promise:g}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
