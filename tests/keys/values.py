"""Values for a key: found from its schema, or, where only its meaning tells, from a table here."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from invariants._specs import stores
from keys.outcome import Spec, outcome
from keys.walk import ITEM, Key, Path
from patches import merged
from tracegen.catalogue import catalogue
from tracegen.spec.schema import Schema, resolve

#: The spec that every key is tried in: its services can do all that any service can.
SMALLEST: Mapping[str, Any] = {
    "tracegen": 1,
    "name": "shop",
    "targets": ["compose"],
    "backend": {"type": "jaeger"},
    "services": {"api": {"language": "node"}, "web": {"language": "go"}},
}

_S3 = {"backend": {"storage": {"type": "s3", "bucket": "traces", "region": "eu-central-1"}}}
_TEAMS = {"backend": {"type": "tempo", "tenants": [{"name": "red"}, {"name": "blue"}]}}
_CA, _CERT, _KEY = {"ca": {"file": "ca.pem"}}, {"cert": {"file": "tls.crt"}}, {"key": {"file": "tls.key"}}
_KEEP = ["errors", {"slower_than": "1s"}, {"attribute": {"key": "customer.tier", "values": ["gold"]}}]
_TAIL = {"sampling": {"tail": {"keep": _KEEP}}, "metrics": True}
_LOGIN = {
    "targets": ["kubernetes"],
    "kubernetes": {
        "ingress": {
            "host": "traces.example.com",
            "login": {
                "issuer": "https://login.example.com",
                "client_id": "traces",
                "client_secret": {"env": "LOGIN_CLIENT"},
                "cookie_secret": {"env": "LOGIN_COOKIE"},
            },
        }
    },
}
_REMOTE = {"head": {"type": "remote"}}

#: What a key needs beside it that the schema does not say: a pattern of ids, and a patch (RFC 7396).
CONTEXT: tuple[tuple[str, Mapping[str, Any]], ...] = (
    *(
        (rf"service_defaults<{name}>\.libraries", {"services": {each: {"language": name} for each in ("api", "web")}})
        for name in ("rust", "dotnet")
    ),
    (r"service_defaults\.language", {"services": {"api": {"language": None}}}),
    (r"service_defaults<\w+>\.framework", {"services": {"api": {"language": None}, "web": {"framework": "grpc"}}}),
    (r"backend<jaeger>\.(mode|roles|kafka).*", {"backend": {"storage": {"type": "elasticsearch"}}}),
    (r"backend<tempo>\.(mode|roles|kafka).*", _S3),
    (
        r"backend<tempo>\.kafka\.sasl\.(?!mechanism).*",
        {"backend": {"kafka": {"brokers": ["kafka:9092"], "sasl": {"mechanism": "PLAIN"}}}},
    ),
    (r".*<\w+search>\.(username|password|tls|manage).*", {"backend": {"storage": {"url": "https://search:9200"}}}),
    (
        r".*<(cassandra|clickhouse)>\.(username|password|tls|manage).*",
        {"backend": {"storage": {"servers": ["store"]}}},
    ),
    (r".*>\.username.*", {"backend": {"storage": {"password": {"env": "PASSWORD"}}}}),
    (r".*>\.password.*", {"backend": {"storage": {"username": "jaeger"}}}),
    (r".*<s3>\.(?!size).*", _S3),
    (r".*<s3>\.tls.*", {"backend": {"storage": {"endpoint": "https://s3.example.com"}}}),
    (r".*<s3>\.access_key.*", {"backend": {"storage": {"secret_key": {"env": "S3_SECRET"}}}}),
    (r".*<s3>\.secret_key.*", {"backend": {"storage": {"access_key": {"env": "S3_KEY"}}}}),
    (r"backend<external>\.protocol", {"backend": {"endpoint": "https://otlp.example.com:4317"}}),
    (r"collector\.also\+\.protocol", {"collector": {"also": [{"name": "b", "endpoint": "https://otlp:4317"}]}}),
    (
        r".*\.calls\+\..*",
        {"services": {"payment": {"language": "go"}}, "baggage": {"to_attributes": ["customer.tier"]}},
    ),
    (r"slos.*", {"metrics": True}),
    (r"slos\+\.service", {"slos": [{"service": "api", "availability": 99.9}]}),
    (r"slos\+\.availability", {"slos": [{"service": "api"}]}),
    (r"slos\+\.latency.*", {"slos": [{"service": "api", "latency": {"threshold": "1s", "objective": 98}}]}),
    (r".*\.tenant", _TEAMS),
    (r"service_defaults\.stub", {"services": {"web": {"stub": "apps/web"}}}),
    (r"sampling\.operations.*", {"sampling": _REMOTE}),
    (r".*\.traffic\.(spans_per_trace|errors|slow|tagged)", _TAIL),
    (r"services\.api\.traffic\..*", {"services": {"api": {"traffic": {"requests_per_second": 4000}}}}),
    (r"service_defaults\.traffic\..*", {"service_defaults": {"traffic": {"requests_per_second": 4000}}}),
    (r"services\.api\.sampling\.operations.*", {"services": {"api": {"sampling": _REMOTE}}}),
    (r"service_defaults\.sampling\.operations.*", {"service_defaults": {"sampling": _REMOTE}}),
    (r"accept\..*", {"sampling": {"head": {"type": "ratio", "ratio": 0.5}, "tail": {"keep": ["errors"]}}}),
    (r"security\.tls\.ca\..*", {"security": {"tls": {**_CERT, **_KEY}}}),
    (r"security\.tls\.cert\..*", {"security": {"tls": {**_CA, **_KEY}}}),
    (r"security\.tls\.key\..*", {"security": {"tls": {**_CA, **_CERT}}}),
    (r"security\.tls\.cert_manager.*", {"targets": ["kubernetes"]}),
    (r"versions\.cassandra", {"backend": {"storage": "cassandra"}}),
    (r"versions\.clickhouse", {"backend": {"storage": "clickhouse"}}),
    (r"kubernetes\..*", {"targets": ["kubernetes"]}),
    (r"backend<jaeger>\.replicas", {"backend": {"storage": "opensearch"}}),
    (r"kubernetes\.clients.*", {"kubernetes": {"clients": [{"namespace": "monitoring"}]}}),
    (r"kubernetes\.ingress\..*", {"kubernetes": {"ingress": {"host": "traces.example.com"}}}),
    (r"kubernetes\.external_secrets.*", {"services": {"api": {"env": {"TOKEN": {"env": "TOKEN"}}}}}),
    (r"(services\.api|service_defaults)\.kubernetes.*", {"targets": ["kubernetes"]}),
    (r"compose\.publish\+\.zipkin", {"collector": {"receivers": ["otlp", "zipkin"]}}),
    (r"compose\.publish\+\.grafana", {"backend": {"type": "tempo"}}),
    (r"compose\.folder", {"services": {"api": {"deploy": False}}}),
    (r"services\.api\.workload.*", {"targets": ["kubernetes"], "services": {"api": {"deploy": False}}}),
    (r"services\.api\.workload\..*", {"services": {"api": {"workload": {"name": "prod-api"}}}}),
    (r"service_defaults\.workload.*", {"targets": ["kubernetes"], "service_defaults": {"deploy": False}}),
    (r"service_defaults\.workload\..*", {"service_defaults": {"workload": {"name": "prod-api"}}}),
    (r"versions\.oauth2-proxy", _LOGIN),
    (r"kubernetes\.ingress\.login\..*", _LOGIN),
    (
        r"kubernetes\.ingress\.login\.client_secret\.(secret|file).*",
        {"kubernetes": {"ingress": {"login": {"client_secret": {"env": None}}}}},
    ),
    (
        r"kubernetes\.ingress\.login\.cookie_secret\.(secret|file).*",
        {"kubernetes": {"ingress": {"login": {"cookie_secret": {"env": None}}}}},
    ),
    (r"backend.*>\.size", {"targets": ["compose", "kubernetes"]}),  # Compose has no sizes of volumes
)

#: Values that the schema cannot tell: names of other things in the spec, and mappings of any content.
MORE: tuple[tuple[str, list[Any]], ...] = (
    (r".*\.calls", [["web"]]),
    (r".*\.calls\+\.service", ["web"]),
    (r"slos\+\.service", ["api", "web"]),
    (r".*\.tenant", ["red", "blue"]),
    (r"include", [["teams/*.yaml"]]),
    (r"backend<\w+>\.tenants", [["red"], ["red", "blue"]]),
    (r"accept\..*", ["half of the traces is meant so"]),
    (r"overrides\..*", [{"name": "other"}]),
    (r"compose\.publish", [["ui"], ["otlp"], ["zipkin"], ["jaeger"], ["grafana"], ["all"]]),
    (r"tracegen", [2]),
)

#: Keys that no two values fit with the same beside them: what is said together with each value.
TOGETHER: Mapping[str, list[Mapping[str, Any]]] = {
    "targets": [{"targets": each} for each in (["compose"], [], ["kubernetes"], ["compose", "kubernetes"])],
    "security.tls.enabled": [
        {"security": {"tls": {"enabled": False}}},
        {"security": {"tls": {"enabled": True, **_CA, **_CERT, **_KEY}}},
    ],
}

#: Keys of which each use, or each change, is an error: the pattern of ids, and the code.
ONLY_ERRORS: tuple[tuple[str, str], ...] = (
    (r"tracegen", "TG113"),
    (r"backend<jaeger>\.tenants.*", "TG320"),
    (r".*sampling\.head\.(strategies|target_per_second)", "TG413"),
    (r".*sampling\.operations\..*\.traces_per_second", "TG416"),
    (r"accept\.TG401", "TG401"),
    (r"backend.*>\.username\.file", "TG341"),
    (r"backend.*<(cassandra|clickhouse)>\.password\.file", "TG341"),
    (r"backend.*<s3>\.(access|secret)_key\.file", "TG341"),
    (r"backend.*<azure>\.key\.file", "TG341"),
    (r"backend.*\.kafka\.sasl\.(username|password)\.file", "TG341"),
    (r"backend<tempo>\.kafka\.(tls.*|sasl\.mechanism)", "TG351"),
    (r".*\.headers\.[^.]+\.file", "TG341"),
    (r"security\.ingest_auth\..*\.file", "TG341"),
    (r"kubernetes\.ingress\.login\..*\.file", "TG341"),
)

ABSENT = object()


def specs(key: Key, base: Mapping[str, Any] = SMALLEST) -> list[Spec]:
    """A spec without the key, and with each of its values; not all have to be valid."""
    if key.id in TOGETHER:
        return [merged(base, patch) for patch in TOGETHER[key.id]]
    context: Any = deepcopy(base)
    for each in key.beside:
        if not each.any_value or value_at(context, each.path) is None:
            _set(context, each.path, each.value)
    for pattern, patch in CONTEXT:
        if re.fullmatch(pattern, key.id):
            context = merged(context, patch)
    if key.path[0] == "versions":
        context = merged(context, system_with(str(key.path[1])))
    return [spec_with(context, key.path, value) for value in [ABSENT, *_values(key)]]


def system_with(image: str) -> Mapping[str, Any]:
    """What to say so that an image is run, or built from, if anything does it: a store, metrics, or an example."""
    wanted = catalogue().images[image].reference
    for patch in ({}, *stores(catalogue()), {"metrics": True}, *_examples(), *_injected()):
        if any(wanted in str(value) for value in outcome(merged(SMALLEST, patch)).data.values()):
            return patch
    return {}


def _injected() -> Iterator[Mapping[str, Any]]:
    """Services into which the OpenTelemetry Operator puts an agent."""
    for pack in catalogue().languages.values():
        if pack.operator_agent:
            api: dict[str, Any] = {"language": pack.name, "image": "ghcr.io/acme/api:1", "instrumentation": "auto"}
            if pack.operator_agent.variable:
                api["env"] = {pack.operator_agent.variable: "/app/api"}
            yield {"targets": ["kubernetes"], "kubernetes": {"flavor": "operator"}, "services": {"api": api}}


def _examples() -> Iterator[Mapping[str, Any]]:
    for pack in catalogue().languages.values():
        for framework in pack.frameworks or [None]:
            yield {"services": {"api": {"language": pack.name, "framework": framework}}}


def spec_with(context: Spec, path: Path, value: Any) -> Spec:
    """A copy of a spec in which a value stands at a path."""
    spec = deepcopy(context)
    if value is not ABSENT:
        _set(spec, path, value)
    else:
        _remove(spec, path)
    return spec


def only_error(key: Key) -> str:
    """The code that is all that a key can come to, or nothing."""
    return next((code for pattern, code in ONLY_ERRORS if re.fullmatch(pattern, key.id)), "")


def _set(value: Any, path: Path, new: Any) -> None:
    *parents, last = path
    for part, following in zip(parents, path[1:], strict=True):
        empty: Any = [] if following == ITEM else {}
        if part == ITEM:
            value[:1] = value[:1] if value and isinstance(value[0], type(empty)) else [empty]
        elif not isinstance(value.get(part), list if following == ITEM else dict):
            value[part] = empty  # also where a lone scalar stood, as in `storage: badger`
        value = value[part]
    if last == ITEM:
        value[:] = [new]
    else:
        value[last] = deepcopy(new)


def value_at(spec: Any, path: Path) -> Any:
    """What a spec says at a path, or None."""
    for part in path:
        if isinstance(spec, dict):
            spec = spec.get(str(part))
        else:
            spec = spec[part] if isinstance(spec, list) and isinstance(part, int) and spec else None
    return spec


def _remove(value: Any, path: Path) -> None:
    for part in path[:-1]:
        if not (part in value if isinstance(value, dict) else part == ITEM and bool(value)):
            return
        value = value[part]
    if isinstance(value, dict):
        value.pop(path[-1], None)


def _values(key: Key) -> Iterator[Any]:
    for pattern, values in MORE:
        if re.fullmatch(pattern, key.id):
            yield from values
    yield from unique(_of_schema(key.schema))


def _of_schema(node: Schema) -> Iterator[Any]:
    """Examples, all choices, both booleans, and others near the examples."""
    examples = [*node.get("examples", []), *([node["default"]] if "default" in node else [])]
    yield from node.get("enum", [])
    if node.get("type") == "boolean":
        yield from (True, False)
    yield from examples
    if node.get("type") == "array":
        yield from _lists(resolve(node["items"]), examples)
    for example in examples:
        if isinstance(example, str):
            yield from (f"{example}2", f"1{example}", f"x{example}")
        elif isinstance(example, int | float) and not isinstance(example, bool):
            yield from (each for each in (example * 2, example * 1000, example / 2) if _is_allowed(each, node))
    if "string" in node.get("type", ()) and not examples:
        yield from ("one", "two")


def _lists(items: Schema, examples: list[Any]) -> Iterator[list[Any]]:
    yield []
    choices = items.get("enum", [])
    yield from ([choice] for choice in choices)
    yield from ([choices[0], choice] for choice in choices[1:])
    for example in examples:
        yield from ([*example[:index], *example[index + 1 :]] for index in range(len(example)))
        yield from ([f"{each}2" if isinstance(each, str) else each for each in example],)


def _is_allowed(number: float, node: Schema) -> bool:
    return number <= node.get("maximum", number) and (node.get("type") != "integer" or number == int(number))


def unique(values: Iterator[Any]) -> list[Any]:
    """Each value once, in their order."""
    found: list[Any] = []
    for value in values:
        whole = int(value) if isinstance(value, float) and value == int(value) else value
        if not any(type(each) is type(whole) and each == whole for each in found):
            found.append(whole)
    return found
