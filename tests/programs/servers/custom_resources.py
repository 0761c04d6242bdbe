"""Definitions of custom resources: of the Operators of OpenTelemetry and Prometheus, cert-manager, and others.

Where a project publishes a Go module, that has them. Each version is pinned with the module's checksum.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from programs.build import ProgramMissing

NAME = "custom resources"
#: The Operator publishes no module that the proxy serves.
COMMITTED = Path(__file__).resolve().parents[2] / "data" / "crds"
FETCH_SECONDS = 5 * 60


@dataclass(frozen=True)
class Source:
    """A module at a version, its checksum as a go.sum has it, and its files."""

    module: str
    version: str
    checksum: str
    files: tuple[str, ...]


SOURCES = (
    Source(
        "github.com/cert-manager/cert-manager",
        "v1.21.2",
        "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        tuple(f"deploy/crds/cert-manager.io_{each}.yaml" for each in ("certificates", "issuers", "clusterissuers")),
    ),
    # Newer ones want a newer Go.
    Source(
        "sigs.k8s.io/gateway-api",
        "v1.5.1",
        "h1:RqVRIlkhLhUO8wOHKTLnTJA6o/1un4po4/6M1nRzdd0=",
        tuple(
            f"config/crd/standard/gateway.networking.k8s.io_{each}.yaml"
            for each in ("backendtlspolicies", "gateways", "httproutes")
        ),
    ),
    Source(
        "github.com/external-secrets/external-secrets",
        "v1.3.2",
        "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
        ("config/crds/bases/external-secrets.io_externalsecrets.yaml",),
    ),
    Source(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        tuple(
            f"example/prometheus-operator-crd/monitoring.coreos.com_{each}.yaml"
            for each in ("prometheusrules", "servicemonitors")
        ),
    ),
)


@cache
def definitions() -> list[Mapping[str, Any]]:
    """All of them; raises ProgramMissing when a module cannot be had."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [yaml.load(path.read_text(encoding="utf-8"), loader) for path in _files()]


def _files() -> Iterator[Path]:
    yield from sorted(COMMITTED.glob("*.yaml"))
    for source in SOURCES:
        yield from (_folder(source) / file for file in source.files)


def _folder(source: Source) -> Path:
    """Where Go keeps the module; Go compares the checksum of what it has with that of what it fetched."""
    if shutil.which("go") is None:
        raise ProgramMissing(NAME, "Go is not installed (no `go` on PATH)")
    command = ["go", "mod", "download", "-json", f"{source.module}@{source.version}"]
    # The checksum database does not know all of them, and ours are committed.
    environment = {**os.environ, "GOFLAGS": "", "GOWORK": "off", "GONOSUMDB": "*", "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            command, cwd="/", env=environment, capture_output=True, text=True, timeout=FETCH_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramMissing(NAME, f"{source.module} not fetched within {FETCH_SECONDS} s") from error
    answer = json.loads(done.stdout or "{}")
    if "Dir" not in answer:
        raise ProgramMissing(NAME, f"{source.module}: {answer.get('Error') or done.stderr.strip()}")
    assert answer["Sum"] == source.checksum, f"{source.module} {source.version} has the checksum {answer['Sum']}"
    return Path(answer["Dir"])
