"""A real container engine: the one that answers here, or one of the tests' own, as root on Linux.

That of the tests is Debian's `docker.io`, put by debootstrap into a folder of the cache and started by `start.sh` in
namespaces of its own: no service is installed, nothing of this machine's network changes, and containers end with
the first process. Its data folder stays in the cache, so that layers are built once; containers and volumes do not.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from programs.build import ProgramMissing, _cache
from programs.running import NotInTime, Running, wait_until

NAME = "docker engine"
HERE = Path(__file__).resolve().parent
SUITE = "trixie"
#: What the engine needs beside Debian's smallest system.
PACKAGES = "docker.io,docker-cli,docker-compose,docker-buildx,iptables,iproute2,slirp4netns,util-linux"
BUILD_SECONDS, START_SECONDS, ANSWER_SECONDS, RESTART_SECONDS = 1800, 60, 10, 120
#: Layers of older trees pile up: beyond so many bytes the data folder is begun anew.
LARGEST = 25 * 2**30
#: The name server that slirp4netns is to those behind it.
RESOLVER = "nameserver 10.0.2.3\n"
_NETWORK = 0x40000000

Result = TypeVar("Result")


@dataclass(frozen=True)
class Engine:
    """An engine that answers at `address`; `inside` is the process whose network and files it sees, if not these."""

    address: str
    version: str
    inside: int | None = None

    @property
    def ours(self) -> bool:
        """Whether it is the tests' own, where images may be made under any name."""
        return self.inside is not None

    @property
    def environment(self) -> dict[str, str]:
        """Variables for clients."""
        return {**os.environ, "DOCKER_HOST": self.address}

    @property
    def client(self) -> list[str]:
        """The command of the client, to be started with `environment`; `compose` is one of its own."""
        # Its working folder would be lost with the files of this machine.
        return [*self._enter("--mount", f"--wdns={Path.cwd()}"), "docker"]

    def docker(
        self, *arguments: str | Path, given: bytes | None = None, both: bool = False, seconds: float = BUILD_SECONDS
    ) -> str:
        """What a command of the client prints, `both` on its standard output and as errors.

        An AssertionError with all that it said when it fails.
        """
        said = self._run([*self.client, *map(str, arguments)], given, seconds)
        return "\n".join(said) if both else said[0]

    def shell(self, command: str, folder: Path) -> str:
        """What a command line prints that a person would type in a folder; an AssertionError when it fails."""
        return self._run([*self._enter("--mount", f"--wdns={folder}"), "sh", "-c", command], None, BUILD_SECONDS)[0]

    def _run(self, command: list[str], given: bytes | None, seconds: float) -> list[str]:
        done = subprocess.run(
            command, input=given, capture_output=True, env=self.environment, timeout=seconds, check=False
        )
        said = [each.decode(errors="replace").strip() for each in (done.stdout, done.stderr)]
        assert done.returncode == 0, "\n".join([f"{' '.join(command)} failed", *said])
        return said

    def kill9(self, container: str) -> None:
        """End the first process of a container as a crash would: unlike `docker kill`, it is started again."""
        process = self.docker("inspect", "--format", "{{.State.Pid}}", container)
        assert process != "0", f"{container} does not run"
        end = [*self._enter("--mount", "--pid"), "sh", "-c", 'kill -9 "$0"', process]
        subprocess.run(end, check=True, timeout=ANSWER_SECONDS)

    def restart(self) -> None:
        """End the engine as its service would be stopped, and start it again: only the tests' own."""
        assert self.ours, "somebody's engine is not restarted"
        state = Path(self.address.removeprefix("unix://")).parent
        (state / "again").touch()
        process = (state / "pid").read_text(encoding="utf-8")
        end = [*self._enter("--mount", "--pid"), "sh", "-c", 'kill "$0"', process]
        subprocess.run(end, check=True, timeout=ANSWER_SECONDS)
        wait_until(lambda: not (state / "again").exists() and self._answers(), RESTART_SECONDS)

    def _answers(self) -> bool:
        ask = [*self.client, "version"]
        return subprocess.run(ask, capture_output=True, env=self.environment, check=False).returncode == 0

    def within(self, action: Callable[[], Result]) -> Result:
        """What `action` gives when its connections begin in the engine's network; its errors are raised here."""
        if self.inside is None:
            return action()
        found: list[Result] = []
        failed: list[BaseException] = []

        def entered() -> None:
            try:
                with Path(f"/proc/{self.inside}/ns/net").open("rb") as network:
                    if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _NETWORK):
                        raise OSError(ctypes.get_errno(), "the network of the engine cannot be entered")
                found.append(action())
            except BaseException as error:  # raised again in the thread that asked
                failed.append(error)

        # Only a thread of its own may leave this network: it ends there.
        thread = threading.Thread(target=entered)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return found[0]

    def _enter(self, *namespaces: str) -> list[str]:
        return [] if self.inside is None else ["nsenter", "--target", str(self.inside), *namespaces]


@contextmanager
def running(logs: Path) -> Iterator[Engine]:
    """An engine to the end of the block. Raises ProgramMissing where there is none and none can be started."""
    there = _that_answers()
    if there is not None:
        yield there
        return
    with _data() as state, _started(_root(), state, logs) as engine:
        yield engine


def _that_answers() -> Engine | None:
    if shutil.which("docker") is None:
        return None
    ask = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    return Engine(address, answer.stdout.strip()) if answer.returncode == 0 else None


def _root() -> Path:
    """A Debian with the engine in it, made once a machine."""
    if os.geteuid() != 0:
        raise ProgramMissing(NAME, "none answers, and only root can start one")
    return debian("engine", PACKAGES, lambda root: (root / "etc/resolv.conf").write_text(RESOLVER))


def debian(name: str, packages: str, finish: Callable[[Path], object] = lambda root: None) -> Path:
    """A Debian with these packages, by commas, that nothing runs in yet; made once a machine."""
    content = hashlib.sha256(f"{SUITE} {packages}".encode()).hexdigest()[:8]
    whole = _cache() / "engine" / f"{name}-{SUITE}-{content}"
    with _locked(whole.with_suffix(".lock")):
        if not whole.exists():
            part = whole.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            _debootstrap(packages, part)
            finish(part)
            part.rename(whole)
    return whole


def _debootstrap(packages: str, target: Path) -> None:
    for tool, package in (("debootstrap", "debootstrap"), ("nsenter", "util-linux"), ("unshare", "util-linux")):
        if shutil.which(tool) is None:
            _install(package)
    command = ["debootstrap", "--variant=minbase", f"--include={packages}", SUITE, str(target), *_mirror()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if done.returncode != 0:
        raise ProgramMissing(NAME, f"debootstrap failed: {(done.stdout + done.stderr).strip()[-300:]}")
    shutil.rmtree(target / "var/cache/apt/archives", ignore_errors=True)
    shutil.rmtree(target / "var/lib/apt/lists", ignore_errors=True)
    # Whoever stands between this machine and the registries is known there too.
    for file in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf"):
        if Path(file).is_file():
            (target / file[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / file[1:])


def _install(package: str) -> None:
    """With apt, which changes nothing of the engine: its own package is only unpacked."""
    if shutil.which("apt-get") is None:
        raise ProgramMissing(NAME, f"none answers, {package} is not installed, and this is no Debian")
    for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", "--quiet", *command], capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
    if done.returncode != 0:
        raise ProgramMissing(NAME, f"apt does not install {package}: {done.stderr.strip()[-300:]}")


def _mirror() -> list[str]:
    """Where apt has its packages from, so that no second place is asked."""
    plan = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    done = subprocess.run(plan, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    sites = [line for line in done.stdout.splitlines() if line.endswith(("/debian", "/debian/"))]
    return sites[:1]


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _data() -> Iterator[Path]:
    """The folder with what the engine built before; a new one, gone afterwards, while another run has that."""
    place = _cache() / "engine" / "tracegen-engine"
    place.mkdir(parents=True, exist_ok=True)
    with (place.parent / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with tempfile.TemporaryDirectory(prefix="tracegen-engine-", ignore_cleanup_errors=True) as folder:
                yield Path(folder)
            return
        _tidy(place)
        yield place
        _tidy(place)


def _tidy(state: Path) -> None:
    """Only layers stay: a container left by a killed run would start again with the engine."""
    _remove_cgroups(state.name)
    data = state / "data"
    for rest in (
        *(data / name for name in ("containers", "volumes", "network")),
        state / "run",
        *(state / name for name in ("network", "docker.sock", "pid", "again")),
    ):
        shutil.rmtree(rest, ignore_errors=True) if rest.is_dir() else rest.unlink(missing_ok=True)
    used = subprocess.run(["du", "--summarize", "--block-size=1", data], capture_output=True, text=True, check=False)
    if int((used.stdout.split() or ["0"])[0]) > LARGEST:
        shutil.rmtree(data)


@contextmanager
def _started(root: Path, state: Path, logs: Path) -> Iterator[Engine]:
    # The whole of it ends with this process, however that ends.
    words = ["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh"]
    setpriv = Path(shutil.which("setpriv") or "setpriv")
    first = Running(setpriv, [*words, str(HERE / "start.sh"), str(root), str(state)], logs, name="dockerd")
    try:
        with first:
            socket = state / "docker.sock"
            try:
                inside = first.wait_until(lambda: _engine_of(first.pid) if socket.exists() else None, START_SECONDS)
            except NotInTime as error:
                raise ProgramMissing(NAME, f"does not start here: {first.output().strip()[-300:]}") from error
            engine = Engine(f"unix://{socket}", "", inside)
            version = engine.docker("version", "--format", "{{.Server.Version}}", seconds=ANSWER_SECONDS)
            yield Engine(engine.address, version, inside)
            _stop(first, engine)
    finally:
        _remove_cgroups(state.name)


def _stop(first: Running, engine: Engine) -> None:
    """All containers, then the engine in order, so that it leaves no mount and no control group."""
    containers = engine.docker("ps", "--all", "--quiet").split()
    if containers:
        engine.docker("rm", "--force", "--volumes", *containers)
    shell = _children(first.pid)
    if shell:
        os.kill(shell[0], signal.SIGTERM)
    end = time.monotonic() + START_SECONDS
    while first.alive and time.monotonic() < end:
        time.sleep(0.05)


def _engine_of(process: int) -> int | None:
    """The process that has the engine's network: `unshare`, its shell, then the shell that starts the engine."""
    own = Path("/proc/self/ns/net").readlink()
    for shell in _children(process):
        for each in _children(shell):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{each}/ns/net").readlink() != own:
                    return each
    return None


def _children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8")
    return [int(each) for each in found.split()]


def _remove_cgroups(name: str) -> None:
    """What a killed engine leaves there."""
    for top in (*Path("/sys/fs/cgroup").glob(f"*/{name}"), Path("/sys/fs/cgroup") / name):
        for folder in sorted((each for each in top.rglob("*") if each.is_dir()), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        with contextlib.suppress(OSError):
            top.rmdir()
