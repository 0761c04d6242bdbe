"""What the example service does, whatever its framework: a piece for each thing to show."""

import json
import logging
import os
import queue
import threading
import time
import urllib.request
from collections.abc import Iterator
from itertools import count

from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind

log = logging.getLogger(__name__)
tracer = trace.get_tracer(__name__)

NAME = os.environ.get("OTEL_SERVICE_NAME", "example")
PORT = int(os.environ.get("PORT", "8080"))
HEALTH_PATH = os.environ.get("TRACING_HEALTH_PATH", "/healthz")
#: Names of the services that a request came through, so that a cycle of calls ends.
PATH_HEADER = "x-example-path"
SLOW_SECONDS = 1.5

messages: queue.Queue[tuple[dict[str, str], str]] = queue.Queue(maxsize=100)


def start() -> None:
    """Start what runs beside requests."""
    threading.Thread(target=take_work, daemon=True).start()
    rate = float(os.environ.get("EXAMPLE_REQUESTS_PER_SECOND", "0"))
    if rate > 0:
        numbers = count(1)
        for _ in range(4):
            arguments = (numbers, 4 / rate)
            threading.Thread(target=send_requests, args=arguments, daemon=True).start()


def callees(path: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The variable, address and header of each callee that the request did not come through already."""
    names = [name for name in path.split(",") if name]
    for variable in filter(None, os.environ.get("EXAMPLE_CALLS", "").split(",")):
        if variable.removesuffix("_URL").lower().replace("_", "-") not in names:
            headers = {PATH_HEADER: ",".join([*names, NAME])}
            yield variable, f"{os.environ[variable]}/", headers


def answer(calls: dict[str, int]) -> tuple[dict[str, object], int]:
    """The body and status of `/`."""
    log.info("called %d services", len(calls))
    failed = [variable for variable, status in calls.items() if not 200 <= status < 300]
    return {"service": NAME, "calls": calls}, 502 if failed else 200


def find_item(item: str) -> dict[str, str]:
    """A span of its own, with an attribute and an event."""
    with tracer.start_as_current_span("find item") as span:
        span.set_attribute("item.id", item)
        span.add_event("item.found", {"item.shelf": len(item)})
        log.info("found an item")
    return {"item": item}


def be_slow() -> dict[str, float]:
    """Time that is spent in a span of its own is seen where it is spent."""
    with tracer.start_as_current_span("wait"):
        time.sleep(SLOW_SECONDS)
        log.info("was slow")
    return {"seconds": SLOW_SECONDS}


def fail() -> None:
    """An exception that leaves a span is recorded on it, and on the span of the request."""
    with tracer.start_as_current_span("try"):
        log.info("will fail")
        raise ValueError("this always fails")


def send_work() -> None:
    """A message carries the context in its headers."""
    with tracer.start_as_current_span("send work", kind=SpanKind.PRODUCER):
        headers: dict[str, str] = {}
        propagate.inject(headers)
        messages.put((headers, "some work"), timeout=1)
        log.info("sent work")


def take_work() -> None:
    """The other side: what is done with a message belongs to the trace that it was sent in."""
    while True:
        headers, message = messages.get()
        token = context.attach(propagate.extract(headers))
        try:
            with tracer.start_as_current_span("process work", kind=SpanKind.CONSUMER):
                thread = threading.Thread(target=finish_work, args=(message,))
                thread.start()
                thread.join()
        finally:
            context.detach(token)


def finish_work(message: str) -> None:
    """A thread goes on in the context of whoever started it."""
    with tracer.start_as_current_span("finish work"):
        log.info("did %s", message)


def send_requests(numbers: "count[int]", seconds: float) -> None:
    """Requests to this service, because nobody else calls it; traces begin on arrival."""
    while True:
        time.sleep(seconds)
        number = next(numbers)
        kinds = {20: "slow", 21: "error", 22: "work"}
        path = next((kinds[each] for each in kinds if number % each == 0), "")
        tier = "gold" if number % 10 == 0 else "basic"
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}/{path}",
            headers={"baggage": f"customer.tier={tier}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10):
                pass
        except OSError as error:
            log.debug("own request: %s", json.dumps(str(error)))
