"""A real terminal for a command: keys go in through a pseudo-terminal, and what comes out is drawn on a screen.

`pexpect` holds the pseudo-terminal; `pyte` draws as a terminal of these many lines and columns would.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pyte

LINES, COLUMNS = 200, 120
SECONDS = 60

KEYS = {"enter": "\r", "up": "\x1b[A", "down": "\x1b[B", "escape": "\x1b", "blank": " ", "interrupt": "\x03"}


class Terminal:
    """A command in a terminal. Use as a context manager: it is ended at the end."""

    def __init__(
        self,
        folder: Path,
        words: list[str],
        environment: Mapping[str, str],
        *,
        lines: int = LINES,
        columns: int = COLUMNS,
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "tracegen", *words],
            cwd=str(folder),
            env={
                **os.environ,
                **environment,
                "TERM": "xterm",
                "PROMPT_TOOLKIT_NO_CPR": "1",
                "NO_COLOR": "1",
                # Programs believe these before the terminal, and whoever runs the tests may have them.
                "COLUMNS": str(columns),
                "LINES": str(lines),
            },
            dimensions=(lines, columns),
            timeout=SECONDS,
        )

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close(force=True)

    @property
    def text(self) -> str:
        """What the screen shows, without blanks at the ends."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def wait_for(self, wanted: str) -> None:
        """Until the last lines of the screen show a text."""
        self._until(lambda: wanted in "\n".join(self.text.splitlines()[-12:]), wanted)

    def _question(self) -> str:
        """The question that is asked now: the last one on the screen, and what follows it."""
        return self.text[self.text.rfind("\n?") :]

    def _until(self, holds: Callable[[], bool], wanted: str) -> None:
        until = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < until, f"{wanted!r} does not come:\n{self.text}"
            self._read()

    def press(self, *keys: str) -> None:
        """Presses keys by their name, or types a text."""
        for key in keys:
            self._child.send(KEYS.get(key, key))
            if key == "escape":
                time.sleep(0.3)  # a terminal tells Escape from an arrow key by what follows at once

    def answer(self, question: str, *keys: str) -> None:
        """Waits until a question is the one that is asked (it may have been asked before), then presses keys."""
        self._until(lambda: question in self._question(), question)
        self.press(*keys)

    def ended(self) -> int:
        """The exit code, when the command has ended."""
        until = time.monotonic() + SECONDS
        while self._read():
            assert time.monotonic() < until, f"it does not end:\n{self.text}"
        self._child.wait()
        return self._child.exitstatus if self._child.exitstatus is not None else -self._child.signalstatus

    def kill(self) -> None:
        """As `kill -9` does."""
        self._child.kill(9)
        self._child.wait()

    def _read(self) -> bool:
        try:
            self._stream.feed(self._child.read_nonblocking(65536, timeout=0.1))
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        return True
