"""Head samplers of rendered services, run for real: the share that is kept, whole traces only, and remote rates."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from programs.known_traces import interval
from programs.recorder import Recorder
from programs.running import wait_until
from programs.stubs import Built, Up, build, texts, variants
from programs.system import System
from support import compiled
from tracegen.catalogue import catalogue
from tracegen.system import SAMPLING_PORTS

RATIO, REQUESTS = 0.3, 500
Variant = tuple[str, str, str]
Builder = Callable[[Variant], Built]


def first_frameworks(kinds: list[str]) -> list[Variant]:
    """One framework of each language and kind of instrumentation: the sampler is the SDK's or the agent's."""
    found: dict[tuple[str, str], Variant] = {}
    for language, framework, kind in variants(kinds, catalogue()):
        found.setdefault((language, kind), (language, framework, kind))
    return list(found.values())


EACH = first_frameworks(["sdk", "auto"])
REMOTE = [each for each in EACH if each[2] in catalogue().languages[each[0]].remote_sampling]


def spec(variant: Variant, **head: Any) -> dict[str, Any]:
    language, framework, kind = variant
    return {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger", "storage": "memory"},
        "sampling": {"head": head},
        "services": {"api": {"language": language, "framework": framework, "instrumentation": kind}},
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Each variant is built once, from a spec with a ratio."""
    return _once(tmp_path_factory, type="ratio", ratio=RATIO)


@pytest.fixture(scope="module")
def built_to_ask(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Each variant with what asks for rates, which a stub has only where the spec says so."""
    return _once(tmp_path_factory, type="remote", default={"ratio": 1})


def _once(tmp_path_factory: pytest.TempPathFactory, **head: Any) -> Builder:
    made: dict[Variant, Built] = {}

    def get(variant: Variant) -> Built:
        if variant not in made:
            folder = tmp_path_factory.mktemp("head")
            (folder / "spec").mkdir()
            made[variant] = build(compiled(folder / "spec", spec(variant, **head)), "api", folder / "api")
        return made[variant]

    return get


def ask(up: Up, count: int) -> None:
    for number in range(count):
        assert up.get(f"/items/{number}").status == 200


def traces(recorder: Recorder) -> Counter[str]:
    """How many spans came of each trace."""
    return Counter(each.span.trace_id for each in recorder.spans())


@pytest.mark.parametrize("variant", EACH, ids="-".join)
def test_a_ratio_is_kept_of_whole_traces(variant: Variant, built: Builder, collector: Path, tmp_path: Path) -> None:
    with Recorder(collector, tmp_path) as recorder:
        with built(variant).up(f"http://{recorder.http}", tmp_path) as up:
            ask(up, REQUESTS)
            up.stop()
        found = traces(recorder)
    low, high = interval(REQUESTS, RATIO)
    assert low <= len(found) <= high
    assert len(set(found.values())) == 1 and min(found.values()) >= 2, "a trace has all its spans or none"


@pytest.mark.parametrize("variant", REMOTE, ids="-".join)
def test_a_changed_file_changes_the_rate_of_a_running_service(
    variant: Variant, built_to_ask: Builder, jaeger: Path, collector: Path, tmp_path: Path
) -> None:
    """With the server, the file and the environment that are rendered; only the question comes more often."""
    remote = {"type": "remote", "default": {"ratio": 0}}
    system = System(compiled(tmp_path, spec(variant, **remote)), tmp_path / "run")
    with Recorder(collector, tmp_path) as recorder, system.up("jaeger", jaeger):
        with built_to_ask(variant).up(f"http://{recorder.http}", tmp_path, **sampler(system, polling=500)) as up:
            time.sleep(2)
            ask(up, 50)
            rewrite(system, 1)
            wait_until(lambda: _comes(up, recorder), 40)
            before = len(traces(recorder))
            ask(up, 50)
            up.stop()
        assert len(traces(recorder)) - before >= 50


@pytest.mark.parametrize("variant", REMOTE, ids="-".join)
@pytest.mark.parametrize("load", [20, 60])
def test_a_rate_limit_holds_over_time(
    variant: Variant, load: int, built_to_ask: Builder, jaeger: Path, collector: Path, tmp_path: Path
) -> None:
    limit, seconds = 5, 8
    system = System(compiled(tmp_path, spec(variant, type="rate_limit", traces_per_second=limit)), tmp_path / "run")
    with Recorder(collector, tmp_path) as recorder, system.up("jaeger", jaeger):
        with built_to_ask(variant).up(f"http://{recorder.http}", tmp_path, **sampler(system)) as up:
            time.sleep(12)  # until it has asked
            before, began = len(traces(recorder)), time.monotonic()
            for number in range(load * seconds):
                time.sleep(max(0.0, began + number / load - time.monotonic()))
                assert up.get(f"/items/{number}").status == 200
            taken = time.monotonic() - began
            up.stop()
        found = len(traces(recorder)) - before
    # A second's worth is put aside while nobody asks; Java's starts anew with each answer, every ten seconds.
    assert 0.7 * limit * seconds <= found <= limit * (taken + 3)


def sampler(system: System, polling: int = 10_000) -> dict[str, str]:
    """The rendered variables of the sampler, with the server's address on this machine."""
    found = {name: value for name, value in rendered(system).items() if name.startswith("OTEL_TRACES_SAMPLER")}
    argument = found["OTEL_TRACES_SAMPLER_ARG"]
    for name, number in SAMPLING_PORTS.items():
        argument = argument.replace(f"jaeger:{number}", system.address("jaeger", f"sampling-{name}"))
    return {
        **found,
        "OTEL_TRACES_SAMPLER_ARG": argument.replace("pollingIntervalMs=10000", f"pollingIntervalMs={polling}"),
    }


def rendered(system: System) -> dict[str, str]:
    return texts(system.rendered.system.services["api"])


def rewrite(system: System, ratio: float) -> None:
    """As a render does: another file takes the place of the old one."""
    changed = compiled(system.folder.parent, spec(("go", "net/http", "sdk"), type="remote", default={"ratio": ratio}))
    (mount,) = [each for each in system.components["jaeger"].files if each.live]
    target = system.folder / "jaeger" / mount.target.lstrip("/")
    new = target.with_name("new")
    new.write_bytes(changed.tree[mount.source])
    new.replace(target)


def _comes(up: Up, recorder: Recorder) -> bool:
    ask(up, 1)
    return bool(traces(recorder))
