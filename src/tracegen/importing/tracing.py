"""The tracing that is there: variables, agents, packages, and addresses of collectors and backends."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch

from tracegen.importing.facts import Unit
from tracegen.importing.known import known
from tracegen.importing.sources import Sources

#: Ports that only tracing has, where an address names them.
_PORTS = {
    "4317": "OTLP over gRPC",
    "4318": "OTLP over HTTP",
    "6831": "the Jaeger agent's thrift",
    "6832": "the Jaeger agent's thrift",
    "14268": "Jaeger's thrift over HTTP",
    "14250": "Jaeger's gRPC",
    "9411": "Zipkin",
    "55680": "OTLP's old port",
    "55678": "OpenCensus",
}
_MAKES_SPANS = re.compile(r"sdk|instrumentation|distro|exporter|agent|auto|extensions|bridge|starter|vercel", re.I)
_JAEGER_CLIENT = r"^Jaeger by .*(AGENT|ENDPOINT|COLLECTOR|SAMPLER|REPORTER|PROPAGATION|package)|thrift|Jaeger's"
_AT_PORT = re.compile(r"[A-Za-z0-9_.})-]:(\d{4,5})(?!\d)")


def tracing_of(unit: Unit, sources: Sources, hosts: Iterable[str]) -> list[str]:
    """What a unit has of tracing, a phrase each; `hosts` are units of tracing that it talks with."""
    found: list[str] = []
    for kind, patterns in known()["tracing_variables"].items():
        names = [name for name in unit.env if any(fnmatch(name.upper(), each) for each in patterns)]
        if names:
            found.append(f"{kind} by {', '.join(names[:4])}{' …' if len(names) > 4 else ''}")
    for kind, patterns in known()["sdks"].items():
        packages = sorted(name for name in sources.packages if any(fnmatch(name, each) for each in patterns))
        if packages:
            # What makes spans says more than what merely names them.
            first = next((name for name in packages if _MAKES_SPANS.search(name)), packages[0])
            found.append(f"{kind} by the package {first}")
    everything = " ".join([*unit.words, sources.command, *unit.env, *unit.env.values()])
    found += [f"the agent {each}" for each in known()["agents"] if each in everything]
    for port in dict.fromkeys(_AT_PORT.findall(" ".join([*unit.words, *unit.env.values(), *unit.texts]))):
        if port in _PORTS:
            found.append(f"an address of {_PORTS[port]} ({port})")
    found += [f"spans go to {host}" for host in hosts]
    return list(dict.fromkeys(found))


def has_an_sdk_of_opentelemetry(tracing: Iterable[str]) -> bool:
    """Whether a program makes spans of OpenTelemetry by itself, so that it needs no more than the environment."""
    agents = ("the agent opentelemetry", "the agent splunk", "the agent @opentelemetry")
    return any(
        each.startswith(agents) or (each.startswith("OpenTelemetry by the package") and _MAKES_SPANS.search(each))
        for each in tracing
    )


def receivers_for(tracing: Iterable[str]) -> list[str]:
    """The receivers that clients need which have not moved to OTLP."""
    text = "\n".join(tracing)
    found = []
    if re.search(_JAEGER_CLIENT, text, re.M):
        found.append("jaeger")
    if re.search(r"^Zipkin by|of Zipkin", text, re.M):
        found.append("zipkin")
    return found
