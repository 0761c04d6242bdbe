"""Faults that are planted in rendered files, one by one, and what the doctor has to say of each.

The table of docs/doctor.md is made from them.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import compiled, development_certificates, one_service
from tracegen.compiler import Rendered

GATEWAY = "collector/gateway.yaml"
COMPOSE = "compose.yaml"
OVERRIDE = "compose.override.yaml"
CHECKOUT = "services/checkout/otel.env"
TRAFFIC = {"requests_per_second": 200}
SERVICES: dict[str, Any] = {
    "frontend": {"language": "node", "image": "acme/frontend:1", "calls": ["checkout"], "traffic": TRAFFIC},
    "checkout": {"language": "python", "image": "acme/checkout:1"},
}
KEEP = ["errors", {"slower_than": "1s"}, {"attribute": {"key": "customer.tier", "values": ["gold"]}}, {"ratio": 0.05}]
PLAIN = one_service(services=SERVICES, sampling={"tail": {"decision_wait": "10s", "keep": KEEP}})
_FILES = {
    each: {"file": f"certs/{name}"} for each, name in (("ca", "ca.pem"), ("cert", "tls.crt"), ("key", "tls.key"))
}
SECURE = one_service(
    services=SERVICES,
    security={"tls": {"enabled": True, **_FILES}, "ingest_auth": {"bearer": {"env": "INGEST_TOKEN"}}},
)
SEARCH = one_service(services=SERVICES, backend={"type": "jaeger", "storage": "opensearch"})
TEMPO = one_service(
    services={
        name: {**each, "tenant": tenant}
        for (name, each), tenant in zip(SERVICES.items(), ("web", "pay"), strict=True)
    },
    backend={"type": "tempo", "storage": "local", "tenants": ["web", "pay"]},
)
TWO = one_service(services=SERVICES, collector={"replicas": 2})
CLUSTER = {**PLAIN, "targets": ["kubernetes"]}
TOKEN = "abc-token"


@dataclass(frozen=True)
class Fault:
    """A planted fault: the system, the edit, and hop, file and a part of the line that have to be named.

    `services`: who is stopped by it.
    """

    name: str
    spec: Mapping[str, Any]
    plant: Callable[[Path], None]
    hop: str
    file: str
    line: str
    services: tuple[str, ...] = ("checkout", "frontend")


def replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    """A text that stands in a file, replaced once."""

    def plant(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return plant


def append(file: str, text: str) -> Callable[[Path], None]:
    """Lines at the end of a file, which may be new."""

    def plant(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return plant


def set_in(file: str, name: str, value: str) -> Callable[[Path], None]:
    """Another value for a variable, or a new one."""

    def plant(folder: Path) -> None:
        lines = (folder / file).read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith(f"{name}=")]
        (folder / file).write_text("\n".join([*kept, f"{name}={value}", ""]), encoding="utf-8")

    return plant


def override(service: str, text: str) -> Callable[[Path], None]:
    """Keys of a service in compose.override.yaml, indented by four."""
    return append(OVERRIDE, f"services:\n  {service}:\n{text}\n")


def certificates(**how: Any) -> Callable[[Path], None]:
    """Other certificates than those that work."""

    def plant(folder: Path) -> None:
        other = folder / "other"
        other.mkdir()
        if how.get("expired"):
            expired(folder, "otel-gateway", "jaeger")
            return
        hosts = how.get("hosts", ("otel-gateway", "jaeger"))
        development_certificates(other, *hosts)
        for name in how.get("take", ("ca.pem", "tls.crt", "tls.key")):
            (other / name).replace(folder / "certs" / name)

    return plant


def expired(folder: Path, *hosts: str) -> None:
    """A certificate of the same authority that has ended."""
    names = ",".join(f"DNS:{host}" for host in hosts)
    commands = [
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout certs/tls.key -subj /CN=old "
        "-out old.csr",
        "openssl x509 -req -in old.csr -CA certs/ca.pem -CAkey certs/ca.key -set_serial 9 -days -1 "
        "-extfile names.cnf -out certs/tls.crt",
    ]
    (folder / "names.cnf").write_text(f"subjectAltName={names}\n", encoding="utf-8")
    for command in commands:
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, timeout=30)


def written(folder: Path, rendered: Rendered) -> None:
    """The files of a rendered spec, below a folder."""
    for path, content in rendered.tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def system(folder: Path, spec: Mapping[str, Any]) -> Path:
    """The files of a spec as rendered, with the variables and certificates that they need."""
    written(folder, compiled(folder, dict(spec)))
    if spec is SECURE:
        (folder / "certs").mkdir()
        development_certificates(folder / "certs", "otel-gateway", "jaeger")
        (folder / ".env").write_text(f"INGEST_TOKEN={TOKEN}\n", encoding="utf-8")
    return folder


_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_K8S_ENV = "kubernetes/configuration/services/checkout/otel.env"
_K8S_GATEWAY = "kubernetes/platform/otel-gateway"
ONE = ("checkout",)

FAULTS = [
    Fault(
        "wrong port", PLAIN, set_in(CHECKOUT, _ENDPOINT, "http://otel-gateway:4319"), "address", CHECKOUT, "4319", ONE
    ),
    Fault(
        "HTTP to gRPC's port",
        PLAIN,
        set_in(CHECKOUT, _ENDPOINT, "http://otel-gateway:4317"),
        "address",
        CHECKOUT,
        "4317",
        ONE,
    ),
    Fault(
        "gRPC to HTTP's port",
        PLAIN,
        set_in(CHECKOUT, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        "address",
        CHECKOUT,
        "grpc",
        ONE,
    ),
    Fault(
        "misspelt collector",
        PLAIN,
        set_in(CHECKOUT, _ENDPOINT, "http://otel-gatewy:4318"),
        "address",
        CHECKOUT,
        "gatewy",
        ONE,
    ),
    Fault(
        "localhost in a container",
        PLAIN,
        set_in(CHECKOUT, _ENDPOINT, "http://localhost:4318"),
        "address",
        CHECKOUT,
        "localhost",
        ONE,
    ),
    Fault(
        "no endpoint",
        PLAIN,
        replace(CHECKOUT, f"{_ENDPOINT}=http://otel-gateway:4318\n", ""),
        "environment",
        CHECKOUT,
        "",
        ONE,
    ),
    Fault(
        "/v1/traces twice",
        PLAIN,
        set_in(CHECKOUT, _ENDPOINT, "http://otel-gateway:4318/v1/traces"),
        "environment",
        CHECKOUT,
        "/v1/traces",
        ONE,
    ),
    Fault(
        "another network",
        PLAIN,
        override("checkout", "    networks: [apart]\nnetworks: {apart: {}}"),
        "address",
        OVERRIDE,
        "apart",
        ONE,
    ),
    Fault(
        "missing propagator",
        PLAIN,
        set_in(CHECKOUT, "OTEL_PROPAGATORS", "baggage"),
        "environment",
        CHECKOUT,
        "PROPAGATORS",
        ONE,
    ),
    Fault(
        "another propagator", PLAIN, set_in(CHECKOUT, "OTEL_PROPAGATORS", "b3"), "environment", CHECKOUT, "b3", ONE
    ),
    Fault(
        "sampler off",
        PLAIN,
        set_in(CHECKOUT, "OTEL_TRACES_SAMPLER", "always_off"),
        "environment",
        CHECKOUT,
        "always_off",
        ONE,
    ),
    Fault(
        "sampler at 0",
        PLAIN,
        override("checkout", "    environment: [OTEL_TRACES_SAMPLER=traceidratio, OTEL_TRACES_SAMPLER_ARG=0]"),
        "environment",
        OVERRIDE,
        "ARG=0",
        ONE,
    ),
    Fault(
        "SDK disabled",
        PLAIN,
        override("checkout", "    environment: {OTEL_SDK_DISABLED: true}"),
        "environment",
        OVERRIDE,
        "DISABLED",
        ONE,
    ),
    Fault(
        "exporter none", PLAIN, set_in(CHECKOUT, "OTEL_TRACES_EXPORTER", "none"), "environment", CHECKOUT, "none", ONE
    ),
    Fault(
        "exporter console",
        PLAIN,
        set_in(CHECKOUT, "OTEL_TRACES_EXPORTER", "console"),
        "environment",
        CHECKOUT,
        "console",
        ONE,
    ),
    Fault(
        "wrong service name",
        PLAIN,
        set_in(CHECKOUT, "OTEL_SERVICE_NAME", "chekout"),
        "environment",
        CHECKOUT,
        "chekout",
        ONE,
    ),
    Fault(
        "file of variables not given",
        PLAIN,
        replace(COMPOSE, "    env_file:\n      - ./services/checkout/otel.env\n", ""),
        "environment",
        COMPOSE,
        "checkout:",
        ONE,
    ),
    Fault(
        "file of variables gone",
        PLAIN,
        lambda folder: (folder / CHECKOUT).unlink(),
        "environment",
        COMPOSE,
        "otel.env",
        ONE,
    ),
    Fault(
        "proxy without NO_PROXY",
        PLAIN,
        override("checkout", "    environment:\n      HTTP_PROXY: http://proxy.example.com:3128"),
        "environment",
        OVERRIDE,
        "HTTP_PROXY",
        ONE,
    ),
    Fault(
        "service not in the cluster",
        CLUSTER,
        replace("kubernetes/kustomization.yaml", "  - services/checkout/deployment.yaml\n", ""),
        "environment",
        "kubernetes/kustomization.yaml",
        "",
        ONE,
    ),
    Fault(
        "service not in compose.yaml",
        PLAIN,
        replace(COMPOSE, "  checkout:\n", "  checkout-old:\n"),
        "environment",
        COMPOSE,
        "",
        ONE,
    ),
    Fault(
        "two agents",
        PLAIN,
        override(
            "checkout",
            "    environment:\n      JAVA_TOOL_OPTIONS: "
            "-javaagent:/a/opentelemetry-javaagent.jar -javaagent:/b/opentelemetry-javaagent.jar",
        ),
        "environment",
        OVERRIDE,
        "JAVA_TOOL",
        ONE,
    ),
    Fault(
        "receiver on loopback",
        PLAIN,
        replace(GATEWAY, "0.0.0.0:4318", "127.0.0.1:4318"),
        "receiver",
        GATEWAY,
        "127.0.0.1:4318",
    ),
    Fault(
        "receiver on another port",
        PLAIN,
        replace(GATEWAY, "0.0.0.0:4318", "0.0.0.0:14318"),
        "receiver",
        GATEWAY,
        "14318",
    ),
    Fault(
        "receiver not in the pipeline",
        PLAIN,
        replace(GATEWAY, "      receivers:\n        - otlp\n", "      receivers: []\n"),
        "receiver",
        GATEWAY,
        "receivers",
    ),
    Fault("no pipeline", PLAIN, replace(GATEWAY, "    traces:\n", "    logs:\n"), "receiver", GATEWAY, "pipelines"),
    Fault("no YAML", PLAIN, replace(GATEWAY, "      grpc:\n", "      grpc\n"), "receiver", GATEWAY, ""),
    Fault(
        "misspelt key",
        PLAIN,
        replace(GATEWAY, "        endpoint: 0.0.0.0:4318", "        endpont: 0.0.0.0:4318"),
        "receiver",
        GATEWAY,
        "",
    ),
    Fault(
        "configuration not mounted",
        PLAIN,
        replace(COMPOSE, "target: /etc/otelcol-contrib/config.yaml", "target: /etc/otelcol/config.yaml"),
        "receiver",
        COMPOSE,
        "command",
    ),
    Fault(
        "processor that is not there",
        PLAIN,
        replace(GATEWAY, "        - tail_sampling\n", "        - tail_samplin\n"),
        "processor",
        GATEWAY,
        "tail_samplin",
    ),
    Fault(
        "tail policy gone",
        PLAIN,
        replace(GATEWAY, "      - name: errors\n", "      - name: failures\n"),
        "processor",
        GATEWAY,
        "policies",
    ),
    Fault(
        "tail policy too narrow",
        PLAIN,
        replace(GATEWAY, "threshold_ms: 1000", "threshold_ms: 60000"),
        "processor",
        GATEWAY,
        "slower-than",
    ),
    Fault(
        "num_traces too small",
        PLAIN,
        lambda folder: _number(folder, "num_traces", 100),
        "processor",
        GATEWAY,
        "num_traces",
    ),
    Fault(
        "memory limiter too small",
        PLAIN,
        lambda folder: _number(folder, "limit_mib", 40),
        "processor",
        GATEWAY,
        "limit_mib",
    ),
    Fault(
        "memory limiter above the container",
        PLAIN,
        lambda folder: _number(folder, "limit_mib", 4096),
        "processor",
        GATEWAY,
        "limit_mib",
    ),
    Fault("a sampler is added", PLAIN, lambda folder: _sampler(folder), "processor", GATEWAY, "sampling_percentage"),
    Fault(
        "exporter endpoint misspelt",
        PLAIN,
        replace(GATEWAY, "endpoint: jaeger:4317", "endpoint: jeager:4317"),
        "exporter",
        GATEWAY,
        "jeager",
    ),
    Fault(
        "exporter to the wrong port",
        PLAIN,
        replace(GATEWAY, "endpoint: jaeger:4317", "endpoint: jaeger:16686"),
        "exporter",
        GATEWAY,
        "16686",
    ),
    Fault(
        "exporter not in the pipeline",
        PLAIN,
        replace(GATEWAY, "        - otlp_grpc/jaeger\n", "        - debug\n"),
        "exporter",
        GATEWAY,
        "debug",
    ),
    Fault(
        "container cannot write its queue",
        PLAIN,
        replace(GATEWAY, "directory: /var/lib/otelcol/queue", "directory: /data/queue"),
        "exporter",
        GATEWAY,
        "/data/queue",
    ),
    Fault(
        "queue of another user",
        PLAIN,
        override("otel-gateway", '    user: "1234:1234"'),
        "exporter",
        OVERRIDE,
        "user:",
    ),
    Fault(
        "queue without its extension",
        PLAIN,
        replace(GATEWAY, "    - file_storage\n", ""),
        "exporter",
        GATEWAY,
        "storage",
    ),
    Fault(
        "queue for ten spans",
        PLAIN,
        lambda folder: _number(folder, "queue_size", 10),
        "exporter",
        GATEWAY,
        "queue_size",
    ),
    Fault(
        "backend on loopback",
        PLAIN,
        replace("jaeger/config.yaml", "0.0.0.0:4317", "localhost:4317"),
        "backend",
        "jaeger/config.yaml",
        "localhost:4317",
    ),
    Fault(
        "backend without its receiver",
        PLAIN,
        replace("jaeger/config.yaml", "      receivers:\n        - otlp\n", "      receivers: []\n"),
        "backend",
        "jaeger/config.yaml",
        "receivers",
    ),
    Fault(
        "storage that is not there",
        PLAIN,
        replace("jaeger/config.yaml", "trace_storage: main", "trace_storage: mian"),
        "storage",
        "jaeger/config.yaml",
        "mian",
    ),
    Fault(
        "read from another storage",
        PLAIN,
        replace("jaeger/config.yaml", "      traces: main", "      traces: archive"),
        "storage",
        "jaeger/config.yaml",
        "archive",
    ),
    Fault(
        "storage that cannot be written",
        PLAIN,
        replace("jaeger/config.yaml", "keys: /badger/keys", "keys: /data/keys"),
        "storage",
        "jaeger/config.yaml",
        "/data/keys",
    ),
    Fault(
        "storage misspelt",
        SEARCH,
        replace("jaeger/config.yaml", "http://opensearch:9200", "http://opensearhc:9200"),
        "storage",
        "jaeger/config.yaml",
        "opensearhc",
    ),
    Fault(
        "no index templates",
        SEARCH,
        replace(
            "jaeger/config.yaml",
            "          write_mode: sync\n",
            "          write_mode: sync\n          create_mappings: false\n",
        ),
        "storage",
        "jaeger/config.yaml",
        "create_mappings",
    ),
    Fault(
        "guard of the receiver not started",
        SECURE,
        replace(GATEWAY, "    - bearertokenauth/ingest\n", ""),
        "receiver",
        GATEWAY,
        "extensions",
    ),
    Fault(
        "two collectors on one queue",
        TWO,
        replace(
            COMPOSE,
            "source: otel-gateway-queue-2\n        target: /var/lib/otelcol",
            "source: otel-gateway-queue-1\n        target: /var/lib/otelcol",
        ),
        "exporter",
        COMPOSE,
        "type: volume",
    ),
    Fault(
        "wrong token",
        SECURE,
        override("checkout", "    environment:\n      OTEL_EXPORTER_OTLP_HEADERS: authorization=Bearer%20other"),
        "environment",
        OVERRIDE,
        "HEADERS",
        ONE,
    ),
    Fault(
        "no token",
        SECURE,
        override("checkout", "    environment:\n      OTEL_EXPORTER_OTLP_HEADERS: x-team=shop"),
        "environment",
        OVERRIDE,
        "HEADERS",
        ONE,
    ),
    Fault(
        "token with a plus",
        SECURE,
        lambda folder: set_in(".env", "INGEST_TOKEN", "abc+def")(folder),
        "environment",
        ".env",
        "abc+def",
    ),
    Fault(
        "TLS at the sender only",
        PLAIN,
        set_in(CHECKOUT, _ENDPOINT, "https://otel-gateway:4318"),
        "address",
        CHECKOUT,
        "https",
        ONE,
    ),
    Fault(
        "TLS at the receiver only",
        SECURE,
        set_in(CHECKOUT, _ENDPOINT, "http://otel-gateway:4318"),
        "address",
        CHECKOUT,
        "http:",
        ONE,
    ),
    Fault(
        "plain text to the backend",
        SECURE,
        replace(GATEWAY, "      ca_file: /etc/tracegen/tls/ca.crt", "      insecure: true"),
        "exporter",
        GATEWAY,
        "jaeger:4317",
    ),
    Fault("expired certificate", SECURE, certificates(expired=True), "receiver", GATEWAY, "cert_file"),
    Fault(
        "certificate of another authority",
        SECURE,
        certificates(take=("tls.crt", "tls.key")),
        "receiver",
        GATEWAY,
        "cert_file",
    ),
    Fault(
        "certificate for another name",
        SECURE,
        certificates(hosts=("gateway.example.com",)),
        "receiver",
        GATEWAY,
        "cert_file",
    ),
    Fault(
        "wrong tenant header",
        TEMPO,
        replace(GATEWAY, "X-Scope-OrgID: pay", "X-Scope-OrgID: payments"),
        "exporter",
        GATEWAY,
        "payments",
        ONE,
    ),
    Fault(
        "no tenant header",
        TEMPO,
        replace(GATEWAY, "    headers:\n      X-Scope-OrgID: web\n", ""),
        "exporter",
        GATEWAY,
        "otlp_grpc/tempo-web",
        ("frontend",),
    ),
    Fault(
        "wrong tenant of a service",
        TEMPO,
        replace(CHECKOUT, "tenant.id=pay", "tenant.id=web"),
        "environment",
        CHECKOUT,
        "tenant.id",
        ONE,
    ),
    Fault(
        "NetworkPolicy closes the receiver",
        CLUSTER,
        replace(f"{_K8S_GATEWAY}/network-policy.yaml", "port: 4318", "port: 4320"),
        "address",
        f"{_K8S_GATEWAY}/network-policy.yaml",
        "ingress",
    ),
    Fault(
        "NetworkPolicy closes the way out",
        CLUSTER,
        replace(
            f"{_K8S_GATEWAY}/network-policy.yaml", "app.kubernetes.io/name: jaeger", "app.kubernetes.io/name: tempo"
        ),
        "exporter",
        f"{_K8S_GATEWAY}/network-policy.yaml",
        "egress",
    ),
    Fault(
        "Service selects nothing",
        CLUSTER,
        replace(
            f"{_K8S_GATEWAY}/service.yaml",
            "  selector:\n    app.kubernetes.io/name: otel-gateway",
            "  selector:\n    app.kubernetes.io/name: gateway",
        ),
        "address",
        f"{_K8S_GATEWAY}/service.yaml",
        "selector",
    ),
    Fault(
        "wrong port in the cluster",
        CLUSTER,
        set_in(_K8S_ENV, _ENDPOINT, "http://otel-gateway:4319"),
        "address",
        _K8S_ENV,
        "4319",
        ONE,
    ),
    Fault(
        "loopback in the cluster",
        CLUSTER,
        replace("kubernetes/configuration/collector/gateway.yaml", "0.0.0.0:4318", "127.0.0.1:4318"),
        "receiver",
        "kubernetes/configuration/collector/gateway.yaml",
        "127.0.0.1:4318",
    ),
    Fault(
        "agent injected beside the stub",
        CLUSTER,
        replace(
            "kubernetes/services/checkout/deployment.yaml",
            "    spec:\n",
            "      annotations:\n          instrumentation.opentelemetry.io/inject-python: 'true'\n    spec:\n",
        ),
        "environment",
        "kubernetes/services/checkout/deployment.yaml",
        "inject-python",
        ONE,
    ),
]


def _variable(name: str, value: str) -> Callable[[Path], None]:
    return override("checkout", f'    environment:\n      {name}: "{value}"')


def _processor(name: str, text: str) -> Callable[[Path], None]:
    """A processor that is new, behind the memory limiter."""

    def plant(folder: Path) -> None:
        replace(GATEWAY, "processors:\n", f"processors:\n  {name}: {text}\n")(folder)
        replace(GATEWAY, "        - memory_limiter\n", f"        - memory_limiter\n        - {name}\n")(folder)

    return plant


def _gone(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def _everywhere(file: str, old: str, new: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return plant


_JAEGER, _TEMPO, _ALL = "jaeger/config.yaml", "tempo/tempo.yaml", ("checkout", "frontend")
_CA = "OTEL_EXPORTER_OTLP_CERTIFICATE"
_TRUSTED = "/etc/tracegen/tls/ca.crt"
_BATCH = "{timeout: 1h}"
_FILTER = '{trace_conditions: [\'resource.attributes["service.name"] == "checkout"\']}'
#: Name, system, edit, hop, file, a part of the line, and who is stopped.
_ROWS: list[tuple[str, Mapping[str, Any], Callable[[Path], None], str, str, str, tuple[str, ...]]] = [
    ("protocol misspelt", PLAIN, set_in(CHECKOUT, "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuff"),
     "environment", CHECKOUT, "protobuff", ONE),
    ("sampler misspelt", PLAIN, set_in(CHECKOUT, "OTEL_TRACES_SAMPLER", "traceid_ratio"),
     "environment", CHECKOUT, "traceid_ratio", ONE),
    ("spans sent once an hour", PLAIN, _variable("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
     "environment", OVERRIDE, "DELAY", ONE),
    ("queue of an SDK below its batch", PLAIN, _variable("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
     "environment", OVERRIDE, "QUEUE", ONE),
    ("agent beside the stub", PLAIN,
     _variable("PYTHONPATH", "/otel/opentelemetry/instrumentation/auto_instrumentation"),
     "environment", OVERRIDE, "PYTHONPATH", ONE),
    ("service at scale 0", PLAIN, override("checkout", "    scale: 0"), "environment", OVERRIDE, "scale", ONE),
    ("token without a value", SECURE, set_in(".env", "INGEST_TOKEN", ""), "environment", ".env", "INGEST", _ALL),
    ("authority not mounted", SECURE, _variable(_CA, "/nowhere/ca.pem"), "environment", OVERRIDE, "nowhere", ONE),
    ("authority not named", SECURE, replace(CHECKOUT, f"{_CA}={_TRUSTED}\n", ""),
     "environment", CHECKOUT, "", ONE),
    ("path that nobody takes", PLAIN, set_in(CHECKOUT, _ENDPOINT, "http://otel-gateway:4318/otlp"),
     "address", CHECKOUT, "/otlp", ONE),
    ("name led elsewhere", PLAIN, override("checkout", '    extra_hosts: ["otel-gateway:127.0.0.1"]'),
     "address", OVERRIDE, "otel-gateway", ONE),
    ("no network", PLAIN, override("checkout", "    network_mode: none"), "address", OVERRIDE, "none", ONE),
    ("network of the host", PLAIN, override("checkout", "    network_mode: host"), "address", OVERRIDE, "host", ONE),
    ("another namespace", CLUSTER, set_in(_K8S_ENV, _ENDPOINT, "http://otel-gateway.other.svc:4318"),
     "address", _K8S_ENV, "other", ONE),
    ("collector of a profile", PLAIN, override("otel-gateway", "    profiles: [debug]"),
     "receiver", OVERRIDE, "debug", _ALL),
    ("collector at scale 0", PLAIN, override("otel-gateway", "    deploy: {replicas: 0}"),
     "receiver", OVERRIDE, "replicas", _ALL),
    ("collector without a pod", CLUSTER, replace(f"{_K8S_GATEWAY}/stateful-set.yaml", "replicas: 1", "replicas: 0"),
     "receiver", f"{_K8S_GATEWAY}/stateful-set.yaml", "replicas", _ALL),
    ("another entrypoint", PLAIN, override("otel-gateway", "    entrypoint: [sleep, infinity]"),
     "receiver", OVERRIDE, "sleep", _ALL),
    ("receiver at another path", PLAIN,
     replace(GATEWAY, "0.0.0.0:4318", "0.0.0.0:4318\n        traces_url_path: /spans"),
     "receiver", GATEWAY, "/spans", _ALL),
    ("receiver for small requests", PLAIN,
     replace(GATEWAY, "0.0.0.0:4318", "0.0.0.0:4318\n        max_request_body_size: 100"),
     "receiver", GATEWAY, "max_request", _ALL),
    ("certificate of the client asked for", SECURE,
     _everywhere(GATEWAY, "          cert_file:", f"          client_ca_file: {_TRUSTED}\n          cert_file:"),
     "receiver", GATEWAY, "client_ca_file", _ALL),
    ("key gone", SECURE, _gone("certs/tls.key"), "receiver", GATEWAY, "cert_file", _ALL),
    ("processor misspelt", PLAIN, _processor("atributes/team", "{actions: []}"),
     "processor", GATEWAY, "atributes", _ALL),
    ("batches once an hour", PLAIN, _processor("batch", _BATCH), "processor", GATEWAY, "batch", _ALL),
    ("filter of one service", PLAIN, _processor("filter/x", _FILTER), "processor", GATEWAY, "filter", ONE),
    ("exporter to itself", PLAIN, replace(GATEWAY, "endpoint: jaeger:4317", "endpoint: localhost:4317"),
     "exporter", GATEWAY, "localhost", _ALL),
    ("exporter without patience", PLAIN, replace(GATEWAY, "    timeout: 30s", "    timeout: 1ms"),
     "exporter", GATEWAY, "1ms", _ALL),
    ("compression that is none", PLAIN,
     replace(GATEWAY, "endpoint: jaeger:4317", "endpoint: jaeger:4317\n    compression: brotli"),
     "exporter", GATEWAY, "brotli", _ALL),
    ("proxy of the collector", PLAIN,
     override("otel-gateway", "    environment:\n      HTTPS_PROXY: http://proxy.example.com:3128"),
     "exporter", OVERRIDE, "PROXY", _ALL),
    ("queue's volume read only", PLAIN,
     replace(COMPOSE, "target: /var/lib/otelcol\n", "target: /var/lib/otelcol\n        read_only: true\n"),
     "exporter", COMPOSE, "type: volume", _ALL),
    ("backend of a profile", PLAIN, override("jaeger", "    profiles: [debug]"), "backend", OVERRIDE, "debug", _ALL),
    ("tenants kept as one", TEMPO, replace(_TEMPO, "multitenancy_enabled: true", "multitenancy_enabled: false"),
     "backend", _TEMPO, "multitenancy", _ALL),
    ("storage of a profile", SEARCH, override("opensearch", "    profiles: [debug]"),
     "storage", OVERRIDE, "debug", _ALL),
    ("storage in memory", PLAIN, replace(_JAEGER, "ephemeral: false", "ephemeral: true"),
     "storage", _JAEGER, "ephemeral", _ALL),
    ("spans removed at once", PLAIN, lambda folder: _jaeger_keeps(folder, "1s"), "storage", _JAEGER, "1s", _ALL),
    ("storage's volume read only", PLAIN,
     replace(COMPOSE, "target: /badger\n", "target: /badger\n        read_only: true\n"),
     "storage", COMPOSE, "type: volume", _ALL),
    ("storage asked with TLS", SEARCH, replace(_JAEGER, "http://opensearch:9200", "https://opensearch:9200"),
     "storage", _JAEGER, "https", _ALL),
]  # fmt: skip
FAULTS += [Fault(*row) for row in _ROWS]


def _jaeger_keeps(folder: Path, time: str) -> None:
    path = folder / _JAEGER
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"spans: \d+h", f"spans: {time}", text, count=1), encoding="utf-8")


def _number(folder: Path, key: str, value: int) -> None:
    path = folder / GATEWAY
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(rf"(?<!\w){key}: \d+", f"{key}: {value}", text, count=1), encoding="utf-8")


def _sampler(folder: Path) -> None:
    replace(GATEWAY, "processors:\n", "processors:\n  probabilistic_sampler:\n    sampling_percentage: 1\n")(folder)
    replace(GATEWAY, "        - memory_limiter\n", "        - memory_limiter\n        - probabilistic_sampler\n")(
        folder
    )


#: Faults of what runs, with the hop that has to be named: tests/real/test_real_doctor.py plants them.
LIVE = {
    "collector not started": "receiver",
    "backend not started": "backend",
    "gRPC where HTTP is spoken": "address",
    "API of the backend gone": "backend",
    "wrong token": "receiver",
    "expired certificate": "receiver",
    "certificate of another authority": "receiver",
    "certificate for another name": "receiver",
    "dead storage": "storage",
    "full queue": "exporter",
    "memory limiter that refuses": "processor",
    "clock an hour off": "environment",
    "proxy that drops traceparent": "address",
}
