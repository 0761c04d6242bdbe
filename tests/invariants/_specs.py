"""Specs for the matrix: each pair of choices that are valid together and rendered is in one of them.

A dimension is a list of choices; a choice is a patch (RFC 7396) over the smallest spec, and the first says
nothing. A choice or pair that `check` refuses, or that is not rendered yet (TG901), is left out by itself: what a
later version renders comes in without a change here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from io import BytesIO
from itertools import combinations, product
from typing import Any

from patches import merged
from tracegen.catalogue import Catalogue, StoragePack, catalogue
from tracegen.checking import Checked, check
from tracegen.compiler import Rendered, build
from tracegen.problems import ProblemsFound, Severity
from tracegen.source.files import Document, load

Patch = Mapping[str, Any]
#: A dimension and a choice in it, both as numbers.
Choice = tuple[int, int]
#: The number of a choice in each dimension; 0 says nothing.
Assignment = tuple[int, ...]

NOT_RENDERED = "TG901"

SMALLEST: Patch = {
    "tracegen": 1,
    "name": "shop",
    "targets": ["compose"],
    "backend": {"type": "jaeger"},
    "services": {
        # Languages whose services can do everything, remote sampling too.
        "api": {"language": "node", "calls": ["web", "ledger"], "env": {"LOG_LEVEL": "info"}},
        "web": {"language": "go", "image": "ghcr.io/acme/web:1.4", "port": 9090},
        "ledger": {"language": "java", "attributes": {"team": "back office"}},
    },
}

_LOGIN = {"username": "jaeger", "password": {"env": "STORE_PASSWORD"}}
_SEARCH = {"url": "https://search.example.com:9200", **_LOGIN, "tls": {"ca": "certs/search.pem"}}
_SERVERS: Mapping[str, Patch] = {
    "elasticsearch": {**_SEARCH, "index_prefix": "shop", "manage": False},
    "opensearch": _SEARCH,
    "cassandra": {"servers": ["cassandra.example.com:9042"], **_LOGIN},
    "clickhouse": {"servers": ["clickhouse.example.com:9000"], **_LOGIN},
    "s3": {
        "bucket": "traces",
        "endpoint": "https://s3.example.com",
        "access_key": {"env": "S3_KEY"},
        "secret_key": {"env": "S3_SECRET"},
    },
    "gcs": {"bucket": "traces", "credentials": {"file": "secrets/gcs.json"}},
    "azure": {"account": "acmetraces", "container": "traces", "key": {"env": "AZURE_KEY"}},
}
_EXTERNAL = {
    "endpoint": "https://otlp.example.com",
    "headers": {"x-api-key": {"env": "VENDOR_KEY"}, "x-team": "shop"},
}
_CERTIFICATES = {
    "enabled": True,
    "ca": {"file": "certs/ca.pem"},
    "cert": {"file": "certs/tls.crt"},
    "key": {"file": "certs/tls.key"},
}
_CERT_MANAGER = {"enabled": True, "cert_manager": {"issuer": "company-ca"}}
_BASIC = {"basic": {"username": "shop", "password": {"env": "INGEST_PASSWORD"}}}
_BEARER = {"bearer": {"secret": {"name": "ingest", "key": "token"}}}
_LOGIN_PAGE = {
    "issuer": "https://login.example.com",
    "client_id": "traces",
    "client_secret": {"env": "LOGIN_CLIENT_SECRET"},
    "cookie_secret": {"env": "LOGIN_COOKIE_SECRET"},
}
_KAFKA = {
    "brokers": ["kafka-0.example.com:9092", "kafka-1.example.com:9092"],
    "sasl": {"mechanism": "SCRAM-SHA-512", "username": "traces", "password": {"env": "KAFKA_PASSWORD"}},
}
_KEEP = ["errors", {"slower_than": "1s"}, {"ratio": 0.05}]
_ACCEPT = {"accept": {"TG401": "half of the traces is meant so"}}


#: What the spec says of pods, by the keys of `kubernetes`.
_PODS = {
    "service_account": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/traces"}},
    "image_pull_secrets": ["mirror"],
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "node_selector": {"pool": "platform"},
    "priority_class": "platform",
    "annotations": {"sidecar.istio.io/inject": "false"},
    "labels": {"cost-center": "platform"},
}


def _services(**patch: Any) -> Patch:
    return {"services": dict.fromkeys(SMALLEST["services"], patch)}


def _head(**head: Any) -> Patch:
    return {"sampling": {"head": head}}


def stores(packs: Catalogue) -> Iterator[Patch]:
    """Each backend with each mode and storage that fit, run by tracegen and by somebody else."""
    for backend, pack in packs.backends.items():
        if not pack.modes:
            yield {"backend": {"type": backend, **_EXTERNAL}}
            yield {"backend": {"type": backend, "endpoint": "otlp.example.com:4317", "protocol": "grpc"}}
        for mode, storage in product(pack.modes, packs.storages_of(backend)):
            if mode in packs.storages[storage].modes:
                for options in _servers(packs.storages[storage]):
                    yield {"backend": {"type": backend, "mode": mode, "storage": {"type": storage, **options}}}


def _servers(storage: StoragePack) -> Iterator[Patch]:
    if not storage.options.get("required"):
        yield {}
    if storage.name in _SERVERS:
        yield _SERVERS[storage.name]


def _cluster(**said: Any) -> Patch:
    return {"targets": ["compose", "kubernetes"], "kubernetes": said}


#: Three choices at once that were wrong although each two were right.
ALSO: tuple[Patch, ...] = (
    {"collector": {"replicas": 2, "queue": "memory"}, "compose": {"publish": ["otlp"]}},
    {"collector": {"topology": "none"}, "compose": {"publish": ["all"], "bind": "::1"}, "targets": ["compose"]},
)


def dimensions() -> dict[str, list[Patch]]:
    """The choices by dimension, the one that says nothing first."""
    return {
        "store": [{}, *stores(catalogue())],
        "retention": [{}, {"backend": {"retention": "2d"}}],
        "kafka": [{}, {"backend": {"kafka": _KAFKA}}],
        "tenants": [{}, {"backend": {"tenants": ["red", {"name": "blue"}]}, **_services(tenant="blue")}],
        "topology": [{}, *({"collector": {"topology": each}} for each in ("none", "agent", "agent+gateway"))],
        "replicas": [{}, {"collector": {"replicas": 2}}],
        "queue": [{}, {"collector": {"queue": "memory"}}, {"collector": {"queue": {"size": "512Mi"}}}],
        "receivers": [{}, {"collector": {"receivers": ["otlp", "jaeger", "zipkin"]}}],
        "redact": [{}, {"collector": {"redact": {"keys": ["user.email"], "patterns": ["credit_card", _ORDER]}}}],
        "also": [{}, {"collector": {"also": [{"name": "vendor", **_EXTERNAL}]}}],
        "sampling": [
            {},
            _head(type="always_off"),
            _head(type="ratio", ratio=0.25),
            _head(type="rate_limit", traces_per_second=10),
            _head(type="remote", default={"ratio": 0.1}),
            {"sampling": {"tail": {"keep": _KEEP}}},
            {"sampling": {"head": {"type": "ratio", "ratio": 0.5}, "tail": {"keep": _KEEP}}, **_ACCEPT},
        ],
        "security": [
            {},
            {"security": {"tls": _CERTIFICATES}},
            {"security": {"ingest_auth": _BASIC}},
            {"security": {"ingest_auth": _BEARER}},
            {"security": {"tls": _CERTIFICATES, "ingest_auth": _BASIC}},
            {
                "security": {"tls": {"enabled": True, "cert_manager": {"issuer": "company-ca"}}},
                "targets": ["kubernetes"],
            },
        ],
        "targets": [{}, {"targets": []}, {"targets": ["kubernetes"]}, {"targets": ["compose", "kubernetes"]}],
        "publish": [{}, *({"compose": {"publish": each}} for each in ([], ["otlp"], ["ui", "otlp"], ["all"]))],
        "bind": [{}, {"compose": {"bind": "0.0.0.0"}}, {"compose": {"bind": "::1"}}],
        "cluster": [
            {},
            _cluster(network_policies="strict", pod_security="baseline"),
            _cluster(network_policies="none", namespace="tracing", create_namespace=False),
            _cluster(ingress={"host": "traces.example.com", "class": "nginx", "tls_secret": "traces-tls"}),
            _cluster(ingress={"host": "traces.example.com", "gateway": {"name": "public", "namespace": "gateways"}}),
            _cluster(ingress={"host": "traces.example.com", "tls_secret": "traces-tls", "login": _LOGIN_PAGE}),
            _cluster(storage_class="fast", external_secrets={"store": "vault"}),
            _cluster(flavor="operator"),
            _cluster(fixed_ids=False, **_PODS),
            _cluster(flavor="operator", **_PODS),
            _cluster(monitors=True, clients=[{"namespace": "monitoring"}]),
            {"targets": ["kubernetes"], "kubernetes": {"k8s_attributes": True}},
            {"targets": ["kubernetes"], "kubernetes": {"k8s_attributes": True, "flavor": "operator"}},
        ],
        "metrics": [{}, {"metrics": True}, {"metrics": True, "slos": [{"service": "api", "availability": 99.9}]}],
        "baggage": [
            {},
            {"baggage": {"to_attributes": ["customer.tier"]}, "propagators": ["tracecontext", "baggage"]},
        ],
        "registry": [{}, {"registry": "registry.example.com:5000/mirror"}],
        "services": [
            {},
            _services(replicas=2),
            _services(traffic={"requests_per_second": 5000}, resources={"memory": "768Mi"}),
            _services(env={"TOKEN": {"env": "API_TOKEN"}, "KEY": {"secret": {"name": "api", "key": "key"}}}),
            _services(env={"PRICE": "5$ ${HOME} $$x", "QUOTES": "a'b\"c # d", "OTEL_BSP_SCHEDULE_DELAY": "100"}),
            _services(env={"CA": {"file": "secrets/ca.pem"}}),
            {"services": {"web": {"deploy": False}}},
        ],
        "environment": [{}, {"environments": {"prod": {"attributes": {"team": "a,b=c"}}}}],
    }


_ORDER = {"name": "order", "regex": "ORD-[0-9]{8}\\b$"}


def read(text: str) -> tuple[Document, Checked]:
    """A spec as text (JSON is YAML), checked with all its environments. Raises ProblemsFound."""
    document = load("-", BytesIO(text.encode()))
    return document, check(document, catalogue())


def compile_spec(spec: Patch) -> Rendered:
    """The spec compiled, with its environment if it has one. Raises ProblemsFound."""
    document, checked = read(json.dumps(spec))
    return build(document, list(checked.settings.values())[-1], catalogue())


@cache
def refusal(text: str) -> str:
    """The code for which a spec is no part of the matrix: an error's, or `NOT_RENDERED`; empty when there is none."""
    try:
        _, checked = read(text)
    except ProblemsFound as error:
        return next(each.code.id for each in error.problems if each.severity is Severity.ERROR)
    return NOT_RENDERED if any(each.code.id == NOT_RENDERED for each in checked.problems) else ""


@dataclass(frozen=True)
class Space:
    """All specs that the dimensions come to."""

    dimensions: Mapping[str, list[Patch]]

    @cached_property
    def choices(self) -> list[Choice]:
        """Every choice of every dimension."""
        sizes = [len(each) for each in self.dimensions.values()]
        return [(dimension, choice) for dimension, size in enumerate(sizes) for choice in range(size)]

    def patch(self, assignment: Assignment) -> Patch:
        """What an assignment says beyond the smallest spec."""
        patches: Any = {}
        for choices, choice in zip(self.dimensions.values(), assignment, strict=True):
            patches = merged(patches, choices[choice])
        return dict(patches)

    def spec(self, assignment: Assignment) -> Patch:
        """The whole spec of an assignment."""
        return dict(merged(SMALLEST, self.patch(assignment)))

    def refusal(self, *choices: Choice) -> str:
        """Why choices cannot stand together, nothing else said; empty when they can."""
        return refusal(json.dumps(self.spec(self.assignment(*choices))))

    def assignment(self, *choices: Choice) -> Assignment:
        """These choices, the last of a dimension winning, and nothing said elsewhere."""
        chosen = dict(choices)
        return tuple(chosen.get(dimension, 0) for dimension in range(len(self.dimensions)))

    @cached_property
    def company(self) -> Mapping[Choice, tuple[Choice, ...]]:
        """The choices that can be made, each with what it needs beside it: nothing, or one other choice."""
        found: dict[Choice, tuple[Choice, ...]] = {}
        for choice in self.choices:
            for others in ((), *((each,) for each in self.choices if each[0] != choice[0])):
                if not self.refusal(*others, choice):
                    found[choice] = others
                    break
        return found

    @cached_property
    def pairs(self) -> frozenset[tuple[Choice, Choice]]:
        """All pairs that can stand together, each with its company."""
        return frozenset(
            (one, other)
            for one, other in combinations(self.company, 2)
            if one[0] != other[0] and not self.refusal(*self.company[one], *self.company[other], one, other)
        )

    def cover(self) -> list[Assignment]:
        """Assignments in which each of the pairs stands."""
        missing, found = set(self.pairs), []
        while missing:
            assignment = self._grown(min(missing), missing)
            found.append(assignment)
            missing -= set(combinations(enumerate(assignment), 2))
        return found

    def _grown(self, pair: tuple[Choice, Choice], missing: set[tuple[Choice, Choice]]) -> Assignment:
        """The pair with its company, and one choice after the other that makes up the most missing pairs."""
        hopeful = self._add(pair, missing, careful=False)
        return self._add(pair, missing, careful=True) if self.refusal(*enumerate(hopeful)) else hopeful

    def _add(self, pair: tuple[Choice, Choice], missing: set[tuple[Choice, Choice]], careful: bool) -> Assignment:
        """`careful` checks after each choice that all go together; pairs that do may still not as three."""
        taken = dict((*self.company[pair[0]], *self.company[pair[1]], *pair))
        waiting = set(self.company)
        while waiting:
            waiting = {choice for choice in waiting if self._goes_with(choice, taken)}
            best = min(waiting, key=lambda each: (-self._gain(each, taken, missing), each), default=None)
            if best is not None:
                waiting.discard(best)
                if not careful or not self.refusal(*taken.items(), best):
                    taken[best[0]] = best[1]
        return self.assignment(*taken.items())

    def _gain(self, choice: Choice, taken: dict[int, int], missing: set[tuple[Choice, Choice]]) -> int:
        return sum(_ordered(choice, each) in missing for each in taken.items())

    def _goes_with(self, choice: Choice, taken: dict[int, int]) -> bool:
        return choice[0] not in taken and all(_ordered(choice, each) in self.pairs for each in taken.items())


def _ordered(one: Choice, other: Choice) -> tuple[Choice, Choice]:
    return (one, other) if one < other else (other, one)
