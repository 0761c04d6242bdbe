"""Go: the commands of the Dockerfile; Go keeps modules and what it compiled by their content itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

TOOLS = ("go", "gofmt")
BUILD_SECONDS = 900
#: The linter that goes beyond `go vet`; the version is one that knows the Go of the manifests.
STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.7.0"


def build(folder: Path, cache: Path) -> list[str]:
    """A static program, as in the image."""
    del cache
    environment = {**os.environ, "CGO_ENABLED": "0"}
    for command in (["go", "mod", "download"], ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", "service", "."]):
        subprocess.run(command, cwd=folder, env=environment, check=True, timeout=BUILD_SECONDS)
    return [str(folder / "service")]


def checks(folder: Path) -> list[list[str]]:
    """gofmt, vet, staticcheck and the test of the stub; the manifest of a traced service holds what it needs."""
    unformatted = ["sh", "-c", 'test -z "$(gofmt -l . | tee /dev/stderr)"']
    found = [unformatted, ["go", "vet", "./..."], ["go", "run", STATICCHECK, "./..."], ["go", "test", "./..."]]
    if (folder / "tracing" / "tracing.go").exists():
        found.append(["go", "mod", "tidy", "-diff"])
    return found
