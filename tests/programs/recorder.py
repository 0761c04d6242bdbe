"""A server that takes spans over OTLP, from a real Collector, and keeps what came with which headers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from programs.running import LOOPBACK, Running, StoredSpan, _stored_spans, free_port

#: The attribute of a recorded span that holds a header of the request it came in.
HEADER = "recorded.header."


class Recorder:
    """Give it `grpc` and `http` as addresses of somebody else's server; `spans()` tells what came, kept in `file`."""

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        name: str = "recorder",
        headers: Sequence[str] = (),
        path: str = "",
        forward: str = "",
        tls: Mapping[str, Path] | None = None,
    ) -> None:
        """`headers` to keep, `path` before /v1/traces; `forward` is a gRPC address that gets all spans as well."""
        self.grpc, self.http, self.health = (f"{LOOPBACK}:{free_port()}" for _ in range(3))
        self.file = folder / f"{name}.jsonl"
        config = folder / f"{name}.yaml"
        config.write_text(yaml.safe_dump(self._config(headers, path, forward, tls)), encoding="utf-8")
        self._running = Running(program, ["--config", str(config)], folder, name=name)

    def __enter__(self) -> Recorder:
        self._running.start()
        self._running.wait_until(f"http://{self.health}/")
        return self

    def __exit__(self, *_: object) -> None:
        self._running.stop()

    def spans(self) -> list[StoredSpan]:
        """All spans that have come so far, in order."""
        return [span for line in self._lines() for span in _stored_spans({"result": line})]

    def names(self) -> list[str]:
        """The names of all spans that have come so far, sorted."""
        return sorted(each.span.name for each in self.spans())

    def text(self) -> str:
        """Everything that came, as it was written down."""
        return self.file.read_text(encoding="utf-8") if self.file.exists() else ""

    def log(self) -> str:
        """What it printed."""
        return self._running.output()

    def _lines(self) -> Iterator[dict[str, Any]]:
        for line in self.text().splitlines(keepends=True):
            if line.endswith("\n"):  # the last one may be half written
                yield json.loads(line)

    def _config(
        self, headers: Sequence[str], path: str, forward: str, tls: Mapping[str, Path] | None
    ) -> dict[str, Any]:
        server = {"include_metadata": True}
        secured: dict[str, Any] = {"tls": {key: str(file) for key, file in tls.items()}} if tls else {}
        actions = [
            {"key": f"{HEADER}{each}", "from_context": f"metadata.{each}", "action": "upsert"} for each in headers
        ]
        exporters: dict[str, Any] = {"file": {"path": str(self.file), "flush_interval": "50ms"}}
        if forward:
            exporters["otlp_grpc"] = {"endpoint": forward, "tls": {"insecure": True}}
        processors: dict[str, Any] = {"attributes": {"actions": actions}} if actions else {}
        return {
            "receivers": {
                "otlp": {
                    "protocols": {
                        "grpc": {"endpoint": self.grpc, **server, **secured},
                        "http": {
                            "endpoint": self.http,
                            "traces_url_path": f"{path}/v1/traces",
                            **server,
                            **secured,
                        },
                    }
                }
            },
            "processors": processors,
            "exporters": exporters,
            "extensions": {"health_check": {"endpoint": self.health}},
            "service": {
                "extensions": ["health_check"],
                "pipelines": {
                    "traces": {"receivers": ["otlp"], "processors": list(processors), "exporters": list(exporters)}
                },
                "telemetry": {"metrics": {"level": "none"}},
            },
        }
