"""What runs: every address on a span's way is asked, a marked span is sent and looked for, counters are read."""

import http.client
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tracegen.doctor import engine, environment, marked, reach, stored
from tracegen.doctor.behind import LOGS, TARGET, UP, Behind
from tracegen.doctor.compose import Compose
from tracegen.doctor.context import Context
from tracegen.doctor.counters import ACCEPTED, NOT_QUEUED, REFUSED, TOO_EARLY, Counters
from tracegen.doctor.expected import Expected
from tracegen.doctor.finding import HOPS, Finding, Mark
from tracegen.doctor.path import Diagnosis, joined, services, worlds
from tracegen.doctor.program import first_hop
from tracegen.doctor.receivers import listeners
from tracegen.doctor.world import Unit
from tracegen.rehearse.count import CannotCount
from tracegen.rehearse.target import Target, Unreachable

_METRICS = 8888
#: A queue that is fuller than this is full soon.
_FULL = 0.9
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A receiver of services, as it is reached from here."""

    unit: Unit
    port: int
    address: str
    protocol: str
    secure: bool
    host: str
    ca: Path | None
    mark: Mark

    @property
    def taken(self) -> Mark:
        """Where its program is told to listen."""
        return next((each.mark for each in listeners(self.unit) if each.port == self.port), self.mark)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Marked spans that were taken, and what their collector had counted before."""

    entry: Entry
    ids: tuple[str, ...]
    before: Counters | None


class Live:
    """One look at a running system; `at` says where a port of a container is reached from here."""

    def __init__(
        self, expected: Expected, folder: Path, variables: Mapping[str, str], at: Mapping[tuple[str, int], str]
    ) -> None:
        self._expected, self._folder, self._at = expected, folder, at
        self._context = Context(expected, worlds(folder, variables)[0])
        self.notes: list[str] = []
        self._behind = Behind(self._context.world, at, self._counters)

    def diagnose(self) -> Diagnosis:
        """The first broken hop of each service, and what counters and stored traces say beside."""
        ways: dict[str, list[Finding]] = {}
        waiting: dict[str, Waiting] = {}
        for name, unit in sorted(services(self._context).items()):
            entry = self._entry(unit)
            if entry:
                ways[name] = list(self._send(name, unit, entry, waiting))
        for name, broken in self._looked_for(waiting).items():
            ways[name] += broken
        found = [
            replace(each, services=(name,))
            for name, broken in ways.items()
            for each in sorted(broken, key=lambda each: HOPS.index(each.hop))[:1]
        ]
        stopped = {each.hop for each in found}
        found += [each for each in self._standing() if each.hop not in stopped]
        return Diagnosis(tuple((TARGET, name) for name in ways), tuple(joined(found)))

    def _entry(self, unit: Unit) -> Entry | None:
        endpoint, mark = environment.value(unit, environment.TRACES_ENDPOINT, environment.ENDPOINT)
        parts = urlsplit(endpoint)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
        route = self._context.world.route(unit, parts.hostname or "", port, "address", mark)
        if route.unit is None or not parts.hostname:
            return None
        address = self._address(route.unit, route.port)
        if not address:
            return None
        ca = self._folder / self._expected.ca if self._expected.ca else None
        return Entry(
            *(route.unit, route.port, address, environment.protocol(unit), parts.scheme == "https"),
            *(parts.hostname, ca if ca and ca.is_file() else None, mark),
        )

    def _address(self, unit: Unit, port: int) -> str:
        known_as = [name for name, each in self._at if each == port and self._is(name, unit)]
        if known_as:
            return self._at[known_as[0], port]
        world = self._context.world
        found = world.published(unit.name, port) if isinstance(world, Compose) else ""
        if not found:
            note = f"{unit.name}:{port} is not reached from here; --at {unit.name}:{port}=ADDRESS says where it is"
            self.notes += [] if note in self.notes else [note]
        return found

    def _is(self, name: str, unit: Unit) -> bool:
        source = next(iter(self._context.world.units.values()))
        return unit.name == name or self._context.world.route(source, name, 0, "address", Mark("")).unit is unit

    def _send(self, name: str, unit: Unit, entry: Entry, waiting: dict[str, Waiting]) -> Iterator[Finding]:
        """Send marked spans, and note who waits for them; or tell why they are not taken."""
        broken = list(self._receiver(entry))
        if broken:
            yield from broken
            return
        before = self._counters(entry.unit)
        try:
            sent = marked.send(self._expected, environment.resource(unit), self._target(unit, entry))
        except Unreachable as error:
            yield self._finding(first_hop(entry.unit.program), entry.taken, str(error), f"{LOGS} {entry.unit.name}")
            return
        if sent.ids:
            waiting[name] = Waiting(entry, sent.ids, before)
            return
        words = f"{entry.unit.name} refuses spans: it has no room"
        own = self._finding("processor", self._limiter(entry.unit), words, f"{LOGS} {entry.unit.name}")
        yield from self._full(entry.unit) or [own]

    def _looked_for(self, waiting: Mapping[str, Waiting]) -> dict[str, list[Finding]]:
        """What is broken for those whose marked spans do not come; all are waited for together."""
        ui = self._context.world.units.get(self._expected.ui[0])
        api = self._address(ui, self._expected.ui[1]) if ui else ""
        if not ui or not api or not waiting:
            return {}
        ids = {name: each.ids for name, each in waiting.items()}
        try:
            came = marked.arrived(api, ids, self._expected.wait + _PATIENCE)
        except CannotCount as error:
            mark = ui.config.mark("extensions", "jaeger_query") if ui.config else ui.mark
            own = self._finding("backend", mark, str(error), f"{UP} {ui.name}")
            return {name: self._behind.broken(each.entry.unit) or [own] for name, each in waiting.items()}
        return {name: list(self._lost(each.entry, each.before)) for name, each in waiting.items() if name not in came}

    def _lost(self, entry: Entry, before: Counters | None) -> Iterator[Finding]:
        """Between which hops a span that was taken is gone."""
        found = self._behind.broken(entry.unit) or self._full(entry.unit)
        yield from found
        if found:
            return
        after = self._counters(entry.unit)
        if before and after and after.total(ACCEPTED) <= before.total(ACCEPTED):
            yield self._finding(
                "receiver", entry.mark, f"{entry.unit.name} counts no span that came in", f"{LOGS} {entry.unit.name}"
            )
            return
        words = f"a marked span was taken by {entry.unit.name}, and is not found in {self._expected.ui[0]}"
        hop = "processor" if self._expected.wait else "exporter"
        mark = (
            entry.unit.config.mark("processors" if self._expected.wait else "exporters")
            if entry.unit.config
            else entry.mark
        )
        yield self._finding(hop, mark, words, f"{LOGS} {entry.unit.name}")

    def _receiver(self, entry: Entry) -> Iterator[Finding]:
        """The receiver: does it listen, in which protocol, with which certificate?"""
        hop = first_hop(entry.unit.program)
        answer = reach.asked(entry.address)
        if not answer.protocol:
            words = f"nothing listens at {entry.address} ({entry.unit.name}:{entry.port}): {answer.words}"
            yield self._finding(hop, entry.taken, words, f"{UP} {entry.unit.name}")
            return
        wanted = "tls" if entry.secure else entry.protocol
        if answer.protocol != wanted:
            words = (
                f"{entry.address} speaks {answer.protocol}; services speak {wanted} to {entry.unit.name}:{entry.port}"
            )
            yield self._finding("address", entry.mark, words, "tracegen doctor")
        elif entry.secure and (why := self._certificate(entry)):
            words = f"the certificate of {entry.unit.name} {why} (its name is {entry.host})"
            shown = f"openssl s_client -connect {entry.address} -servername {entry.host}"
            yield self._finding(hop, entry.taken, words, f"{shown} </dev/null | openssl x509 -noout -text")
        elif not entry.secure and entry.protocol == "http":
            ahead = reach.clock(entry.address, time.time())
            if abs(ahead) > stored.TOLERATED:
                words = f"the clock of {entry.unit.name} is {ahead:+,.0f} s off"
                yield self._finding(hop, entry.taken, words, "timedatectl set-ntp true")

    def _certificate(self, entry: Entry) -> str:
        try:
            return reach.certificate(entry.address, str(entry.ca or ""), entry.host)
        except OSError as error:
            return f"cannot be looked at: {error}"

    def _target(self, unit: Unit, entry: Entry) -> Target:
        """As the service would send: its headers, and its collector's name in the certificate."""
        scheme = {("http", False): "http", ("http", True): "https", ("grpc", False): "grpc", ("grpc", True): "grpcs"}
        host, _, port = entry.address.rpartition(":")
        headers = environment.headers(unit)
        return Target(
            scheme[entry.protocol, entry.secure],
            host,
            int(port),
            "/v1/traces",
            headers,
            str(entry.ca or ""),
            entry.host,
        )

    def _counters(self, unit: Unit) -> Counters | None:
        address = self._address(unit, _METRICS)
        try:
            return Counters(reach.get(address, "/metrics")[1].decode(errors="replace")) if address else None
        except (OSError, http.client.HTTPException):
            return None

    def _full(self, unit: Unit) -> list[Finding]:
        """Queues that are full, of this program."""
        counters = self._counters(unit)
        found = []
        for exporter, size, room in counters.queues() if counters else ():
            if room and size >= _FULL * room:
                words = f"the queue of {exporter} in {unit.name} is full: {size:,.0f} of {room:,.0f}"
                mark = (
                    unit.config.mark("exporters", exporter, "sending_queue", "queue_size")
                    if unit.config
                    else unit.mark
                )
                found += self._behind.broken(unit) or [self._finding("exporter", mark, words, f"{LOGS} {unit.name}")]
        if counters and not found and counters.total(NOT_QUEUED):
            words = f"{unit.name} dropped {counters.total(NOT_QUEUED):,.0f} spans that its queue had no room for"
            mark = unit.config.mark("exporters") if unit.config else unit.mark
            found.append(self._finding("exporter", mark, words, f"{LOGS} {unit.name}"))
        return found

    def _standing(self) -> Iterator[Finding]:
        """What counters and stored traces say, also while spans arrive."""
        for unit in self._context.world.units.values():
            counters = self._counters(unit) if unit.program == "collector" else None
            if counters is None:
                continue
            full = self._full(unit)
            yield from full
            if counters.total(TOO_EARLY):
                words = f"{unit.name} pushed out {counters.total(TOO_EARLY):,.0f} traces before it decided on them"
                mark = unit.config.mark("processors", "tail_sampling", "num_traces") if unit.config else unit.mark
                yield self._finding("processor", mark, words, "tracegen explain sampling")
            if counters.total(REFUSED) and not full:
                words = f"{unit.name} refused {counters.total(REFUSED):,.0f} spans"
                yield self._finding("processor", self._limiter(unit), words, f"{LOGS} {unit.name}")
        yield from self._machine()
        yield from self._traces()

    def _machine(self) -> Iterator[Finding]:
        """Containers that do not run, and disks without room."""
        world = self._context.world
        if isinstance(world, Compose):
            states, logs = list(engine.compose_states(self._folder)), LOGS
        else:
            namespace = self._expected.namespace
            states, logs = (
                list(engine.pod_states(namespace)),
                f"kubectl logs --namespace {namespace} --selector app.kubernetes.io/name=",
            )
        for state in states:
            unit = world.units.get(state.unit)
            if unit:
                hop = first_hop(unit.program) if unit.program else environment.HOP
                command = f"{logs}{'' if logs.endswith('=') else ' '}{unit.name}"
                yield self._finding(hop, unit.mark, f"{unit.name} is {state.words}", command)
        for folder in {self._folder.resolve(), engine.docker_folder() or self._folder.resolve()}:
            if words := engine.no_room(folder):
                yield self._finding("storage", Mark(""), words, f"df -h {folder}")

    def _traces(self) -> Iterator[Finding]:
        ui = self._context.world.units.get(self._expected.ui[0])
        api = self._address(ui, self._expected.ui[1]) if ui and ui.program == "jaeger" else ""
        units = services(self._context)
        try:
            spans = stored.recent(api, sorted(units), time.time()) if api else []
        except OSError:
            return
        for name, ahead, trace_id in stored.wrong_clocks(spans, time.time()):
            words = f"the clock of {name} is {ahead:+,.0f} s off: trace {trace_id}"
            mark = units[name].mark if name in units else Mark("")
            yield replace(self._finding("environment", mark, words, "timedatectl set-ntp true"), services=(name,))
        calls = {name: self._expected.services[name].calls for name in units}
        for caller, callee, trace_id in stored.broken_calls(spans, calls):
            words = (
                f"{callee} gets requests of {caller} without traceparent: trace {trace_id} should be part of another"
            )
            mark = units[caller].mark
            command = "let what stands between them pass the headers traceparent, tracestate and baggage"
            yield replace(self._finding("address", mark, words, command), services=(callee,))

    def _limiter(self, unit: Unit) -> Mark:
        return unit.config.mark("processors", "memory_limiter") if unit.config else unit.mark

    def _finding(self, hop: str, mark: Mark, words: str, command: str) -> Finding:
        return Finding(hop, mark, words, command, TARGET)
