"""What tracing costs a service: CPU a request, with and without it, as ratios. `make overhead` writes the page.

Each language's example is built as rendered and asked for `/items/1`, one request after the other, over one
connection. Counted is the CPU time of all its processes, as the kernel tells it; the requests come from this
process, which is not counted. Such a request makes two spans and a line in the log, and its handler does nothing
else: in a service that works, the share is smaller.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from programs.build import find
from programs.languages.rust import RELEASE
from programs.recorder import Recorder
from programs.running import LOOPBACK
from programs.stubs import Built, Up, build, language_names
from support import ROOT, compiled
from tracegen.catalogue import catalogue

PAGE = ROOT / "docs" / "overhead.md"
WARM_UP, REQUESTS, ROUNDS = 2_000, 3_000, 3
#: Kernel ticks a second, in which processes' CPU time is told.
TICKS = os.sysconf("SC_CLK_TCK")
#: 1 % of a core, in microseconds of CPU a second.
ONE_PERCENT = 10_000


@dataclass(frozen=True)
class Variant:
    """How a service is traced while it is measured."""

    title: str
    instrumentation: str
    environment: Mapping[str, str]


VARIANTS = (
    Variant("without", "none", {}),
    Variant(
        "stub at 0 %", "sdk", {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}
    ),
    Variant(
        "stub at 10 %", "sdk", {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}
    ),
    Variant("stub at 100 %", "sdk", {"OTEL_TRACES_SAMPLER": "parentbased_always_on"}),
    Variant("agent at 100 %", "auto", {"OTEL_TRACES_SAMPLER": "parentbased_always_on"}),
)


def measured(language: str, folder: Path, endpoint: str) -> dict[str, float]:
    """Microseconds of CPU a request by variant: the least of some rounds, since noise only adds."""
    found = {}
    built = {kind: _built(language, kind, folder / kind) for kind in _kinds(language)}
    for variant in VARIANTS:
        if variant.instrumentation in built:
            with built[variant.instrumentation].up(endpoint, folder, **variant.environment) as up:
                found[variant.title] = min(_rounds(up))
    return found


def _kinds(language: str) -> list[str]:
    pack = catalogue().languages[language]
    return [kind for kind in pack.instrumentation if not (kind == "auto" and pack.auto_needs)]


def _built(language: str, kind: str, folder: Path) -> Built:
    folder.mkdir(parents=True)
    spec = {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger"},
        "services": {"api": {"language": language, "instrumentation": kind}},
    }
    return build(compiled(folder, spec), "api", folder / "api")


def _rounds(up: Up) -> Iterator[float]:
    _ask(up, WARM_UP)
    for _ in range(ROUNDS):
        before = _cpu(up.running.pid)
        _ask(up, REQUESTS)
        yield (_cpu(up.running.pid) - before) / REQUESTS


def _ask(up: Up, times: int) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, up.port, timeout=30)
    for _ in range(times):
        connection.request("GET", "/items/1")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()


def _cpu(group: int) -> float:
    """Microseconds of CPU of a process and all that it started, which are one group."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks * 1_000_000 / TICKS


def table(results: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A row for each language: ratios to no tracing, and how many requests a second 1 % of a core pays for."""
    titles = [variant.title for variant in VARIANTS[1:]]
    head = ["language", "without", *titles, "1 % of a core: stub at 100 %", "agent"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for language, found in results.items():
        base = found["without"]
        ratios = [f"{found[title] / base:.1f}" if title in found else "-" for title in titles]
        rates = [_rate(found.get(title), base) for title in ("stub at 100 %", "agent at 100 %")]
        cells = [f"`{language}`", f"{base:.0f} µs", *ratios, *rates]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _rate(microseconds: float | None, base: float) -> str:
    if microseconds is None:
        return "-"
    return f"{ONE_PERCENT / max(1.0, microseconds - base):.0f} a second"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", help="all when none is named")
    parser.add_argument("--write", action="store_true", help="write the table into docs/overhead.md")
    arguments = parser.parse_args()
    names = arguments.languages or [name for name in catalogue().languages if name in language_names()]
    os.environ[RELEASE] = "1"
    results = {}
    with tempfile.TemporaryDirectory() as folder, Recorder(find("collector"), Path(folder)) as recorder:
        for name in names:
            results[name] = measured(name, Path(folder) / name, f"http://{recorder.http}")
            print(name, {title: round(each, 1) for title, each in results[name].items()}, file=sys.stderr)
    lines = table(results)
    print("\n".join(lines))
    if arguments.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split("<!-- overhead -->")[0], text.split("<!-- /overhead -->")[1]
        PAGE.write_text(f"{before}<!-- overhead -->\n" + "\n".join(lines) + f"\n<!-- /overhead -->{after}", "utf-8")


if __name__ == "__main__":
    main()
