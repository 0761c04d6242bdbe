"""What people write out of habit: names from elsewhere, placeholders, YAML that is not laid out as they mean."""

import re
from collections.abc import Iterable, Mapping

from tracegen.source.node import Path, dotted
from tracegen.spec.complaints.context import Context
from tracegen.spec.schema import property_schema, resolve, schema
from tracegen.spec.wording import either

#: Other words for what a spec calls by one name; each counts where that name is a choice.
ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("javascript", "typescript", "js", "ts", "nodejs", "node.js", "deno", "bun"), "node"),
    **dict.fromkeys(("golang", "go-lang"), "go"),
    **dict.fromkeys(("c#", "csharp", "cs", "f#", "fsharp", ".net", "net", "aspnet", "asp.net"), "dotnet"),
    **dict.fromkeys(("kotlin", "scala", "jvm", "groovy", "clojure"), "java"),
    **dict.fromkeys(("py", "python3"), "python"),
    **dict.fromkeys(("rb", "rails"), "ruby"),
    **dict.fromkeys(("c", "c++", "cpp", "elixir", "erlang", "swift", "nginx"), "other"),
    **dict.fromkeys(("otlp", "otel", "vendor", "saas", "honeycomb", "datadog", "newrelic", "dynatrace"), "external"),
    **dict.fromkeys(("probabilistic", "traceidratio", "parentbased_traceidratio", "percentage"), "ratio"),
    **dict.fromkeys(("ratelimiting", "ratelimited", "rate_limiting", "rate-limit"), "rate_limit"),
    **dict.fromkeys(("const", "always", "parentbased_always_on"), "always_on"),
    **dict.fromkeys(("never", "parentbased_always_off"), "always_off"),
    **dict.fromkeys(("k8s", "kube", "helm"), "kubernetes"),
    **dict.fromkeys(("docker", "docker-compose", "docker_compose"), "compose"),
    **dict.fromkeys(("tracecontext,baggage", "w3c", "traceparent"), "tracecontext"),
}
_ZIPKIN = "Zipkin is no backend here: say collector.receivers: [zipkin], and its clients need no change"

_GLUED = re.compile(r"[\w.-]+:(?!//)\S")


def alias_of(word: str, choices: Iterable[str]) -> str:
    """A hint with the choice that a word from elsewhere means, or an empty text."""
    known = set(choices)
    if word.lower() == "zipkin" and "tempo" in known:
        return _ZIPKIN
    meant = ALIASES.get(word.lower(), "")
    return f"say {meant}" if meant in known else ""


def placeholder(text: str) -> str:
    """A hint for a text with `${…}`, which nothing fills in, or an empty text."""
    if "${" not in text:
        return ""
    return "`${…}` is not expanded in a spec: write the value; where a reference fits, {env: NAME}"


def glued(text: str) -> str:
    """A hint for `key:value` where a key was meant, or an empty text."""
    if not _GLUED.match(text):
        return ""
    return f"a space is missing after the colon: write `{text.partition(':')[0]}: …`"


def under_its_name(path: Path, context: Context) -> str:
    """A hint for a key that stands beside the name it belongs to, as `language` beside `api`, or an empty text."""
    parent = context.schema_at(path[:-1])
    below = parent.get("additionalProperties")
    if not path or not isinstance(below, Mapping) or path[-1] in parent.get("properties", {}):
        return ""
    if property_schema(dict(below), str(path[-1]), None) is None:
        return ""
    return f"indent it: it belongs below a name in {dotted(path[:-1])}"


def section_of(key: str, value: object) -> str:
    """A hint for a key at the top of a spec that belongs further down, or an empty text."""
    if isinstance(value, Mapping) and "language" in value:
        return "if it is a service, indent it below services"
    sections = [
        name
        for name, each in schema()["properties"].items()
        if name not in ("environments", "service_defaults") and key in resolve(each).get("properties", {})
    ]
    return f"indent it: it belongs below {either(sections)}" if 0 < len(sections) < 4 else ""
