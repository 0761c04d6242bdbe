"""The queue before an exporter: where it is kept, and whether the container can write there."""

from collections.abc import Iterator

from tracegen.doctor.context import Context
from tracegen.doctor.finding import Finding
from tracegen.doctor.world import Unit

HOP = "exporter"


def queue_problems(context: Context, unit: Unit, exporter: str) -> Iterator[Finding]:
    """What keeps the queue of an exporter from working."""
    config = unit.config
    assert config is not None
    path = ("exporters", exporter, "sending_queue")
    name = config.at(*path, "storage")
    batch, size = config.at(*path, "batch", "min_size"), config.at(*path, "queue_size")
    same = config.at(*path, "batch", "sizer") == config.at(*path, "sizer")
    if isinstance(size, int) and isinstance(batch, int) and same and size < batch:
        yield context.finding(
            HOP, config.mark(*path, "queue_size"), f"a queue of {size} never fills a batch of {batch}"
        )
    elif isinstance(size, int) and size < _rendered(context, unit, exporter) / 100:
        words = f"the queue of {exporter} holds {size} {config.at(*path, 'sizer') or 'requests'}: it is full at once"
        yield context.finding(HOP, config.mark(*path, "queue_size"), words)
    if not isinstance(name, str):
        return
    if name not in config.table("extensions") or name not in (config.at("service", "extensions") or []):
        words = f"{unit.name} does not start: the queue of {exporter} is kept in {name}, which is no active extension"
        yield context.finding(HOP, config.mark(*path, "storage"), words)
        return
    yield from _folder(context, unit, name)


def _rendered(context: Context, unit: Unit, exporter: str) -> int:
    rendered = context.rendered(unit.config.file) if unit.config else None
    size = rendered.at("exporters", exporter, "sending_queue", "queue_size") if rendered else 0
    return size if isinstance(size, int) else 0


def _folder(context: Context, unit: Unit, extension: str) -> Iterator[Finding]:
    config = unit.config
    assert config is not None
    folder = str(config.at("extensions", extension, "directory") or "/var/lib/otelcol/file_storage")
    mark = config.mark("extensions", extension, "directory")
    found = unit.mount_of(folder)
    if found is None:
        if unit.read_only:
            words = f"{unit.name} cannot write its queue: {folder} is in no volume, and its file system is read-only"
            yield context.finding(HOP, mark, words)
        return
    where, mount = found
    if mount.read_only:
        words = f"{unit.name} cannot write its queue: {where} is mounted to be read only"
        yield context.finding(HOP, mount.mark, words)
        return
    others = (
        other
        for other in context.world.units.values()
        if other.name != unit.name and other.program == "collector" and mount.kind == "volume"
    )
    twin = next((each.name for each in others if mount.source in {one.source for one in each.mounts.values()}), "")
    if twin and context.target == "compose":
        words = f"{unit.name} and {twin} keep their queues in the volume {mount.source}: the second does not start"
        yield context.finding(HOP, mount.mark, words)
    if folder != where and config.at("extensions", extension, "create_directory") is not True:
        words = f"{unit.name} does not start: nobody makes {folder} (create_directory: true)"
        yield context.finding(HOP, mark, words)
    root = unit.user.partition(":")[0] in ("", "0")
    if mount.kind == "volume" and not root and mount.source not in unit.owned:
        words = f"{unit.name} cannot write its queue: {mount.source} is not handed to its user {unit.user}"
        place = mount.mark if mount.mark.file else mark
        yield context.finding(HOP, context.blamed(place, unit.user_mark or place), words)
