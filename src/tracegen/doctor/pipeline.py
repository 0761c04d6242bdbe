"""Inside a program: from a receiver through its pipelines to what leaves it, or to the storage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracegen.doctor import exporters, processors, storage
from tracegen.doctor.context import Context
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.program import first_hop
from tracegen.doctor.queue import queue_problems
from tracegen.doctor.world import Unit
from tracegen.source.words import did_you_mean

#: Exporters that end a span's way without keeping it.
_NOWHERE = ("debug", "nop")
_SECTIONS = {"receivers": "receiver", "processors": "processor", "exporters": "exporter"}


@dataclass(frozen=True, slots=True)
class Way:
    """A program and the receiver by which spans come in; service and resource are those of whose spans they are."""

    service: str
    resource: Mapping[str, str]
    unit: Unit
    receiver: str


def walk(context: Context, way: Way, seen: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """What is broken from there on, in the order of the path."""
    unit = way.unit
    if unit.name in seen or unit.config is None:
        return
    if unit.program == "tempo":
        yield from storage.tempo(context, unit)
        return
    yield from _starts(context, unit)
    names = _pipelines(unit, way.receiver)
    if not names:
        yield context.finding(first_hop(unit.program), *_in_none(unit, way.receiver))
        return
    yield from _through(context, way, names, seen | {unit.name})


def _through(context: Context, way: Way, names: list[str], seen: frozenset[str]) -> Iterator[Finding]:
    config = way.unit.config
    assert config is not None
    passed, ends = _reached(way, names)
    for name in passed:
        for number, processor in enumerate(config.at("service", "pipelines", name, "processors") or []):
            mark = config.mark("service", "pipelines", name, "processors", number)
            yield from processors.check(context, way.unit, way.resource, str(processor), mark)
    yield from _unused(context, way.unit, ends)
    if not [each for each in ends if each.partition("/")[0] not in _NOWHERE]:
        mark = config.mark("service", "pipelines", (passed or names)[0], "exporters")
        words = f"spans end in {', '.join(ends) or 'no exporter'}: nothing sends them on"
        yield context.finding(_hop(way.unit, "exporters"), mark, words)
        return
    for end in ends:
        if end.partition("/")[0] == "jaeger_storage_exporter":
            yield from storage.jaeger(context, way.unit, end)
            continue
        yield from queue_problems(context, way.unit, end)
        for following, broken in exporters.follow(context, way.unit, end):
            if broken:
                yield broken
            elif following:
                yield from walk(context, Way(way.service, way.resource, *following), seen)


def _reached(way: Way, names: list[str]) -> tuple[list[str], list[str]]:
    """Pipelines of traces that are passed, those behind connectors too, and the exporters that are reached.

    A pipeline that filters this service's spans away as rendered is another tenant's.
    """
    unit, config = way.unit, way.unit.config
    assert config is not None
    passed, ends, todo = list[str](), list[str](), list(names)
    while todo:
        name = todo.pop(0)
        if name in passed or processors.of_another(config, name, way.resource):
            continue
        passed.append(name)
        for each in map(str, config.at("service", "pipelines", name, "exporters") or []):
            if each in config.table("connectors"):
                todo += _pipelines(unit, each)
            elif each not in ends:
                ends.append(each)
    return passed, ends


def _pipelines(unit: Unit, receiver: str) -> list[str]:
    config = unit.config
    assert config is not None
    return [
        name
        for name in config.table("service", "pipelines")
        if name.partition("/")[0] == "traces"
        and receiver in map(str, config.at("service", "pipelines", name, "receivers") or [])
    ]


def _in_none(unit: Unit, receiver: str) -> tuple[Mark, str]:
    config = unit.config
    assert config is not None
    traces = [name for name in config.table("service", "pipelines") if name.partition("/")[0] == "traces"]
    if not traces:
        return config.mark("service", "pipelines"), f"{unit.name} has no pipeline of traces"
    mark = config.mark("service", "pipelines", traces[0], "receivers")
    return mark, f"the receiver {receiver} of {unit.name} is in no pipeline of traces: what it takes goes nowhere"


def _starts(context: Context, unit: Unit) -> Iterator[Finding]:
    """A name that nothing stands behind keeps the program from starting."""
    config = unit.config
    assert config is not None
    for name in config.table("service", "pipelines"):
        for section in _SECTIONS:
            known = {*config.table(section), *(config.table("connectors") if section != "processors" else ())}
            for number, each in enumerate(config.at("service", "pipelines", name, section) or []):
                if str(each) not in known:
                    likely = did_you_mean(str(each), known)
                    words = f"{unit.name} does not start: pipeline {name} names {each!r}, which is not in {section}"
                    mark = config.mark("service", "pipelines", name, section, number)
                    yield context.finding(_hop(unit, section), mark, words + (f"; {likely}" if likely else ""))
    for number, each in enumerate(config.at("service", "extensions") or []):
        if str(each) not in config.table("extensions"):
            words = f"{unit.name} does not start: extension {each!r} is not configured"
            yield context.finding(first_hop(unit.program), config.mark("service", "extensions", number), words)
    yield from _misspelt(context, unit)


def _misspelt(context: Context, unit: Unit) -> Iterator[Finding]:
    """A key that is rendered is gone, and one that resembles it is new: Collectors ignore some, and refuse others."""
    config = unit.config
    rendered = context.rendered(config.file) if config else None
    if config is None or rendered is None:
        return
    for path in rendered.marks:
        if not path or not isinstance(path[-1], str) or config.at(*path) is not None:
            continue
        above, key = path[:-1], path[-1]
        new = [each for each in config.table(*above) if rendered.at(*above, each) is None]
        likely = did_you_mean(key, new) if rendered.at(*path) is not None else ""
        wrong = next((each for each in new if each in likely), "")
        if wrong:
            words = f"{'.'.join(map(str, (*above, wrong)))} is no key of {unit.name}: {key} was rendered"
            yield context.finding(_hop(unit, str(path[0])), config.mark(*above, wrong), words)


def _unused(context: Context, unit: Unit, ends: list[str]) -> Iterator[Finding]:
    config = unit.config
    assert config is not None
    used = {
        str(each)
        for name in config.table("service", "pipelines")
        for each in config.at("service", "pipelines", name, "exporters") or []
    }
    for name in config.table("exporters"):
        if name not in used and name.partition("/")[0] not in _NOWHERE:
            words = f"the exporter {name} of {unit.name} is in no pipeline: nothing reaches it"
            traces = next((each for each in config.table("service", "pipelines") if each.startswith("traces")), "")
            yield context.finding(
                _hop(unit, "exporters"), config.mark("service", "pipelines", traces, "exporters"), words
            )


def _hop(unit: Unit, section: str) -> str:
    if unit.program == "collector":
        return _SECTIONS.get(section, "receiver")
    return "storage" if section in ("exporters", "extensions") else "backend"
