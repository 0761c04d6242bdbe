"""A shop's spans, made: what the page is tried with, and what its picture shows."""

import random
from collections.abc import Iterator, Sequence

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

from tracegen.view import Declared
from traces.made import attributes_of, data, made, resource_spans

DECLARED = Declared(
    "shop",
    ("frontend", "checkout", "payment", "catalogue", "mail", "ledger"),
    (
        ("frontend", "checkout"),
        ("frontend", "catalogue"),
        ("checkout", "payment"),
        ("checkout", "mail"),
        ("payment", "ledger"),
    ),
    known=True,
)
_TRACEBACK = 'Traceback (most recent call last):\n  File "pay.py", line 7, in charge\nCardRefused: card refused'
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


def shop(traces: int, *, seed: int = 1, start_ms: float = 0, first: int = 1) -> list[ResourceSpans]:
    """So many requests: mail is silent, catalogue calls an undeclared `discounts`, databases send no spans."""
    number = random.Random(seed)
    found: dict[tuple[str, str], list[Span]] = {}
    for trace in range(first, first + traces):
        for service, version, span in _request(number, trace, start_ms + trace * 130):
            found.setdefault((service, version), []).append(span)
    return [
        resource_spans(service, *spans, **{"service.version": version, "deployment.environment.name": "dev"})
        for (service, version), spans in found.items()
    ]


def _request(number: random.Random, trace: int, at: float) -> Iterator[tuple[str, str, Span]]:
    version = "1.4" if number.random() < 0.5 else "1.5"
    slow = number.expovariate(1 / 60) * (1.6 if version == "1.5" else 1)
    failed = "card refused" if number.random() < 0.06 else None

    identity = random.Random(trace).getrandbits(128) | 1

    def span(
        service: str,
        name: str,
        own: int,
        parent: int,
        kind: str,
        start: float,
        end: float,
        error: str | None = None,
        **attributes: object,
    ) -> tuple[str, str, Span]:
        said = {key.replace("__", "."): value for key, value in attributes.items()}
        start, end = at + start, at + end
        of = made(
            name, own, parent, trace=identity, kind=kind, start=start, end=end, error=error, attributes=said
        )  # fmt: skip
        return service, version if service == "checkout" else "2.0", of

    whole = 60 + slow
    status = 502 if failed else 200
    yield span("frontend", "GET /buy", 1, 0, "server", 0, whole, http__request__method="GET", http__route="/buy",
               http__response__status_code=status, user__tier=number.choice(["gold", "free"]))  # fmt: skip
    yield span("frontend", "GET", 2, 1, "client", 2, 18, server__address="catalogue")
    yield span("catalogue", "GET /items", 3, 2, "server", 4, 16, http__route="/items")
    yield span(
        "catalogue", "SELECT items", 4, 3, "client", 6, 11, db__system__name="postgresql", db__query__text="SELECT *"
    )
    if trace % 3 == 0:
        yield span("catalogue", "GET", 5, 3, "client", 11, 15, server__address="discounts")
        yield span("discounts", "GET /today", 6, 5, "server", 12, 14)
    yield span("frontend", "POST", 7, 1, "client", 20, whole - 3, failed, server__address="checkout")
    yield span(
        "checkout",
        "POST /pay",
        8,
        7,
        "server",
        23,
        whole - 5,
        failed,
        http__route="/pay",
        amount=number.randrange(900),
    )
    yield span("checkout", "reserve", 9, 8, "internal", 24, 30, items=[1, 2, 3])
    service, of, paying = span(
        "payment", "payment.v1/Charge", 11, 10, "server", 34, whole - 9, failed, rpc__system__name="grpc"
    )
    if failed:
        paying.events.add(
            time_unix_nano=paying.end_time_unix_nano - 1000,
            name="exception",
            attributes=attributes_of({
                "exception.type": "CardRefused", "exception.message": failed,
                "exception.stacktrace": _TRACEBACK,
            }),
        )  # fmt: skip
    yield span("checkout", "payment.v1/Charge", 10, 8, "client", 31, whole - 8, failed, server__address="payment")
    yield service, of, paying
    yield span("payment", "POST /entries", 12, 11, "client", 36, 48, server__address="ledger")
    yield span("ledger", "POST /entries", 13, 12, "server", 38, 46)
    yield span("ledger", "INSERT", 14, 13, "client", 40, 44, db__system__name="postgresql")


def large(spans: int = 10_000) -> TracesData:
    """One trace with so many spans."""
    number = random.Random(2)
    found: Sequence[Span] = [made("root", 1, trace=9, end=spans)] + [
        made(
            f"step {each}",
            each,
            max(1, each - number.randrange(1, 8)),
            trace=9,
            start=each * 0.9,
            end=each * 0.9 + 20,
        )
        for each in range(2, spans + 1)
    ]
    return data(resource_spans("large", *found))


def hostile() -> TracesData:
    """Names and attributes that a page must not take for markup."""
    span = made(
        HOSTILE,
        1,
        trace=66,
        kind="server",
        error=HOSTILE,
        attributes={HOSTILE: HOSTILE, "list": [HOSTILE, {"a": b"\x00"}]},
    )
    span.events.add(name=HOSTILE, attributes=attributes_of({"exception.stacktrace": HOSTILE + "\n"}))
    other = made("‮" + HOSTILE, 2, 1, trace=66, kind="server", attributes={"x" * 300: "y" * 30_000})
    return data(resource_spans(HOSTILE, span), resource_spans("__proto__", other))
