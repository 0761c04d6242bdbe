"""Child processes that are killed, or that run as somebody else. Needs `fork`."""

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

#: Every call through which this stage changes a folder.
CALLS = ("replace", "unlink", "link", "mkdir", "rmdir", "open", "chmod")
NOBODY = 65534

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def in_child(action: Callable[[], object]) -> int:
    """Runs `action` in a forked child; its exit status: 0, 1 after an exception, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            action()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(action: Callable[[], object], call: int, *, after: bool = False) -> bool:
    """Runs `action` in a child that kills itself before its n-th changing call; False where it ended first.

    `after`: counts opened files only, and kills when the n-th is open and nothing is written into it.
    """

    def doomed() -> None:
        _arm(call, after)
        action()

    status = in_child(doomed)
    assert status in {0, -signal.SIGKILL}
    return status != 0


def every_kill(action: Callable[[], object], prepare: Callable[[], object], first: int = 1) -> Iterator[int]:
    """Kills `action` at every point it has from the `first` on, each time after `prepare`; yields after each."""
    # Right after a call is right before the next one, except that a file just opened holds nothing yet.
    for after in (False, True):
        for call in count(first):
            prepare()
            if not killed_at(action, call, after=after):
                break
            yield call


def as_nobody() -> None:
    """Gives up being root, for whom nothing is read-only."""
    if os.geteuid() == 0:
        with suppress(PermissionError):
            os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


class Refusing:
    """`os.replace` that refuses its n-th call, and every one after it where `stubborn`.

    `late`: it does what it is asked and raises then, as where an interrupt comes right after it.
    """

    def __init__(self, call: int, error: BaseException, *, stubborn: bool = False, late: bool = False) -> None:
        self.left, self.error, self.stubborn, self.late = call, error, stubborn, late
        self.real = os.replace

    def __call__(self, source: Path, target: Path) -> None:
        self.left -= 1
        refused = self.left == 0 or (self.stubborn and self.left < 0)
        if not refused or self.late:
            self.real(source, target)
        if refused:
            raise self.error


def _arm(call: int, after: bool) -> None:
    left = call

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **keywords: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*arguments, **keywords)
            finally:
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        return wrapper

    for name in ("open",) if after else CALLS:
        setattr(os, name, counted(getattr(os, name)))
