"""Where spans wait in a collector: the queue of each destination, and the files of those that survive.

https://github.com/open-telemetry/opentelemetry-collector/tree/main/exporter/exporterhelper and
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/extension/storage/filestorage
"""

from tracegen.catalogue import Delivery
from tracegen.emit import Commented, Value
from tracegen.parts.collectors import QUEUE_VOLUME
from tracegen.system import Destination, Queue, Tier
from tracegen.system.sizing import queue_file
from tracegen.system.units import MEBIBYTE

_FOLDER = f"{QUEUE_VOLUME}/queue"

#: MiB from which on a file is made small again, and MiB of contents below which that is done; the defaults of the
#: extension, less where the files themselves are small.
_NEEDED, _TRIGGER = 100, 10


def file_storage(queue: Queue, queues: int) -> Value:
    """The extension that writes one file a queue."""
    largest = queue_file(queue.size, queues)
    mebibytes = max(1, largest // MEBIBYTE)
    share = f" and {queues} queues share it" if queues > 1 else ""
    storage: dict[str, Value] = {
        "directory": _FOLDER,
        "create_directory": True,
        "max_size": Commented(largest, f"Bytes of one file: the volume has {queue.size}{share}."),
        "compaction": Commented(
            {
                "directory": _FOLDER,
                "on_rebound": True,
                "rebound_needed_threshold_mib": min(_NEEDED, mebibytes),
                "rebound_trigger_threshold_mib": min(_TRIGGER, mebibytes),
                "cleanup_on_start": True,
            },
            "When a full queue has emptied, its file becomes small again.",
        ),
    }
    if queue.fsync:
        storage["fsync"] = Commented(True, "On the disk before it counts, so that it also survives a power failure.")
    return storage


def sending_queue(tier: Tier, destination: Destination, batches: Value) -> Value:
    """The queue of a destination, and the batches that are made behind it."""
    queue: dict[str, Value] = {"enabled": True}
    if tier.queue.persistent:
        queue["storage"] = Commented("file_storage", "On disk: spans survive a restart and a crash.")
    if destination.delivery.consumers != Delivery().consumers:
        few = "Requests at once, of ten by default: as many as the storage works on, or all of them take too long."
        queue["num_consumers"] = Commented(destination.delivery.consumers, few)
    batch = "Made behind the queue: a batch processor before it would lose what it holds in a crash."
    waits = waits_when_full(tier)
    blocks: dict[str, Value] = {"block_on_overflow": True} if waits else {}
    return {
        **queue,
        "sizer": "items",
        "queue_size": Commented(tier.queue.spans, f"Spans. {when_full(tier)}"),
        **blocks,
        "batch": Commented(batches, batch),
    }


def waits_when_full(tier: Tier) -> bool:
    """Whether a full queue makes what is before it wait.

    Behind tail sampling no error reaches a sender. With one destination the decisions can wait, and then senders do;
    with several, one that is away would hold up all.
    """
    return tier.tail is not None and len(tier.destinations) == 1


def when_full(tier: Tier) -> str:
    """What becomes of spans for which the queue has no room."""
    if waits_when_full(tier):
        return "When it is full, decisions wait, and then whoever sends: nothing is dropped in silence."
    if tier.tail:
        return (
            "When it is full, what was to be kept is lost, and no sender is told:\n"
            "otelcol_exporter_enqueue_failed_spans_total counts it. Waiting would hold up the other destinations."
        )
    return "When it is full, senders get an error they retry, and nothing is dropped in silence."
