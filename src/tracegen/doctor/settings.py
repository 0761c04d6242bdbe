"""Settings of receivers, processors and exporters that every program takes, and that keep spans from arriving."""

from collections.abc import Iterator
from typing import Any

from tracegen.doctor.context import Context
from tracegen.doctor.documents import Document, Steps
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.world import Unit
from tracegen.source.words import did_you_mean

Words = Iterator[tuple[Mark, str]]

#: What configcompression of the Collector knows.
_COMPRESSIONS = ("gzip", "zlib", "deflate", "snappy", "x-snappy-framed", "lz4", "zstd", "none", "")
#: Processors of the Collector's contrib distribution, in older and newer spelling.
_PROCESSORS = (
    *("attributes", "batch", "cumulativetodelta", "deltatocumulative", "deltatorate", "filter", "groupbyattrs"),
    *(
        "groupbytrace",
        "interval",
        "k8sattributes",
        "k8s_attributes",
        "logdedup",
        "memory_limiter",
        "metricstransform",
    ),
    *("probabilistic_sampler", "redaction", "remotetap", "resource", "resourcedetection", "resource_detection"),
    *("routing", "schema", "span", "span_pruning", "sumologic", "tail_sampling", "transform", "unroll"),
)
#: Seconds: who waits longer is taken for somebody who is not heard, and shorter than which nobody answers.
_LONGEST_WAIT, _SHORTEST_ANSWER = 60.0, 0.1
_SMALLEST_REQUEST = 64 * 1024


def of_receiver(config: Document, path: Steps, unit: str) -> Words:
    """A protocol of a receiver that others cannot use, though it listens."""
    transport = config.at(*path, "transport")
    if transport in ("unix", "unixgram", "unixpacket"):
        yield config.mark(*path, "transport"), f"{unit} listens on a socket of files: nobody else reaches it"
    size = config.at(*path, "max_request_body_size")
    if isinstance(size, int) and 0 < size < _SMALLEST_REQUEST:
        words = f"{unit} takes requests of {size} bytes at most: spans come in larger ones"
        yield config.mark(*path, "max_request_body_size"), words


def of_processor(config: Document, name: str, unit: str) -> Words:
    """A processor that is none, or holds spans back."""
    kind = name.partition("/")[0]
    likely = did_you_mean(kind, _PROCESSORS) if kind not in _PROCESSORS else ""
    if likely:
        yield config.mark("processors", name), f"{unit} does not start: there is no processor {kind!r}; {likely}"
    if kind == "batch":
        waits = seconds(config.at("processors", name, "timeout"))
        if waits > _LONGEST_WAIT:
            words = f"{name} of {unit} holds spans back for {waits:g} s"
            yield config.mark("processors", name, "timeout"), words
        size, most = (config.at("processors", name, f"send_batch_{each}size") for each in ("", "max_"))
        if isinstance(most, int) and 0 < most < (size if isinstance(size, int) else 8192):
            words = f"{unit} does not start: send_batch_max_size of {name} is below send_batch_size"
            yield config.mark("processors", name, "send_batch_max_size"), words


def of_exporter(config: Document, name: str, unit: str) -> Words:
    """An exporter that gives up before anybody answers, or does not start."""
    path: Steps = ("exporters", name)
    said = config.at(*path, "timeout")
    if said is not None and 0 < seconds(said) < _SHORTEST_ANSWER:
        yield config.mark(*path, "timeout"), f"{name} of {unit} waits {said} for an answer: it gives up before"
    compression = config.at(*path, "compression")
    if compression is not None and str(compression) not in _COMPRESSIONS:
        words = f"{unit} does not start: {name} has the compression {compression!r}, which is none of the Collector's"
        yield config.mark(*path, "compression"), words
    waits = seconds(config.at(*path, "sending_queue", "batch", "flush_timeout"))
    if waits > _LONGEST_WAIT:
        words = f"{name} of {unit} holds spans back for {waits:g} s"
        yield config.mark(*path, "sending_queue", "batch", "flush_timeout"), words


def not_kept(context: Context, unit: Unit, path: Steps, least: float = 600.0) -> Iterator[Finding]:
    """A time after which spans are removed that is shorter than anybody needs to look at them."""
    config = unit.config
    assert config is not None
    rendered = context.rendered(config.file)
    said = config.at(*path)
    was = seconds(rendered.at(*path)) if rendered else 0.0
    if said is not None and 0 < seconds(said) < min(least, was or least):
        words = f"{unit.name} removes spans after {said}: they are gone before anybody looks"
        yield context.finding("storage", config.mark(*path), words)


def seconds(value: Any) -> float:
    """A duration of Go, such as 1h30m; 0 for what is none."""
    units = {"ms": 0.001, "us": 1e-6, "ns": 1e-9, "h": 3600.0, "m": 60.0, "s": 1.0}
    rest, total = str(value if value is not None else ""), 0.0
    while rest:
        number = rest[: len(rest) - len(rest.lstrip("0123456789."))]
        rest = rest[len(number) :]
        unit = next((each for each in units if rest.startswith(each)), "")
        if not unit or not number.replace(".", "", 1).isdecimal():
            return 0.0
        total, rest = total + float(number) * units[unit], rest[len(unit) :]
    return total
