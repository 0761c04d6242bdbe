"""Jaeger's two ends of Kafka: the collector writes, the ingester reads.

https://github.com/open-telemetry/opentelemetry-collector-contrib, exporter/kafkaexporter and receiver/kafkareceiver
"""

from tracegen.emit import Commented, Value
from tracegen.render.otel.text import config_text
from tracegen.render.otel.tls import client_tls
from tracegen.system import Design, Kafka

#: From here on the receiver takes a list: opentelemetry-collector-contrib pull request 44575, in 0.142, which later
#: takes nothing else (pull request 46232). Jaeger 2.13, made of 0.140, was tried; 2.14 is the first after 0.142.
_TOPICS = "2.14"


def kafka_exporter(kafka: Kafka) -> Value:
    """How the collector writes spans."""
    return {
        **_client(kafka),
        "traces": {"topic": kafka.topic, "encoding": "otlp_proto"},
        "timeout": Commented("20s", "Below that of who sends to here: an answer comes before it asks again."),
        "producer": {
            "required_acks": Commented(-1, "All replicas in step have it before it counts as written."),
            "compression": "zstd",
            "max_message_bytes": 8_000_000,
        },
        "sending_queue": Commented(
            {"enabled": False}, "A queue in memory would acknowledge spans that a crash loses."
        ),
    }


def kafka_receiver(kafka: Kafka, design: Design) -> Value:
    """How the ingester reads them."""
    one = design.images["jaeger"].is_before(_TOPICS)
    topic: dict[str, Value] = {"topic": kafka.topic} if one else {"topics": [kafka.topic]}
    return {
        **_client(kafka),
        "traces": {**topic, "encoding": "otlp_proto"},
        "group_id": "jaeger-ingester",
        "initial_offset": Commented("earliest", "The default begins with what comes next, and skips what waits."),
        "message_marking": {
            "after": Commented(True, "Read again after a crash or an error."),
            "on_error": False,
            "on_permanent_error": Commented(
                True, "What is no trace is passed over: it would stop its partition for good."
            ),
        },
        "error_backoff": {"enabled": True, "initial_interval": "1s", "max_interval": "30s", "max_elapsed_time": "0s"},
    }


def _client(kafka: Kafka) -> dict[str, Value]:
    client: dict[str, Value] = {"brokers": list(kafka.brokers)}
    if kafka.tls:
        client["tls"] = client_tls("kafka", kafka.tls)
    if kafka.sasl:
        sasl: Value = {
            "mechanism": kafka.sasl.mechanism,
            "username": config_text(kafka.sasl.username),
            "password": config_text((kafka.sasl.password,)),
        }
        client["auth"] = {"sasl": sasl}
    return client
