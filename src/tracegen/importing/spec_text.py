"""What was found as a spec: a comment for each guess says how sure it is, and why."""

import re
from collections.abc import Iterable, Iterator, Mapping

from tracegen.emit import Commented, Value, to_yaml
from tracegen.importing.facts import Found, FoundService, Guess, Sure
from tracegen.importing.images import image_value

_HEAD = """\
# yaml-language-server: $schema=.tracegen/schema.json
# Found in {sources}; nothing there was changed.
# A comment says how sure a guess is (certain, likely, unsure), and why: correct what is wrong, then take it out.
# After a change: tracegen render. What was decided, and why: tracegen explain
"""
_MOST_SOURCES = 3
_LONGEST = 40
#: What the project is called after what it traces.
_APART = "-tracing"


def spec_text(found: Found, name: str = "", folder: str = "") -> str:
    """The spec of what was found.

    `name` of the project, or else what the files call it; `folder` is that of the spec as seen from the folder of the
    Compose file, for `compose.folder`.
    """
    parts = [to_yaml(dict([part])) for part in _parts(found, name, folder)]
    sources = ", ".join(found.sources[:_MOST_SOURCES]) or "traces"
    more = len(found.sources) - _MOST_SOURCES
    head = _HEAD.format(sources=f"{sources} and {more} more" if more > 0 else sources)
    return "\n".join([head, *parts, *filter(None, [_about(found)])])


def _parts(found: Found, name: str, folder: str) -> Iterator[tuple[str, Value]]:
    yield "tracegen", 1
    own = f"{project_name(found.project)[: _LONGEST - len(_APART)].rstrip('-')}{_APART}"
    why = "Not the name of what runs already: that is a project, or a namespace, of its own."
    yield "name", project_name(name) if name else Commented(own, why)
    yield "targets", list(found.targets)
    there = (
        f"What is there: {'; '.join(found.tracing)}."
        if found.tracing
        else "No backend was found; this one runs beside."
    )
    yield "backend", Commented({"type": found.backend}, there)
    if found.receivers:
        why = f"Some send in the form of {' and '.join(found.receivers)} until they have moved."
        yield "collector", Commented({"receivers": ["otlp", *found.receivers]}, why)
    if found.propagators:
        why = "Headers of what has not moved are understood too."
        yield "propagators", Commented(["tracecontext", "baggage", *found.propagators], why)
    if "compose" in found.targets and folder:
        why = "This folder, seen from your own Compose file: paths in compose.overlay.yaml begin there."
        yield "compose", {"folder": Commented(folder, why)}
    about = (
        "What is traced. Each runs already (`deploy: false`): tracegen adds tracing to it and starts none of them."
    )
    services = {name: _commented(service, found) for name, service in found.services.items()}
    yield "services", Commented(services, about)


def project_name(text: str) -> str:
    """A text as a name that the spec takes."""
    label = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:40].rstrip("-")
    return label if label[:1].isalpha() else f"s-{label}"[:40].strip("-") if label else "system"


def _commented(service: FoundService, found: Found) -> Value:
    lines = list(_lines(service))
    value = dict(_service(service, found))
    return Commented(value, "\n".join(lines)) if lines else value


def _lines(service: FoundService) -> Iterator[str]:
    unit = service.unit
    if unit is not None:
        if unit.profiles:
            yield f"Only with the profile {', '.join(unit.profiles)}."
        if unit.entry:
            yield f"Entered through {unit.entry}."
        if unit.others:
            yield f"Also {', '.join(unit.others)}: each needs an entry of its own to get its part of the overlay."
    if service.tracing:
        yield f"Tracing that is there: {'; '.join(service.tracing)}."
    if service.stores:
        yield f"Talks with {', '.join(service.stores)}."


def _service(service: FoundService, found: Found) -> Iterator[tuple[str, Value]]:
    guesses = service.guesses
    yield "language", _said(guesses["language"])
    for key in ("framework", "instrumentation"):
        if key in guesses:
            yield key, _said(guesses[key])
    libraries = [_said(guess) for key, guess in guesses.items() if key.startswith(("libraries.", "libraries?"))]
    if libraries:
        yield "libraries", libraries
    if service.unit is not None and (image := image_value(service.unit.image)):
        yield "image", image
    if "version" in guesses and (service.unit is None or not image_value(service.unit.image)):
        yield "version", _said(guesses["version"])
    yield "deploy", False
    if "port" in guesses:
        yield "port", _said(guesses["port"])
    if service.calls:
        yield "calls", [_said(guess, name) for name, guess in sorted(service.calls.items())]
    if service.kept:
        why = "Its own files of variables say so, and so they stay: what comes later would win over them."
        yield "env", Commented(dict(service.kept), why)
    yield from _where(service, found)


def _where(service: FoundService, found: Found) -> Iterator[tuple[str, Value]]:
    unit = service.unit
    if unit is None:
        return
    if "compose" in found.targets and unit.target == "compose":
        compose: dict[str, Value] = {}
        if unit.name != service.name:
            compose["service"] = unit.name
        if unit.networks is None:
            compose["networks"] = Commented([], "It has the network of its host, and joins no other.")
        elif unit.networks and unit.networks != ["default"]:
            compose["networks"] = list(unit.networks)
        if compose:
            yield "compose", compose
    workload: Mapping[str, str] = unit.workload
    if workload:
        plain = workload["kind"] == "Deployment" and workload["name"] == service.name and len(workload) == 2
        if not plain and re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", workload["name"]):
            yield "workload", dict(workload)


def _said(guess: Guess, value: Value = None) -> Value:
    return Commented(guess.value if value is None else value, f"{guess.sure.value}: {guess.why}")


def _about(found: Found) -> str:
    """Comments at the end: what is no service, and what could not be read."""
    lines: list[str] = []
    if found.left_out:
        lines.append("No services, and so not above:")
        lines += [f"  {name}: {what}" for name, what in found.left_out.items()]
    lines += [f"Note: {note}" for note in dict.fromkeys(found.notes)]
    lines += list(_doubts(found.services.values()))
    return "".join(f"# {_one_line(line)}\n" for line in lines)


def _doubts(services: Iterable[FoundService]) -> Iterator[str]:
    unsure = sum(
        guess.sure is Sure.UNSURE for each in services for guess in [*each.guesses.values(), *each.calls.values()]
    )
    if unsure:
        yield f"Unsure guesses: {unsure}. `tracegen verify --from ADDRESS --learn` proposes calls that traces show."


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:300]
