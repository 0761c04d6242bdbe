"""What the server of sampling strategies needs, whichever component it is."""

from collections.abc import Iterator

from tracegen.system import SAMPLING_PORTS, Design, FileMount, Port, Publish

#: How often the file is read again.
RELOAD_INTERVAL = "10s"


def strategies_mount(design: Design, target: str) -> FileMount:
    """The file of strategies, which is read again while the program runs."""
    assert design.strategies is not None
    return FileMount(design.strategies.file, target, live=True)


def strategy_ports(is_published: bool) -> Iterator[Port]:
    """Where samplers ask; who may send spans from the host may ask too."""
    for protocol, number in SAMPLING_PORTS.items():
        yield Port(f"sampling-{protocol}", number, Publish.OTLP if is_published else None)
