"""A span's path, service by service: the first hop that is broken, in every target that is rendered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tracegen.doctor import environment
from tracegen.doctor.address import Address, arrive
from tracegen.doctor.bare import Bare
from tracegen.doctor.compose import FILE, Compose
from tracegen.doctor.context import Context
from tracegen.doctor.expected import Expected, ExpectedService
from tracegen.doctor.finding import HOPS, Finding, Mark
from tracegen.doctor.kubernetes import FOLDER, Kubernetes
from tracegen.doctor.mend import RENDER, mended
from tracegen.doctor.pipeline import Way, walk
from tracegen.doctor.world import Unit, World

#: Variables that name a certificate of the service's own.
_CLIENT = ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was looked at, as (target, service), and the first broken hop of each of them."""

    looked_at: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


def diagnose(
    expected: Expected, folder: Path, variables: Mapping[str, str], render: str = "tracegen render"
) -> Diagnosis:
    """Look at all files below a folder; `variables` are those that containers would be started with."""
    looked_at: list[tuple[str, str]] = []
    found = list(_not_rendered(expected, folder))
    for world in worlds(folder, variables):
        context = Context(expected, world)
        found += _not_there(context)
        broken = {
            name: next(iter(in_order(of_service(context, name, unit))), None)
            for name, unit in sorted(services(context).items())
        }
        looked_at += [(world.target, name) for name in broken]
        found += [each for each in broken.values() if each]
        if not broken:
            found += world.unreadable
    return Diagnosis(tuple(looked_at), tuple(mended(each, expected, folder, render) for each in joined(found)))


def _not_rendered(expected: Expected, folder: Path) -> Iterator[Finding]:
    """Targets of the spec of which nothing is there."""
    first = {Compose.target: FILE, Kubernetes.target: f"{FOLDER}/kustomization.yaml"}
    known = (folder / ".tracegen").is_dir()
    targets = {target: file for target, file in first.items() if file in expected.tree}
    for name in expected.services if not targets else ():
        file = f"services/{name}/otel.env"
        targets |= {Bare.target: file} if file in expected.tree and not (folder / file).is_file() else {}
    for target, file in targets.items():
        if not (folder / file).is_file():
            command = f"{RENDER} --restore {file}" if known else RENDER
            names = tuple(expected.services)
            yield Finding(
                environment.HOP, Mark(file), f"{file} is not there: nothing runs by it", command, target, names
            )


def _not_there(context: Context) -> Iterator[Finding]:
    """Services that the target should run and does not."""
    if isinstance(context.world, Bare) or context.world.unreadable:
        return
    file = FILE if context.target == Compose.target else f"{FOLDER}/kustomization.yaml"
    for name, said in context.expected.services.items():
        if said.deployed and name not in context.world.units:
            words = f"{name} is not in what {file} runs"
            yield Finding(environment.HOP, Mark(file), words, "", context.target, (name,))


def worlds(folder: Path, variables: Mapping[str, str]) -> list[World]:
    """Of the targets that are there; without any, the files alone."""
    found: list[World] = []
    if (folder / FILE).is_file():
        found.append(Compose(folder, variables))
    if (folder / FOLDER / "kustomization.yaml").is_file():
        found.append(Kubernetes(folder))
    return found or [Bare(folder)]


def services(context: Context) -> dict[str, Unit]:
    """The services whose variables are known in this target; those that run elsewhere have their file."""
    known = {name: unit for name, unit in context.world.units.items() if not unit.program}
    if context.target == Compose.target:
        elsewhere = Bare(context.world.folder).units
        outside = (
            name for name, said in context.expected.services.items() if not said.deployed and name in elsewhere
        )
        known |= {name: replace(elsewhere[name], host_network=True) for name in outside}
    return {name: unit for name, unit in known.items() if name in context.expected.services}


def of_service(context: Context, name: str, unit: Unit) -> Iterator[Finding]:
    """All that is broken on the way of a service's spans."""
    expected = context.expected
    peers = {
        each: context.world.units[each]
        for each, said in expected.services.items()
        if each in context.world.units and (name in said.calls or each in expected.services[name].calls)
    }
    if unit.stopped:
        yield context.finding(environment.HOP, unit.stopped, f"{name} is not started: {unit.why_stopped}")
        return
    yield from (each for each in context.world.unreadable if name in (each.services or (name,)))
    found = environment.check(unit, expected.services[name], peers, expected.baggage, context.target)
    if not _traced(unit):
        # An operator injects what is missing here, or the service is not traced at all.
        said = expected.services[name]
        if said.instrumentation not in ("none",) and said.environment and not unit.annotations:
            words = f"{name} has no variable of OpenTelemetry: services/{name}/otel.env does not reach it"
            yield context.finding(environment.HOP, unit.mark, words)
        return
    yield from found
    address = _address(unit, expected.services[name])
    if address is None:
        return
    arrival = arrive(context, address)
    for each in arrival.broken:
        yield replace(each, services=(name,))
    if arrival.unit:
        way = Way(name, environment.resource(unit), arrival.unit, arrival.receiver)
        for each in walk(context, way):
            yield replace(each, services=(name,))


def in_order(findings: Iterator[Finding]) -> list[Finding]:
    """The first broken hop first."""
    return sorted(findings, key=lambda each: HOPS.index(each.hop))


def joined(findings: list[Finding]) -> list[Finding]:
    """One finding for all services that it stops."""
    found: dict[tuple[object, ...], Finding] = {}
    for each in findings:
        key = (each.target, each.hop, each.mark, each.evidence)
        before = found.get(key)
        names = dict.fromkeys([*(before.services if before else ()), *each.services])
        found[key] = replace(each, services=tuple(names))
    return sorted(found.values(), key=lambda each: (each.target, HOPS.index(each.hop), str(each.mark)))


def _traced(unit: Unit) -> bool:
    return any(name.startswith("OTEL_") for name in unit.environment)


def _address(unit: Unit, said: ExpectedService) -> Address | None:
    endpoint, mark = environment.value(unit, environment.TRACES_ENDPOINT, environment.ENDPOINT)
    protocol = environment.protocol(unit)
    if endpoint == said.environment.get(environment.ENDPOINT):
        # Where the address is as rendered, its protocol is what somebody changed.
        mark = (
            environment.value(unit, *environment.PROTOCOLS)[1]
            if environment.value(unit, *environment.PROTOCOLS)[0]
            else mark
        )
    parts = urlsplit(endpoint)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return None
    if not parts.hostname:
        return None
    named = [each for each in environment.HEADERS if each in unit.environment]
    text, header_mark = environment.value(unit, *environment.HEADERS)
    header = next(
        (each.partition("=")[2] for each in text.split(",") if each.strip().lower().startswith("authorization=")), ""
    )
    return Address(
        source=unit,
        host=parts.hostname,
        port=port,
        protocol=protocol,
        secure=parts.scheme == "https",
        hop="address",
        mark=mark,
        ca=environment.value(unit, *environment.AUTHORITIES)[0],
        # A file of variables alone holds no secret: what is shown there is told by whoever runs the service.
        header=None if not text and (named or unit.mark.file.endswith(".env")) else header,
        header_mark=header_mark if text else mark,
        path=_path(unit, parts.path) if protocol == "http" else "",
        certified=bool(environment.value(unit, *_CLIENT)[0]),
    )


def _path(unit: Unit, path: str) -> str:
    """Where an SDK sends traces over HTTP; empty where the endpoint itself is told to be wrong."""
    if environment.value(unit, environment.TRACES_ENDPOINT)[0]:
        return path if path not in ("", "/") else ""
    return "" if path.rstrip("/").endswith("/v1/traces") else f"{path.rstrip('/')}/v1/traces"
