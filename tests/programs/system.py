"""A rendered system, started from its files on this machine, as `tracegen run` maps hosts, ports and paths."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from programs.running import Running
from tracegen.compiler import Rendered
from tracegen.run import Places


class System(Places):
    """The components of a rendered spec, ready to be started with real programs."""

    def __init__(
        self,
        rendered: Rendered,
        folder: Path,
        secrets: Mapping[str, str] | None = None,
        *,
        files: Mapping[str, Path] | None = None,
        outside: Mapping[str, str] | None = None,
        adapt: Callable[[Any], Any] | None = None,
    ) -> None:
        """As Places has it; nothing gets the port that it has in its container, since tests run beside each other."""
        folder.mkdir(exist_ok=True)
        self.rendered = rendered
        super().__init__(
            rendered.system.components, rendered.tree, folder, secrets, files=files, outside=outside, adapt=adapt
        )

    def prepare(self, component: str, program: Path, replica: int = 1) -> Running:
        """The component's program with the arguments and files it was rendered with, not yet started."""
        self.write_files(component, replica)
        return Running(
            program,
            self.arguments(component, replica),
            self.folder,
            name=self.own_name(component, replica),
            environment=self.environment(component, replica),
        )

    def start(self, component: str, program: Path, replica: int = 1) -> Running:
        """Start a component and wait until its rendered health check says that it works."""
        running = self.prepare(component, program, replica)
        running.start()
        self.wait_healthy(component, running, replica)
        return running

    @contextmanager
    def up(self, component: str, program: Path, replica: int = 1) -> Iterator[Running]:
        """A component that runs as long as the block does."""
        running = self.start(component, program, replica)
        try:
            yield running
        finally:
            running.stop()

    def wait_healthy(self, component: str, running: Running, replica: int = 1, seconds: float = 30) -> None:
        """Wait for the HTTP answer that the component's health check looks at."""
        health = self.components[component].health
        assert health is not None, f"{component} has no health check"
        running.wait_until(f"http://{self.address(component, health.port, replica)}{health.path}", seconds)

    def run_health_command(self, component: str, program: Path) -> int:
        """The exit code of the component's health check command, run with a program that stands for its image."""
        part = self.components[component]
        assert part.health is not None
        command = [self.local_text(word, component) for word in part.health.command]
        done = subprocess.run([str(program), *command[1:]], capture_output=True, timeout=20, check=False)
        return done.returncode

    def config_path(self, component: str, replica: int = 1) -> Path:
        """The mapped configuration of a component, written now."""
        self.write_files(component, replica)
        return self.path(component, self.components[component].files[0].target, replica)
