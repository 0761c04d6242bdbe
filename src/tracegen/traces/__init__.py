"""Spans, read from anywhere and held in a store: what `view`, `traces` and `verify` are made of.

    with Store() as store:
        store.add(read("traces.json"))            # a file, standard input (-), or Jaeger's or Tempo's address
        for trace in store.traces():              # whole traces, one after the other
            for span in trace.spans:
                span.service, span.name, span.attributes, trace.parent_of(span), trace.orphans
        found = statistics(store)                 # services, edges and operations with rates and percentiles
        found.edges["web", "api"].requests.p95    # nanoseconds
        critical_path(trace)                      # sections of time, and the span that was waited for in each

Nothing here knows the spec, the web or the terminal. A selection (`Selection(service="web", status="error")`) narrows
every question. Readers raise CannotReadTraces, questions BadQuestion, a file that is no store NotAStore, and decoding
a request BadSpan; each text can be shown to people.
"""

from collections.abc import Iterator

from tracegen.traces.batches import Batch
from tracegen.traces.critical import Section, critical_path, own_time
from tracegen.traces.failures import ErrorGroup, code_of, errors
from tracegen.traces.files import CannotReadTraces, read_file, read_json
from tracegen.traces.listing import ORDERS, Summary, summaries
from tracegen.traces.protobuf import decode
from tracegen.traces.records import KINDS, STATUSES, Event, Link, Resource, Span, Trace
from tracegen.traces.remote import Wanted, read_address
from tracegen.traces.selection import BadQuestion, Condition, Selection, duration, shown
from tracegen.traces.statistics import Change, Edge, EdgeKind, Requests, Statistics, compare, linked, statistics
from tracegen.traces.store import Counts, Store
from tracegen.traces.tables import NotAStore
from tracegen.traces.values import BadSpan, Value
from tracegen.traces.waiting import Keep

__all__ = [
    "KINDS",
    "ORDERS",
    "STATUSES",
    "BadQuestion",
    "BadSpan",
    "Batch",
    "CannotReadTraces",
    "Change",
    "Condition",
    "Counts",
    "Edge",
    "EdgeKind",
    "ErrorGroup",
    "Event",
    "Keep",
    "Link",
    "NotAStore",
    "Requests",
    "Resource",
    "Section",
    "Selection",
    "Span",
    "Statistics",
    "Store",
    "Summary",
    "Trace",
    "Value",
    "Wanted",
    "code_of",
    "compare",
    "critical_path",
    "decode",
    "duration",
    "errors",
    "linked",
    "own_time",
    "read",
    "read_address",
    "read_file",
    "read_json",
    "shown",
    "statistics",
    "summaries",
]


def read(source: str, wanted: Wanted | None = None) -> Iterator[Batch]:
    """The batches of a file, `-`, or an address that begins with http:// or https://. Raises CannotReadTraces."""
    if source.startswith(("http://", "https://")):
        return read_address(source, wanted)
    return read_file(source)
