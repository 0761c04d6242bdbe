"""How Tempo's processes reach each other, or the only one itself: gRPC, gossip, and the partitions of Kafka.

Sources: https://grafana.com/docs/tempo/latest/configuration/#memberlist and .../configuration/network/tls/.
"""

from tracegen.emit import Commented, Value
from tracegen.packs.tempo.processes import ROLES, SCHEDULER, SINGLE, Process
from tracegen.parts.certificates import CA_PATH, CERT_PATH, KEY_PATH
from tracegen.render.otel.text import tempo_text
from tracegen.system import Design

HTTP, GRPC, GOSSIP, INTERNAL = 3200, 9095, 7946, 3101

_FRONTEND = ROLES["query-frontend"][0].name
_BUILDER = ROLES["block-builder"][0].name
_STORES = tuple(process.name for process in ROLES["live-store"])


def clients(design: Design) -> dict[str, Value]:
    """Whom queriers and workers call. One process calls itself over gRPC too, so it verifies itself as well."""
    scalable = bool(design.backend.roles)
    worker: dict[str, Value] = {"frontend_address": f"{_FRONTEND}:{GRPC}"} if scalable else {}
    config: dict[str, Value] = {}
    if design.certificates:
        worker["grpc_client_config"] = _verified(_FRONTEND if scalable else SINGLE.name)
        config["live_store_client"] = {"grpc_client_config": _verified(_STORES[0] if scalable else SINGLE.name)}
        scheduler = _verified(SCHEDULER.name if scalable else SINGLE.name)
        config["backend_scheduler_client"] = {"grpc_client_config": scheduler}
    return {"querier": {"frontend_worker": worker}, **config} if worker else {}


def servers_of(process: Process) -> tuple[str, ...]:
    """The roles that a role asks over gRPC; everything else goes through Kafka and the store."""
    return {"querier": (_FRONTEND, *_STORES), "backend-worker": (SCHEDULER.name,)}.get(process.target, ())


def gossip(design: Design) -> Value:
    """The ring in which the roles find each other; live stores, which have volumes, are asked first."""
    config: dict[str, Value] = {
        "abort_if_cluster_join_fails": False,
        "bind_port": GOSSIP,
        "join_members": [f"{name}:{GOSSIP}" for name in _STORES],
    }
    if design.certificates:
        config |= {**_verified(_STORES[0]), "tls_cert_path": CERT_PATH, "tls_key_path": KEY_PATH}
    return config


def broker(design: Design) -> Value:
    """Kafka, of which Tempo takes one address and a login."""
    kafka = design.backend.kafka
    assert kafka is not None, "mode scalable has a broker"
    config: dict[str, Value] = {
        "address": kafka.brokers[0],
        "topic": kafka.topic,
        "auto_create_topic_enabled": Commented(
            False, "It would change the number of partitions of the whole broker."
        ),
    }
    if kafka.sasl:
        config |= {
            "sasl_username": tempo_text(kafka.sasl.username),
            "sasl_password": tempo_text((kafka.sasl.password,)),
        }
    return config


def assigned_partitions(design: Design) -> Value:
    """Which block builder, by host name, reads which partitions: dealt out in turn.

    Only partitions that a live store owns are written to, and these are the first ones; in blocks, as
    `partitions_per_instance` has it, the last builders would get none of them.
    """
    kafka, builders = design.backend.kafka, design.backend.roles["block-builder"].replicas
    assert kafka is not None, "mode scalable has a broker"
    return {f"{_BUILDER}-{n}": list(range(n, kafka.partitions, builders)) for n in range(builders)}


def _verified(host: str) -> dict[str, Value]:
    """How a server of the rendered system is verified, whatever address it was reached by."""
    return {"tls_enabled": True, "tls_ca_path": CA_PATH, "tls_server_name": host}
