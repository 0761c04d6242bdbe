"""What a tier of collectors is to everything around it: names, ports, and paths in its container."""

import json

from tracegen.system import Design, PodsRead, Port, Publish, Tier

#: The folder of the queue in the container; `create_directory` makes it below the volume.
QUEUE_VOLUME = "/var/lib/otelcol"

#: Port and protocol of every receiver: (name, number, group under which it is published, protocol).
RECEIVER_PORTS = {
    "otlp": (Port("otlp-grpc", 4317, Publish.OTLP), Port("otlp-http", 4318, Publish.OTLP)),
    "zipkin": (Port("zipkin", 9411, Publish.ZIPKIN),),
    "jaeger": (
        Port("jaeger-grpc", 14250, Publish.JAEGER),
        Port("jaeger-http", 14268, Publish.JAEGER),
        Port("jaeger-udp", 6831, Publish.JAEGER, "udp"),
    ),
}

#: Where the last tier shows what it counts from spans.
SPAN_METRICS_PORT = 8889

#: The file of strategies in the container, where the collector serves them.
STRATEGIES_TARGET = "/etc/otelcol-strategies/sampling.json"

#: How far what keeps nothing may grow under load, in times of its replicas.
GROWTH = 4

#: How long a collector whose queue goes with its pod works on when another took its place: gRPC asks for the names
#: behind it again after 30 s (google.golang.org/grpc, `MinResolutionInterval`), and then comes the longest retry.
LINGER_SECONDS, LONGEST_RETRY_SECONDS = 45, 5

#: What the health check of an image without a shell reads: see `health_probe`.
HEALTHY_ANSWER = json.dumps(
    {
        "receivers": {"nop": None},
        "exporters": {"nop": None},
        "service": {"pipelines": {"traces": {"receivers": ["nop"], "exporters": ["nop"]}}},
    },
    separators=(",", ":"),
)


def config_path(tier: Tier) -> str:
    """Where the tier's configuration is rendered."""
    return f"collector/{tier.role}.yaml"


def takes_udp(design: Design) -> bool:
    """Whether Jaeger's UDP port may be open: it knows neither encryption nor credentials."""
    return design.certificates is None and design.ingest.kind == "none"


def receiver_ports(tier: Tier, design: Design) -> list[Port]:
    """The ports on which a tier takes spans in."""
    ports = [port for receiver in tier.receivers for port in RECEIVER_PORTS[receiver]]
    return [port for port in ports if port.protocol == "tcp" or takes_udp(design)]


def forgets(tier: Tier) -> bool:
    """Whether what waits in a tier goes with its pod: in memory, and an agent's on disk, which lies in its pod."""
    return tier.per_node or not tier.queue.persistent


def pods_read(tier: Tier, design: Design) -> PodsRead:
    """Whose pods a tier asks the API server for: the first one sees the addresses of those that send."""
    if not design.kubernetes.k8s_attributes or tier is not design.tiers[0]:
        return PodsRead.NONE
    is_elsewhere = any(not each.deploy for each in design.services.values())
    return PodsRead.CLUSTER if is_elsewhere else PodsRead.NAMESPACE


def name_of_all(tier: Tier) -> str:
    """The name that stands for every replica of a tier; an agent's own leads to the agent of the machine."""
    return f"{tier.component}-all" if tier.per_node else tier.component
