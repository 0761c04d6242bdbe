"""Big systems: processor time and memory of each command beside `cp -r`, copier, kustomize and helm.

Of 10, 100 and 1,000 services with images, all of it for Compose and for Kubernetes. `cp -r` of what is rendered is
the limit, and all is told as a multiple of it. Processor time, user and system, since other processes change it
least. kustomize and helm get the same manifests; one that is not there is said by name. Part of `make benchmark`.

python tests/benchmark_systems.py [--services 10 100] [--write]    with --write: into docs/benchmark.md
"""

import argparse
import datetime
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark import SOURCES

PAGE = SOURCES.parent / "docs" / "benchmark.md"
SERVICES = (10, 100, 1_000)
TARGETS = ("compose", "kubernetes")
LANGUAGES = ("go", "python", "node", "java")
_BEGIN, _END = "<!-- systems: python tests/benchmark_systems.py -->\n", "<!-- end of systems -->\n"
_NOT_HERE = "not to be had here"


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds of processor time, user and system, and its most memory in MB."""

    seconds: float
    memory: float


@dataclass(frozen=True)
class Row:
    """A command with its cost for each number of services; None where its program is not there."""

    target: str
    name: str
    costs: tuple[Cost | None, ...]


def spec_of(services: int, target: str) -> str:
    """A spec in which each service calls the next, the languages in turns."""
    head = f"tracegen: 1\nname: shop\ntargets: [{target}]\nbackend: {{type: jaeger}}\nservices:\n"
    lines = []
    for number in range(services):
        calls = f", calls: [service-{number + 1}]" if number + 1 < services else ""
        language = LANGUAGES[number % len(LANGUAGES)]
        lines.append(
            f"  service-{number}: {{language: {language}, image: 'ghcr.io/acme/service-{number}:1.4'{calls}}}\n"
        )
    return head + "".join(lines)


def cost(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Runs a command to its end; raises RuntimeError where it fails."""
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=words)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{words.read().decode(errors='replace')}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measured(services: int, target: str, rounds: int) -> dict[str, Cost | None]:
    """Each command by its name, the quickest of some rounds: what disturbs only ever adds."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        environment = {**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONPYCACHEPREFIX": str(place / "compiled")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        (place / "tracegen.yaml").write_text(spec_of(services, target), encoding="utf-8")
        found: dict[str, list[Cost | None]] = {}
        for number in range(rounds + 1):
            for name, command in _commands(place, number, target):
                spent = cost(command, environment) if command else None
                if number:  # the first round compiles modules and fills the disk's cache
                    found.setdefault(name, []).append(spent)
            shutil.rmtree(place / "copy")
        return {
            name: min((each for each in spent if each), key=_seconds, default=None) for name, spent in found.items()
        }


def _seconds(spent: Cost) -> float:
    return spent.seconds


def _commands(place: Path, number: int, target: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a round in their order; one of a program that is not there is empty."""
    spec, tree, copy = place / "tracegen.yaml", place / f"tree-{number}", place / "copy"
    tracegen = [sys.executable, "-m", "tracegen"]
    render = [*tracegen, "render", str(spec), "-q", "-o", str(tree)]
    yield "tracegen validate", [*tracegen, "validate", str(spec)]
    yield "tracegen render", render
    yield "tracegen render, unchanged", render
    yield "tracegen render --check", [*render, "--check"]
    yield "cp -r", ["cp", "-r", str(tree), str(copy)]
    if target == "kubernetes":
        manifests = str(tree / "kubernetes")
        yield "kustomize build", ["kubectl", "kustomize", manifests] if shutil.which("kubectl") else []
        yield "helm template", ["helm", "template", _chart(tree, copy)] if shutil.which("helm") else []
    else:
        (tree / ".tracegen").rename(place / f"memory-{number}")
        copier = [sys.executable, "-m", "copier", "copy", "--quiet", str(tree), str(copy / "copier")]
        yield "copier copy", copier


def _chart(tree: Path, copy: Path) -> str:
    """The manifests as the templates of a chart; what Go's templates would read stands for itself."""
    chart = copy / "chart"
    for file in (tree / "kubernetes").rglob("*.yaml"):
        if file.name != "kustomization.yaml":
            target = chart / "templates" / file.relative_to(tree / "kubernetes")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.read_text(encoding="utf-8").replace("{{", '{{ "{{" }}'), encoding="utf-8")
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n", encoding="utf-8")
    return str(chart)


def rows(services: Sequence[int], rounds: int) -> list[Row]:
    """All commands of both targets."""
    found = []
    for target in TARGETS:
        columns = [measured(number, target, rounds) for number in services]
        found += [Row(target, name, tuple(column[name] for column in columns)) for name in columns[0]]
    return found


def table(found: Sequence[Row], services: Sequence[int]) -> str:
    """Multiples of `cp -r` of the same tree, and the most memory of the largest system."""
    head = "| | " + " | ".join(f"{number:,} services" for number in services) + f" | MB at {services[-1]:,} |\n"
    lines = [head, "|---|" + "--:|" * (len(services) + 1) + "\n"]
    for target in TARGETS:
        mine = [row for row in found if row.target == target]
        limit = next(row.costs for row in mine if row.name == "cp -r")
        seconds = ", ".join(f"{each.seconds:.2f} s" for each in limit if each)
        lines.append(f"| **{target.title()}** (`cp -r`: {seconds}) |" + " |" * (len(services) + 1) + "\n")
        for row in mine:
            pairs = zip(row.costs, limit, strict=True)
            ratios = [f"{each.seconds / one.seconds:.1f}" if each and one else "–" for each, one in pairs]
            last = row.costs[-1]
            words = [f"`{row.name}`", *ratios, f"{last.memory:.0f}" if last else _NOT_HERE]
            lines.append(f"| {' | '.join(words)} |\n")
    return "".join(lines)


def write_page(text: str) -> None:
    """Puts the table into the page, with the day."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    day = datetime.date.today().isoformat()
    PAGE.write_text(f"{before}{_BEGIN}{text}\nMeasured {day}.\n{_END}{after}", encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, nargs="+", default=list(SERVICES))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write the table into docs/benchmark.md")
    said = parser.parse_args(arguments)
    text = table(rows(said.services, said.rounds), said.services)
    print(text)
    if said.write:
        write_page(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
