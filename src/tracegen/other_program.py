"""The other program of this name: what is said where it is installed beside this one.

The package index has a `tracegen` that is somebody else's. Both have a package and a command of that name, so the
last one installed replaces files of the first. This one is distributed as `tracegen-otel`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

DISTRIBUTION = "tracegen-otel"
OTHER = "tracegen"
#: A distribution with this command is an older one of ours, whatever it is called.
_OURS = "tracegen.cli:main"

UNDO = (
    f"python -m pip uninstall --yes {OTHER}, then install {DISTRIBUTION} again, with --force-reinstall: "
    "files of both lay in the same places"
)


def installed() -> Iterator[str]:
    """The versions of the other program in this Python, as a rule none."""
    if not any(any(Path(folder).glob(f"{OTHER}-*.*-info")) for folder in sys.path):
        return
    from importlib.metadata import distributions  # slow to load, and seldom needed

    for each in distributions(name=OTHER):
        if not any(point.value == _OURS for point in each.entry_points):
            yield each.version


def warning() -> str:
    """What to tell whoever has both; empty where there is nothing to tell."""
    found = next(installed(), None)
    if found is None:
        return ""
    return (
        f"{OTHER} {found} is installed here too, which is another program; this one is {DISTRIBUTION}\n"
        f"  to undo it: {UNDO}"
    )
