"""Builds the real Jaeger, OpenTelemetry Collector and Kubernetes from their Go modules, once a machine.

`find("jaeger")` gives the path of a working program or raises `ProgramMissing` with the reason.
As a script: `python tests/programs/build.py` builds all of them, `--present` only lists what is there.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD_SECONDS = 75 * 60
VERSION_SECONDS = 60


class ProgramMissing(Exception):
    """A program could not be had; `name` says which one and `reason` why, in one line."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


@dataclass(frozen=True)
class Program:
    """What is built: the folder of that name beside this file, or `module`, holds its Go module.

    Without `version_arguments` it prints no version: it has that of the other programs of its module.
    """

    name: str
    package: str
    override: str
    version_arguments: tuple[str, ...] = ()
    linker_flags: str = "-s -w"
    module: str = ""

    @property
    def folder(self) -> Path:
        """Where its Go module is."""
        return HERE / (self.module or self.name)


# Jaeger takes its version from linker flags only; its module v1.76.0 is the commit of its release v2.13.0.
JAEGER = Program(
    name="jaeger",
    package="github.com/jaegertracing/jaeger/cmd/jaeger",
    override="TRACEGEN_JAEGER",
    version_arguments=("version",),
    linker_flags="-s -w -X github.com/jaegertracing/jaeger/internal/version.latestVersion=v2.13.0",
)
# From the same commit; it takes its settings from the environment and deletes old indices.
JAEGER_INDEX_CLEANER = Program(
    name="jaeger-es-index-cleaner",
    package="github.com/jaegertracing/jaeger/cmd/es-index-cleaner",
    override="TRACEGEN_JAEGER_INDEX_CLEANER",
    module="jaeger",
)
COLLECTOR = Program(
    name="collector",
    package=".",
    override="TRACEGEN_COLLECTOR",
    version_arguments=("--version",),
)
# Kubernetes takes its version from linker flags too; etcd is what it requires, unmodified.
KUBERNETES_FLAGS = "-s -w " + " ".join(
    f"-X k8s.io/component-base/version.{key}={value}"
    for key, value in {"gitVersion": "v1.34.3", "gitMajor": "1", "gitMinor": "34"}.items()
)
KUBE_APISERVER = Program(
    name="kube-apiserver",
    package="k8s.io/kubernetes/cmd/kube-apiserver",
    override="TRACEGEN_KUBE_APISERVER",
    version_arguments=("--version",),
    linker_flags=KUBERNETES_FLAGS,
    module="kubernetes",
)
KUBECTL = Program(
    name="kubectl",
    package="k8s.io/kubernetes/cmd/kubectl",
    override="TRACEGEN_KUBECTL",
    linker_flags=KUBERNETES_FLAGS,
    module="kubernetes",
)
ETCD = Program(
    name="etcd",
    package="go.etcd.io/etcd/server/v3",
    override="TRACEGEN_ETCD",
    module="kubernetes",
)
# The programs of a node in one, which share most of their code; and what a cluster's network needs beside them.
KUBERNETES_NODE = Program(
    name="kubernetes-node",
    package=".",
    override="TRACEGEN_KUBERNETES_NODE",
    linker_flags=KUBERNETES_FLAGS,
)
KUBERNETES_NETWORK = Program(name="kubernetes-network", package=".", override="TRACEGEN_KUBERNETES_NETWORK")
POD = Program(name="pod", package="./pod", override="TRACEGEN_POD", module="kubernetes-network")
KUBE_SCORE = Program(
    name="kube-score",
    package="github.com/zegl/kube-score/cmd/kube-score",
    override="TRACEGEN_KUBE_SCORE",
    module="kube-score",
)
PROGRAMS: Mapping[str, Program] = {
    program.name: program
    for program in (
        JAEGER,
        JAEGER_INDEX_CLEANER,
        COLLECTOR,
        KUBE_APISERVER,
        KUBECTL,
        ETCD,
        KUBE_SCORE,
        KUBERNETES_NODE,
        KUBERNETES_NETWORK,
        POD,
    )
}


def find(name: str) -> Path:
    """Give the path of the program, built now if it is not yet; raises ProgramMissing if that fails."""
    program = PROGRAMS[name]
    there = present(name)
    if there is not None:
        return there
    target = _target(program)
    with _locked(program, target.parent):
        if not target.exists():  # another builder may have been quicker
            _build(program, target)
    return target


def present(name: str) -> Path | None:
    """Give the path of the program if it is there already; never builds."""
    program = PROGRAMS[name]
    given = os.environ.get(program.override)
    if given:
        return _existing(program, Path(given))
    target = _target(program)
    return target if target.exists() else None


def version(name: str, path: Path) -> str:
    """Ask the program for its version; raises ProgramMissing when it does not run."""
    program = PROGRAMS[name]
    if not program.version_arguments:
        return f"(of {program.module})"
    try:
        answer = subprocess.run(
            [path, *program.version_arguments],
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ProgramMissing(name, f"{path} does not print its version: {error}") from error
    return _version_in(answer.stdout)


def _version_in(output: str) -> str:
    """Jaeger prints a JSON object, the Collector a sentence that ends with the version."""
    line = output.strip().splitlines()[-1]
    if line.startswith("{"):
        return str(json.loads(line)["gitVersion"])
    return line.split()[-1]


def _existing(program: Program, path: Path) -> Path:
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise ProgramMissing(program.name, f"{program.override} names {path}, which is not a program")
    return path.resolve()


def _target(program: Program) -> Path:
    return _cache() / f"{program.name}-{_digest(program)}" / program.name


def _cache() -> Path:
    given = os.environ.get("TRACEGEN_PROGRAMS_CACHE")
    return Path(given).resolve() if given else Path.home() / ".cache" / "tracegen-programs"


def _digest(program: Program) -> str:
    """Name what is built by its content: other modules, sources or flags make another program."""
    digest = hashlib.sha256(repr(_command(program, Path("program"))).encode())
    folder = program.folder
    for file in sorted(path for path in folder.rglob("*") if path.suffix in {".mod", ".sum", ".go"}):
        digest.update(f"\n{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _command(program: Program, output: Path) -> list[str]:
    flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", f"-ldflags={program.linker_flags}"]
    return ["go", "build", *flags, "-o", str(output), program.package]


def _environment() -> dict[str, str]:
    """The caller's own, but nothing of it may change what is built.

    The committed go.sum is complete, so neither the checksum database nor another toolchain is needed.
    Without cgo no C compiler is needed either, as in the official images.
    """
    ours = {"GOFLAGS": "", "GOWORK": "off", "CGO_ENABLED": "0"}
    return {"GOTOOLCHAIN": "local", **os.environ, **ours}


def _build(program: Program, target: Path) -> None:
    """Build into a file beside the target and move it there when it is whole."""
    if shutil.which("go") is None:
        raise ProgramMissing(program.name, "Go is not installed (no `go` on PATH)")
    log = target.with_name("build.log")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        built = Path(folder) / program.name
        _run_go(program, _command(program, built), log)
        built.replace(target)


def _run_go(program: Program, command: list[str], log: Path) -> None:
    with log.open("wb") as output:
        try:
            ended = subprocess.run(
                command,
                cwd=program.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=BUILD_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise ProgramMissing(program.name, f"not built within {BUILD_SECONDS} s (log: {log})") from error
    if ended.returncode != 0:
        raise ProgramMissing(program.name, f"build failed: {_last_line(log)} (log: {log})")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it printed nothing"


@contextmanager
def _locked(program: Program, folder: Path) -> Iterator[None]:
    """Let one builder at a time into the folder, over all processes of this machine; others wait."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("wb")
    except OSError as error:
        raise ProgramMissing(program.name, f"the cache cannot be written: {error}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed, also by a crash
        yield


def _describe(name: str, only_present: bool) -> tuple[str, bool]:
    """One line about the program, and whether all is well with it."""
    try:
        path = present(name) if only_present else find(name)
        if path is None:
            return f"{name}: not built", True
        return f"{name} {version(name, path)} {path}", True
    except ProgramMissing as missing:
        return f"{missing}", False


def main(arguments: list[str]) -> int:
    """Build (or list) all programs, a line each; 1 when one of them cannot be had."""
    parser = argparse.ArgumentParser(description="Build the real programs that judge tracegen's output.")
    parser.add_argument("--present", action="store_true", help="only list what is built already")
    only_present = bool(parser.parse_args(arguments).present)
    all_well = True
    for name in PROGRAMS:
        line, well = _describe(name, only_present)
        print(line, flush=True)
        all_well = all_well and well
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
