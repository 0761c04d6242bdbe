"""A program that runs in a group of its own, with its output in a file, until it is stopped."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError

#: Seconds that a program has to end by itself, and those in which all of them have to answer.
STOP_SECONDS = 10
_PAUSE = 0.1
_LAST_LINES = 3


class NotStarted(Exception):
    """A program did not start; the text says why."""


class Process:
    """Started at once; `stop` ends it and all that it has started."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> None:
        """Raises NotStarted."""
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with log.open("wb") as output:
                self._process = subprocess.Popen(
                    list(command),
                    env=dict(environment),
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise NotStarted(f"{command[0]}: {error.strerror}") from error

    def wait_until(self, address: str, seconds: float) -> None:
        """Wait until something answers there, whatever it says below 500. Raises NotStarted."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise NotStarted(f"it ended with code {self._process.returncode}: {self.last_words()}")
            try:
                with urllib.request.urlopen(address, timeout=2):
                    return
            except HTTPError as error:
                if error.code < 500:
                    return
            except (URLError, OSError):
                pass
            time.sleep(_PAUSE)
        raise NotStarted(f"nothing answered at {address} within {seconds:g} s: {self.last_words()}")

    def last_words(self) -> str:
        """The end of its output, in one line."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return " / ".join([line.strip() for line in lines if line.strip()][-_LAST_LINES:])[-500:] or "it said nothing"

    def ask_to_end(self) -> None:
        """Let it end as a container is ended: its last spans are sent."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Wait for its end, and end what is left of its group."""
        self.ask_to_end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
