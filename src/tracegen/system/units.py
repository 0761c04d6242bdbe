"""Durations and sizes of the spec in the units that programs want."""

_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_BYTES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}

MEBIBYTE = 2**20


def milliseconds(duration: str) -> int:
    """The milliseconds in a duration such as `250ms` or `7d`."""
    number = duration.rstrip("mshd")
    return int(number) * _MILLISECONDS[duration[len(number) :]]


def go_duration(milliseconds_: int) -> str:
    """A duration as Go programs read it, in the largest unit that fits: `168h`, `90m`, `250ms`."""
    for unit in ("h", "m", "s"):
        if milliseconds_ % _MILLISECONDS[unit] == 0:
            return f"{milliseconds_ // _MILLISECONDS[unit]}{unit}"
    return f"{milliseconds_}ms"


def size_in_bytes(size: str) -> int:
    """The bytes in a size such as `512Mi`."""
    return int(size[:-2]) * _BYTES[size[-2:]]


def mebibytes(size: int, share: float = 1.0) -> int:
    """Whole MiB in a share of a number of bytes."""
    return int(size * share) // MEBIBYTE
