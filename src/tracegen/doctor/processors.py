"""Whether a processor drops what should pass: limits, sampling, filters."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.doctor import settings
from tracegen.doctor.context import Context
from tracegen.doctor.documents import Document, Steps
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.world import Unit

TENANT = '"tenant.id"'
#: MiB that an idle Collector holds: below it everything is refused.
_IDLE = 48


def check(context: Context, unit: Unit, resource: Mapping[str, str], name: str, mark: Mark) -> Iterator[Finding]:
    """One processor of a pipeline; `mark` is where the pipeline names it."""
    config = unit.config
    assert config is not None
    path: Steps = ("processors", name)
    rendered = context.rendered(config.file)
    hop = "processor" if unit.program == "collector" else "backend"
    for where, words in settings.of_processor(config, name, unit.name):
        yield context.finding(hop, where, words)
    checks = {
        "memory_limiter": _memory,
        "tail_sampling": _tail,
        "probabilistic_sampler": _probabilistic,
        "filter": _filter,
    }
    one = checks.get(name.partition("/")[0])
    for where, words in one(config, path, rendered, unit, resource) if one else ():
        yield context.finding(hop, where, words)


Words = Iterator[tuple[Mark, str]]


def _memory(
    config: Document, path: Steps, rendered: Document | None, unit: Unit, resource: Mapping[str, str]
) -> Words:
    limit, spike = _number(config.at(*path, "limit_mib")), _number(config.at(*path, "spike_limit_mib"))
    if not limit:
        return
    spike = spike or limit * 0.2
    soft = limit - spike
    was = _soft(rendered, path)
    mark = config.mark(*path, "limit_mib")
    if soft < _IDLE and (was is None or soft < was):
        words = f"above {soft:g} MiB {unit.name} refuses every span, and it holds about {_IDLE} when it is idle"
        yield mark, words
    elif was is not None and soft < was / 2:
        words = f"{unit.name} refuses spans above {soft:g} MiB; {was:g} MiB are rendered for this traffic"
        yield mark, words
    elif unit.memory and limit > unit.memory:
        yield (
            mark,
            f"{unit.name} may take {limit:g} MiB and its container has {unit.memory}: it is killed before it refuses",
        )


def _soft(rendered: Document | None, path: Steps) -> float | None:
    limit = _number(rendered.at(*path, "limit_mib")) if rendered else 0
    return limit - _number(rendered.at(*path, "spike_limit_mib")) if rendered and limit else None


def _tail(config: Document, path: Steps, rendered: Document | None, unit: Unit, resource: Mapping[str, str]) -> Words:
    yield from _slots(config, path, rendered, unit)
    policies = config.at(*path, "policies") or []
    mark = config.mark(*path, "policies")
    if not policies:
        yield mark, f"the tail sampler of {unit.name} has no policy: it keeps nothing"
        return
    there = {str(each.get("name")): (number, each) for number, each in enumerate(policies) if isinstance(each, dict)}
    for each in (rendered.at(*path, "policies") or []) if rendered else []:
        name = str(each["name"])
        if name not in there:
            yield mark, f"the tail sampler of {unit.name} has no policy {name!r}, which the spec asks for"
            continue
        number, found = there[name]
        why = _narrower(each, found)
        if why:
            yield config.mark(*path, "policies", number), f"policy {name!r} keeps less than the spec asks for: {why}"
    known = {str(each["name"]) for each in (rendered.at(*path, "policies") or [])} if rendered else set(there)
    for name, (number, found) in there.items():
        if name not in known and _drops(found):
            words = f"policy {name!r} drops traces, and is not of the spec"
            yield config.mark(*path, "policies", number), words


def _slots(config: Document, path: Steps, rendered: Document | None, unit: Unit) -> Words:
    slots = _number(config.at(*path, "num_traces")) or 50_000
    wait = _seconds(config.at(*path, "decision_wait"))
    rate = _number((rendered or config).at(*path, "expected_new_traces_per_sec"))
    was = _number(rendered.at(*path, "num_traces")) if rendered else 0
    if slots < rate * wait or (was and slots < was / 4):
        words = (
            f"{slots:g} traces can wait in {unit.name}; {rate:g} a second for {wait:g} s are {rate * wait:,.0f}: "
            "the oldest are pushed out undecided"
        )
        where = "num_traces" if config.at(*path, "num_traces") is not None else "decision_wait"
        yield config.mark(*path, where), words
    if wait and wait < 1:
        words = f"{unit.name} decides {wait:g} s after the first span of a trace: most others come later"
        yield config.mark(*path, "decision_wait"), words


def _narrower(rendered: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    if rendered == found:
        return ""
    if rendered.get("type") != found.get("type"):
        return f"it is of type {found.get('type')}, not {rendered.get('type')}"
    kind = str(rendered["type"])
    said, now = rendered.get(kind) or {}, found.get(kind) or {}
    for key, value in said.items():
        other = now.get(key)
        if value == other:
            continue
        if isinstance(value, list):
            lost = [each for each in value if not isinstance(other, list) or each not in other]
            if lost:
                return f"{key} lacks {', '.join(_short(each) for each in lost)}"
        elif isinstance(value, (int, float)) and isinstance(other, (int, float)):
            if (other > value) == (key == "threshold_ms"):
                return f"{key} is {other}, not {value}"
        elif key not in ("error_mode",):
            return f"{key} is {other!r}, not {value!r}"
    new = [key for key in now if key not in said]
    return f"{new[0]} is new" if new else ""


def _drops(policy: Mapping[str, Any]) -> bool:
    inner = policy.get(str(policy.get("type"))) or {}
    return policy.get("type") == "drop" or (isinstance(inner, dict) and bool(inner.get("invert_match")))


def _probabilistic(
    config: Document, path: Steps, rendered: Document | None, unit: Unit, resource: Mapping[str, str]
) -> Words:
    share = config.at(*path, "sampling_percentage")
    if rendered is None or rendered.at(*path) is None:
        words = f"{path[-1]} of {unit.name} keeps {share or 0} % of the traces, and is not of the spec"
        if _number(share) < 100:
            yield config.mark(*path, "sampling_percentage"), words


def _filter(
    config: Document, path: Steps, rendered: Document | None, unit: Unit, resource: Mapping[str, str]
) -> Words:
    """Conditions that the spec does not have, and that hold for all spans or for this service's."""
    for place in ("resource", "span"):
        said = (rendered.at(*path, "traces", place) or []) if rendered else []
        for number, each in enumerate(config.at(*path, "traces", place) or []):
            if str(each) not in map(str, said) and _holds(str(each), resource):
                words = f"{path[-1]} of {unit.name} drops spans of {resource.get('service.name')}: {_short(each)}"
                yield config.mark(*path, "traces", place, number), words

    said = (rendered.at(*path, "trace_conditions") or []) if rendered else []
    for number, each in enumerate(config.at(*path, "trace_conditions") or []):
        if str(each) not in map(str, said) and _holds(str(each), resource):
            words = f"{path[-1]} of {unit.name} drops spans of {resource.get('service.name')}: {_short(each)}"
            yield config.mark(*path, "trace_conditions", number), words


def of_another(config: Document, pipeline: str, resource: Mapping[str, str]) -> bool:
    """Whether a pipeline is one of several that part tenants, and not of this one."""
    return any(
        _holds(str(each), resource)
        for name in config.at("service", "pipelines", pipeline, "processors") or []
        if str(name).startswith("filter/")
        for each in config.at("processors", str(name), "traces", "resource") or []
        if TENANT in str(each)
    )


def _holds(condition: str, resource: Mapping[str, str]) -> bool:
    """Of OTTL, comparisons of a resource's attribute are understood: `attributes["a"] == "b"`, `!=`, and `true`."""
    if condition.strip() == "true":
        return True
    found = re.fullmatch(r'\s*(?:resource\.)?attributes\["([^"]+)"\]\s*(==|!=)\s*"([^"]*)"\s*', condition)
    return bool(found) and (resource.get(found[1]) == found[3]) == (found[2] == "==") if found else False


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def _seconds(value: Any) -> float:
    """A duration of Go with one unit; the default of the tail sampler where nothing is said."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    text = str(value if value is not None else "30s")
    unit = next((each for each in units if text.endswith(each)), "")
    try:
        return float(text.removesuffix(unit)) * units[unit]
    except (ValueError, KeyError):
        return 0.0
