"""The first hop: the variables of a service.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from tracegen.doctor.expected import ExpectedService
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.world import Unit

HOP = "environment"
ENDPOINT, TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
AUTHORITIES = ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_AGENTS = {
    "the OpenTelemetry Java agent": r"-javaagent:\S*opentelemetry\S*",
    "the Datadog agent": r"-javaagent:\S*dd-java-agent\S*|ddtrace|dd-trace",
    "the Elastic agent": r"-javaagent:\S*elastic-apm\S*|elastic-apm-node",
    "the New Relic agent": r"-javaagent:\S*newrelic\S*|newrelic-admin",
    "opentelemetry-instrument": r"opentelemetry-instrument\b|opentelemetry/instrumentation/auto_instrumentation",
    "@opentelemetry/auto-instrumentations-node": r"@opentelemetry/auto-instrumentations-node\S*",
}
_OF_OPENTELEMETRY = (
    "the OpenTelemetry Java agent",
    "opentelemetry-instrument",
    "@opentelemetry/auto-instrumentations-node",
)
_RATIOS = ("always_on", "always_off", "traceidratio", "jaeger_remote")
_SAMPLERS = (*_RATIOS, *(f"parentbased_{each}" for each in _RATIOS), "xray")
#: Milliseconds.
_LONGEST_DELAY = 60_000
_OPTIONS = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "NODE_OPTIONS", "RUBYOPT", "PYTHONPATH")


def check(unit: Unit, said: ExpectedService, peers: dict[str, Unit], baggage: bool, target: str) -> Iterator[Finding]:
    """What is broken in the variables of a service, in the order in which it matters."""
    of_sending = (_no_endpoint, _authority, _headers, _proxy)
    checks = (_off, _exporter, _protocol, _name, _tenant, _sampler, _batches, *of_sending, _agents)
    for one in checks:
        for mark, words in one(unit, said):
            yield Finding(HOP, mark, words, "", target, (unit.name,))
    for mark, words in _propagators(unit, said, peers, baggage):
        yield Finding(HOP, mark, words, "", target, (unit.name,))


def value(unit: Unit, *names: str) -> tuple[str, Mark]:
    """The first of these variables that is set and known, and where; empty without one."""
    for name in names:
        text, mark = unit.environment.get(name, (None, unit.mark))
        if text:
            return text, mark
    return "", _home(unit)


def _home(unit: Unit) -> Mark:
    """Where a variable that is missing would stand: the file that has the others."""
    files = [mark.file for name, (_, mark) in unit.environment.items() if name.startswith("OTEL_")]
    return Mark(max(files, key=files.count)) if files else unit.mark


Words = Iterator[tuple[Mark, str]]


def _off(unit: Unit, said: ExpectedService) -> Words:
    text, mark = value(unit, "OTEL_SDK_DISABLED")
    if text.lower() == "true":
        yield mark, "OTEL_SDK_DISABLED=true: the SDK makes no spans"


def _exporter(unit: Unit, said: ExpectedService) -> Words:
    text, mark = value(unit, "OTEL_TRACES_EXPORTER")
    if text and "otlp" not in (each.strip() for each in text.split(",")):
        yield mark, f"OTEL_TRACES_EXPORTER={text}: spans are sent nowhere over OTLP"


def _protocol(unit: Unit, said: ExpectedService) -> Words:
    text, mark = value(unit, *PROTOCOLS)
    if text and text not in ("grpc", "http/protobuf", "http/json"):
        yield mark, f"{text!r} is no protocol of OTLP: it is grpc, http/protobuf or http/json"


def _batches(unit: Unit, said: ExpectedService) -> Words:
    """https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#batch-span-processor"""
    delay, mark = value(unit, "OTEL_BSP_SCHEDULE_DELAY")
    if _number(delay) > _LONGEST_DELAY:
        yield mark, f"OTEL_BSP_SCHEDULE_DELAY={delay}: spans wait {_number(delay) / 1000:g} s before they are sent"
    queue, mark = value(unit, "OTEL_BSP_MAX_QUEUE_SIZE")
    batch, where = value(unit, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE")
    if (queue or batch) and _number(queue or "2048") < _number(batch or "512"):
        words = (
            f"a queue of {queue or 2048} spans never fills a batch of {batch or 512}: SDKs refuse that, or drop spans"
        )
        yield (mark if queue else where), words


def _name(unit: Unit, said: ExpectedService) -> Words:
    text, mark = value(unit, "OTEL_SERVICE_NAME")
    if not text:
        attributes, mark = value(unit, "OTEL_RESOURCE_ATTRIBUTES")
        text = next((each[13:] for each in attributes.split(",") if each.startswith("service.name=")), "")
    wanted = said.environment.get("OTEL_SERVICE_NAME", said.name)
    if text and text != wanted:
        yield mark, f"the service calls itself {text!r}; the spec knows {wanted!r}"
    if not text and "OTEL_SERVICE_NAME" not in unit.environment:
        yield mark, "OTEL_SERVICE_NAME is not set: its spans are of 'unknown_service'"


def _sampler(unit: Unit, said: ExpectedService) -> Words:
    text, mark = value(unit, "OTEL_TRACES_SAMPLER")
    argument, where = value(unit, "OTEL_TRACES_SAMPLER_ARG")
    if text == said.environment.get("OTEL_TRACES_SAMPLER") and argument == said.environment.get(
        "OTEL_TRACES_SAMPLER_ARG", ""
    ):
        return  # the spec says so
    if text and text not in _SAMPLERS and text != said.environment.get("OTEL_TRACES_SAMPLER"):
        yield mark, f"OTEL_TRACES_SAMPLER={text} is no sampler that SDKs know"
    if text.endswith("always_off"):
        yield mark, f"OTEL_TRACES_SAMPLER={text}: no trace that starts here is kept"
    if text.endswith("traceidratio") and argument and _number(argument) == 0:
        yield where, f"OTEL_TRACES_SAMPLER_ARG={argument}: no trace that starts here is kept"
    if text.endswith("traceidratio") and argument and not 0 <= _number(argument) <= 1:
        yield where, f"OTEL_TRACES_SAMPLER_ARG={argument} is no share from 0 to 1"


def _no_endpoint(unit: Unit, said: ExpectedService) -> Words:
    text, mark = value(unit, TRACES_ENDPOINT, ENDPOINT)
    if not text:
        if not {ENDPOINT, TRACES_ENDPOINT} & unit.environment.keys():
            yield mark, f"{ENDPOINT} is not set: spans go to localhost, where no collector is"
        return
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield mark, f"{text!r} is no URL of a receiver: it begins with http:// or https://"
    elif protocol(unit) != "grpc":
        if TRACES_ENDPOINT in unit.environment and parts.path in ("", "/"):
            yield mark, f"{TRACES_ENDPOINT} is used as it is, and lacks /v1/traces"
        if TRACES_ENDPOINT not in unit.environment and parts.path.rstrip("/").endswith("/v1/traces"):
            yield mark, f"to {ENDPOINT} the SDK adds /v1/traces, which stands there already"


def protocol(unit: Unit) -> str:
    """grpc or http."""
    text, _ = value(unit, *PROTOCOLS)
    return "grpc" if text == "grpc" else "http"


def _authority(unit: Unit, said: ExpectedService) -> Words:
    wanted = said.environment.get(AUTHORITIES[-1], "")
    text, mark = value(unit, *AUTHORITIES)
    if not wanted or text == wanted or not value(unit, TRACES_ENDPOINT, ENDPOINT)[0].startswith("https"):
        return
    if not text and AUTHORITIES[-1] not in unit.environment:
        yield mark, f"{AUTHORITIES[-1]} is not set: no public authority knows the collector's certificate"
    elif text and unit.mount_of(text) is None:
        yield mark, f"{text}, the certificate of the authority, is mounted nowhere in {unit.name}"


def _headers(unit: Unit, said: ExpectedService) -> Words:
    """Values are percent-encoded (W3C baggage): what decodes them may read a plus as a space."""
    text, mark = value(unit, *HEADERS)
    for pair in text.split(",") if text else ():
        name, sign, content = pair.partition("=")
        if not sign:
            yield mark, "a header without '=': SDKs drop what they cannot read"
        elif "+" in content:
            words = f"the header {name.strip()} has a '+' that is not escaped (%2B): some SDKs send a blank for it"
            yield mark, words
        elif re.search(r"%(?![0-9A-Fa-f]{2})", content):
            yield mark, f"the header {name.strip()} has a '%' that escapes nothing (%25 is a percent sign)"


def _proxy(unit: Unit, said: ExpectedService) -> Words:
    endpoint, _ = value(unit, TRACES_ENDPOINT, ENDPOINT)
    parts = urlsplit(endpoint)
    yield from proxied(unit, parts.hostname or "", secure=parts.scheme == "https")


def proxied(unit: Unit, host: str, *, secure: bool) -> Words:
    """A proxy that a container's requests to a host go to, though it stands in none of its exceptions."""
    names = ("HTTPS_PROXY", "https_proxy") if secure else ("HTTP_PROXY", "http_proxy")
    proxy, mark = value(unit, *names, "ALL_PROXY", "all_proxy")
    exempt, _ = value(unit, "NO_PROXY", "no_proxy")
    listed = [each.strip().lstrip(".*") for each in exempt.split(",") if each.strip()]
    # "*" is left as an empty name, and exempts all.
    free = exempt.strip() == "*" or any(host == each or host.endswith(f".{each}") for each in listed if each)
    if proxy and host and "." not in host and not free:
        yield mark, f"spans for {host} go to the proxy {_without_password(proxy)}: NO_PROXY does not name {host}"


def _agents(unit: Unit, said: ExpectedService) -> Words:
    found: list[tuple[str, Mark]] = []
    for name in _OPTIONS:
        text, mark = unit.environment.get(name, (None, unit.mark))
        for agent, pattern in _AGENTS.items():
            found += [(agent, mark)] * len(re.findall(pattern, text or ""))
    for agent, pattern in _AGENTS.items():
        found += [(agent, unit.mark)] * len(re.findall(pattern, unit.command))
    injected = [
        (key, mark)
        for key, (text, mark) in unit.annotations.items()
        if key.startswith("instrumentation.opentelemetry.io/inject-") and text != "false"
    ]
    if injected and said.instrumentation == "sdk":
        yield (
            injected[0][1],
            f"{injected[0][0]} adds an agent to a service that has its stub: every span is made twice",
        )
    elif len(found) + len(injected) > 1:
        names = " and ".join(each for each, _ in [*found, *injected])
        yield found[-1][1] if found else injected[-1][1], f"two agents: {names}; every span is made twice"
    elif said.instrumentation == "sdk" and found and found[0][0] in _OF_OPENTELEMETRY:
        yield found[0][1], f"{found[0][0]} is added to a service that has its stub: every span is made twice"


def _propagators(unit: Unit, said: ExpectedService, peers: dict[str, Unit], baggage: bool) -> Words:
    mine, mark = value(unit, "OTEL_PROPAGATORS")
    if not mine or mine == said.environment.get("OTEL_PROPAGATORS"):
        return  # who differs from the spec is to blame, not who follows it
    formats = _listed(mine) - {"baggage", "none"}
    if not formats:
        yield mark, f"OTEL_PROPAGATORS={mine} passes no trace on"
    for name, peer in peers.items():
        theirs, _ = value(peer, "OTEL_PROPAGATORS")
        if formats and theirs and not formats & _listed(theirs):
            yield mark, f"OTEL_PROPAGATORS={mine}, and {name} has {theirs}: traces break between them"
            return
    if baggage and "baggage" not in _listed(mine):
        yield mark, f"OTEL_PROPAGATORS={mine} lacks baggage, which the spec copies onto spans"


def _tenant(unit: Unit, said: ExpectedService) -> Words:
    text, mark = value(unit, "OTEL_RESOURCE_ATTRIBUTES")
    wanted = _attribute(said.environment.get("OTEL_RESOURCE_ATTRIBUTES", ""), "tenant.id")
    if wanted and text and _attribute(text, "tenant.id") != wanted:
        yield mark, f"tenant.id is {_attribute(text, 'tenant.id')!r}; the spec has {wanted!r}"


def resource(unit: Unit) -> dict[str, str]:
    """The attributes of its resource, as its SDK reads them."""
    name, attributes = value(unit, "OTEL_SERVICE_NAME")[0], value(unit, "OTEL_RESOURCE_ATTRIBUTES")[0]
    return {**_attributes(attributes), **({"service.name": name} if name else {})}


def headers(unit: Unit) -> dict[str, str]:
    """The headers that its SDK sends, as far as they are known."""
    return {key.lower(): content for key, content in _attributes(value(unit, *HEADERS)[0]).items()}


def _attribute(text: str, name: str) -> str:
    return _attributes(text).get(name, "")


def _attributes(text: str) -> dict[str, str]:
    pairs = (each.strip().split("=", 1) for each in text.split(",") if "=" in each)
    return {key: unquote(content) for key, content in pairs}


def _listed(text: str) -> set[str]:
    return {each.strip() for each in text.split(",") if each.strip()}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


def _without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//", url)
