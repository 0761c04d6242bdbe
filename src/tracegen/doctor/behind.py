"""What runs behind a collector: the next program, and the servers that keep spans."""

import http.client
from collections.abc import Callable, Mapping

from tracegen.doctor import reach
from tracegen.doctor.counters import FAILED, Counters
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.program import first_hop
from tracegen.doctor.receivers import listeners
from tracegen.doctor.storage import servers
from tracegen.doctor.world import Unit, World

TARGET = "live"
UP = "docker compose up --detach --wait"
LOGS = "docker compose logs --tail 50"


class Behind:
    """`at` says where a port of a container is reached from here, `counters` what a program counts."""

    def __init__(
        self, world: World, at: Mapping[tuple[str, int], str], counters: Callable[[Unit], Counters | None]
    ) -> None:
        self._world, self._at, self._counters = world, at, counters

    def broken(self, unit: Unit) -> list[Finding]:
        """What keeps spans from being stored; a storage that is dead takes the program before it along."""
        return self._stores() or self._next(unit)

    def _next(self, unit: Unit) -> list[Finding]:
        """Programs to which an exporter sends, where nobody listens."""
        found = []
        for other in self._world.units.values():
            if other.name == unit.name or not other.program:
                continue
            for each in listeners(other):
                address = self._at.get((other.name, each.port), "")
                why = reach.open_port(address) if address else ""
                if why:
                    words = f"nothing listens at {address} ({other.name}:{each.port}): {why}"
                    found.append(self._finding(first_hop(other.program), each.mark, words, f"{UP} {other.name}"))
        return found[:1]

    def _stores(self) -> list[Finding]:
        """Servers of the storage that do not answer, and templates that are not there."""
        found = []
        for unit in self._world.units.values():
            for host, port, mark, kind in servers(unit):
                address = self._at.get((host, port), "")
                why = reach.open_port(address) if address else ""
                if why:
                    words = f"the storage of {unit.name} does not answer at {address} ({host}:{port}): {why}"
                    found.append(self._finding("storage", mark, words, f"{UP} {host}"))
                elif address and kind in ("opensearch", "elasticsearch"):
                    found += self._templates(unit, address, mark)
            counters = self._counters(unit) if unit.program in ("jaeger",) else None
            if not found and counters and counters.total(FAILED):
                words = f"{unit.name} could not store {counters.total(FAILED):,.0f} spans"
                mark = unit.config.mark("extensions", "jaeger_storage", "backends") if unit.config else unit.mark
                found.append(self._finding("storage", mark, words, f"{LOGS} {unit.name}"))
        return found[:1]

    def _templates(self, unit: Unit, address: str, mark: Mark) -> list[Finding]:
        for path in ("/_index_template/*jaeger-span*", "/_template/*jaeger-span*"):
            try:
                status, body = reach.get(address, path)
            except (OSError, http.client.HTTPException):
                return []
            if status in (401, 403):
                return []
            if status == 200 and b"jaeger-span" in body:
                return []
        words = f"the storage of {unit.name} has no index template of jaeger-span: searches find nothing"
        return [self._finding("storage", mark, words, f"docker compose restart {unit.name}")]

    def _finding(self, hop: str, mark: Mark, words: str, command: str) -> Finding:
        return Finding(hop, mark, words, command, TARGET)
