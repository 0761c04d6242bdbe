"""Attributes of resources: those that the spec gives, and those that every resource should have."""

from collections.abc import Iterator

from tracegen.traces import Keep, Resource, Store, Trace
from tracegen.verify.check import FirstOfEach, Quiet, mark
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding, Tally

#: Attributes of a resource that are none of a span, and the other way round.
#: https://opentelemetry.io/docs/specs/semconv/registry/attributes/
_OF_RESOURCES = (
    "service.name",
    "service.version",
    "service.instance.id",
    "telemetry.sdk.name",
    "telemetry.sdk.language",
)
_OF_SPANS = (
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "url.path",
    "url.full",
    "db.query.text",
)
_MARKS = tuple((key, mark(key)) for key in _OF_RESOURCES)
#: What tells two instances apart.
_INSTANCES = ("k8s.pod.uid", "k8s.pod.name", "container.id", "host.name")


class Resources(Quiet):
    """Looks at each resource once, and whether spans hold what belongs there."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._tally = Tally()
        self._first = FirstOfEach()
        self._seen: dict[int, Resource] = {}
        self._instances: dict[tuple[str, str], Resource] = {}

    def wants(self) -> Keep:
        """What has an attribute that belongs to its resource, of the first."""
        return FirstOfEach().with_any(_OF_RESOURCES)

    def trace(self, trace: Trace) -> None:
        """Look at the resources of its spans."""
        seen = self._seen
        for span in trace.spans:
            resource = span.resource
            if id(resource) not in seen:
                seen[id(resource)] = resource
                self._resource(resource, span.trace_id)
            data = span.data
            if not data or not self._first.holds(span.service, span.name, span.kind):
                continue
            for key, marked in _MARKS:
                if marked in data and key in span.attributes:
                    message = f"{key} stands on spans such as {span.name!r}, not only on the resource"
                    self._tally.add("RES-004", span.service, message, span.trace_id, key=key)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()

    def _resource(self, resource: Resource, trace_id: str) -> None:
        name, said = resource.service, resource.attributes
        add = self._tally.add
        if not name:
            add("RES-005", "a service without a name", "a resource has no service.name", trace_id)
        if not said.get("service.instance.id"):
            add("RES-001", name, f"a resource of {name or 'no service'} has no service.instance.id", trace_id)
        if any(key.startswith("k8s.") for key in said) and not said.get("k8s.pod.uid"):
            add("RES-003", name, f"a resource of {name} has attributes of Kubernetes, and no k8s.pod.uid", trace_id)
        for key in _OF_SPANS:
            if key in said:
                add("RES-004", name, f"{key} stands on the resource, not on spans", trace_id, key=key)
        self._instance(resource, trace_id)
        service = self._expected.services.get(name)
        for key, value in (service.attributes if service else {}).items():
            found = said.get(key)
            if found is None or str(found) != value:
                words = "is missing" if found is None else f"is {str(found)[:80]!r}"
                message = f"{key} {words}; the spec says {value!r}"
                add("resource-attribute", name, message, trace_id, key=key)

    def _instance(self, resource: Resource, trace_id: str) -> None:
        identity = str(resource.attributes.get("service.instance.id") or "")
        if not identity:
            return
        other = self._instances.setdefault((resource.service, identity), resource)
        for key in _INSTANCES:
            one, two = other.attributes.get(key), resource.attributes.get(key)
            if one and two and one != two:
                message = f"service.instance.id {identity[:60]!r} has {key} {one!r} and {two!r}"
                self._tally.add("RES-002", resource.service, message, trace_id)
                return
