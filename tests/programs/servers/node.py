"""A real Kubernetes of one node: all that runs pods and answers names, with policies enforced.

Only for root on Linux. `node.sh` starts all of it in namespaces of its own, so nothing of this machine's network,
mounts or processes changes, and all ends with its first process. No image is pulled: they come as archives.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from programs import build
from programs.build import ProgramMissing
from programs.debian import debian_root
from programs.images import write_image
from programs.running import Running

NAME = "kubernetes-node"
HERE = Path(__file__).resolve().parent
START_SECONDS, READY_SECONDS, COMMAND_SECONDS = 180.0, 180.0, 120.0
VOLUMES, VOLUME_SIZE = 48, "100Gi"
CGROUP = "tracegen-node"
#: What a stranger's pod is made of: see `kubernetes-network/pod`.
POD_IMAGE = "tracegen/pod:local"
_PACKAGES = ("containerd", "runc", "conntrack", "ipset", "iptables", "iproute2", "containernetworking-plugins")
_COMMANDS = ("containerd", "ctr", "runc", "conntrack", "ipset", "iptables", "ip", "unshare", "nsenter", "openssl")
_NETWORK = 0x40000000

Result = TypeVar("Result")


@dataclass(frozen=True)
class Node:
    """A cluster that runs pods; `inside` is a process whose network it has, `folder` what it works in."""

    version: str
    folder: Path
    inside: int
    kubectl_program: Path

    def kubectl(self, *words: str | Path, given: str | None = None, seconds: float = COMMAND_SECONDS) -> str:
        """What a command of kubectl prints; an AssertionError with what it said when it fails."""
        done = self.tried(*words, given=given, seconds=seconds)
        assert done.returncode == 0, f"kubectl {' '.join(map(str, words))}: {done.stderr}"
        return done.stdout

    def tried(
        self, *words: str | Path, given: str | None = None, seconds: float = COMMAND_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """A command of kubectl, whatever comes of it."""
        enter = ["nsenter", "--target", str(self.inside), "--net"]
        command = [*enter, self.kubectl_program, "--kubeconfig", self.folder / "kubeconfig", *words]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds, check=False)

    def apply(self, *things: Any) -> None:
        """Have these objects."""
        self.kubectl("apply", "-f", "-", given="\n---\n".join(json.dumps(each) for each in things))

    def items(self, kind: str, namespace: str) -> list[Any]:
        """The objects of a kind in a namespace."""
        answer = self.kubectl("get", kind, "--namespace", namespace, "--output", "json")
        return list(json.loads(answer)["items"])

    def load(self, reference: str, files: dict[str, Path], entrypoint: Sequence[str], user: str = "") -> None:
        """Have an image of these files."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            archive = Path(folder) / "image.tar"
            write_image(archive, reference, files, entrypoint, user)
            _import(self.folder, self.inside, archive)

    def reached(self, pod: Any, addresses: Sequence[str]) -> set[str]:
        """Which addresses, `host:port`, take a connection from a pod; names are not resolved as in it."""
        identity = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
        tasks = self._inside(
            "ctr", "--address", self.folder / "containerd.sock", "--namespace", "k8s.io", "task", "list"
        )
        process = next(line.split()[1] for line in tasks.splitlines() if line.startswith(identity))
        found = self._inside("nsenter", "--target", process, "--net", build.find("pod"), "connect", *addresses)
        return set(found.split())

    def _inside(self, *command: str | Path) -> str:
        enter = ["nsenter", "--target", str(self.inside), "--mount", "--pid", "--net"]
        done = subprocess.run(
            [*enter, *map(str, command)], check=True, capture_output=True, text=True, timeout=COMMAND_SECONDS
        )
        return done.stdout

    def wait(self, ready: Callable[[], Result | None], seconds: float = READY_SECONDS) -> Result:
        """The first true answer; an AssertionError with the pods as they are when none comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := ready():
                return found
            time.sleep(1)
        raise AssertionError(
            f"not in {seconds:g} s: {self.tried('get', 'pods', '--all-namespaces', '-o', 'wide').stdout}"
        )

    def within(self, action: Callable[[], Result]) -> Result:
        """What `action` gives when its connections begin on the node; its errors are raised here."""
        found: list[Result] = []
        failed: list[BaseException] = []

        def entered() -> None:
            try:
                with Path(f"/proc/{self.inside}/ns/net").open("rb") as network:
                    if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _NETWORK):
                        raise OSError(ctypes.get_errno(), "the network of the node cannot be entered")
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


@contextmanager
def started(logs: Path) -> Iterator[Node]:
    """The node with names and volumes, ready to take pods; raises ProgramMissing."""
    cni = _packages()
    programs = {
        each: build.find(each) for each in ("kubernetes-node", "kubernetes-network", "pod", "etcd", "kube-apiserver")
    }
    kubectl = build.find("kubectl")
    with tempfile.TemporaryDirectory(prefix="tracegen-node-", ignore_cleanup_errors=True) as folder:
        work = Path(folder).resolve()
        work.chmod(0o755)
        _images(work / "images", programs)
        order = ("kubernetes-node", "kubernetes-network", "etcd", "kube-apiserver")
        words = [
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--mount-proc",
            "--fork",
            "--kill-child",
        ]
        arguments = [
            *words,
            "sh",
            str(HERE / "node.sh"),
            *(str(programs[each]) for each in order),
            str(cni),
            str(work),
        ]
        first = Running(Path(shutil.which("setpriv") or "setpriv"), arguments, logs, name=NAME)
        try:
            with first:
                yield _ready(first, work, kubectl)
        finally:
            _keep_logs(work, logs)
            _remove_cgroups()


def _packages() -> Path:
    """The folder of CNI plugins; what is not here yet is installed by apt."""
    if os.geteuid() != 0 or platform.system() != "Linux":
        raise ProgramMissing(NAME, "only root on Linux can start one")
    if any(shutil.which(each) is None for each in _COMMANDS):
        if shutil.which("apt-get") is None:
            raise ProgramMissing(NAME, "containerd or what it needs is not installed, and this is no Debian")
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *_PACKAGES[:-1]]):
            command = ["apt-get", "--quiet", *words]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise ProgramMissing(NAME, f"apt does not install what it needs: {done.stderr.strip()[-300:]}")
    return debian_root(_PACKAGES[-1]) / "usr/lib/cni"


def _images(folder: Path, programs: dict[str, Path]) -> None:
    """What runs on every cluster: the image of a pod's namespaces, and names."""
    folder.mkdir()
    pod = {"/pod": programs["pod"]}
    write_image(folder / "pause.tar", "registry.k8s.io/pause:3.10", pod, ["/pod"])
    write_image(folder / "pod.tar", f"docker.io/{POD_IMAGE}", pod, ["/pod"], "65532:65532")
    names = {"/network": programs["kubernetes-network"]}
    write_image(folder / "names.tar", "docker.io/tracegen/names:local", names, ["/network", "coredns"])


def _ready(first: Running, work: Path, kubectl: Path) -> Node:
    first.wait_until(lambda: (work / "started").exists() or None, START_SECONDS)
    node = Node(build.version("kube-apiserver", build.find("kube-apiserver")), work, _child(first.pid), kubectl)
    node.wait(lambda: _is_ready(node, "node") and _enforces(node))
    node.apply(*_names(), *(_volume(work, number) for number in range(VOLUMES)))
    node.wait(lambda: _is_ready(node, "pod", "--namespace=kube-system"))
    return node


def _enforces(node: Node) -> bool:
    """Whether policies are looked at: until then all passes."""
    chain = ["iptables", "--wait", "--list", "KUBE-ROUTER-FORWARD", "--numeric"]
    command = ["nsenter", "--target", str(node.inside), "--net", "--mount", *chain]
    return subprocess.run(command, capture_output=True, timeout=COMMAND_SECONDS, check=False).returncode == 0


def _is_ready(node: Node, kind: str, *more: str) -> bool:
    done = node.tried("get", kind, *more, "--output", "json")
    items = json.loads(done.stdout)["items"] if done.returncode == 0 else []
    return bool(items) and all(
        condition["status"] == "True"
        for each in items
        for condition in each["status"].get("conditions", [{"type": "Ready", "status": "False"}])
        if condition["type"] == "Ready"
    )


def _child(process: int) -> int:
    """The first process in the namespaces: `unshare` waits outside of them."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8")
    return int(found.split()[0])


def _import(folder: Path, inside: int, archive: Path) -> None:
    enter = ["nsenter", "--target", str(inside), "--mount", "--pid", "--net"]
    words = [
        "ctr",
        "--address",
        str(folder / "containerd.sock"),
        "--namespace",
        "k8s.io",
        "images",
        "import",
        str(archive),
    ]
    subprocess.run([*enter, *words], check=True, capture_output=True, timeout=COMMAND_SECONDS)


def _names() -> Iterator[Any]:
    """CoreDNS as clusters run it, with the rights of an administrator."""
    labels, named = {"k8s-app": "kube-dns"}, {"name": "names", "namespace": "kube-system"}
    core = ".:53 {\n errors\n ready :8181\n kubernetes cluster.local in-addr.arpa\n cache 5\n}\n"
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named}
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "names"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", **named}],
    }
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"Corefile": core}}
    container = {
        "name": "names",
        "image": "tracegen/names:local",
        "imagePullPolicy": "Never",
        "args": ["-conf", "/etc/names/Corefile"],
        "volumeMounts": [{"name": "configuration", "mountPath": "/etc/names"}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
    }
    spec = {
        "serviceAccountName": "names",
        "dnsPolicy": "Default",
        "containers": [container],
        "volumes": [{"name": "configuration", "configMap": {"name": "names"}}],
    }
    template = {"metadata": {"labels": labels}, "spec": spec}
    workload = {"selector": {"matchLabels": labels}, "template": template}
    yield {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {**named, "labels": labels}, "spec": workload}
    ports = [{"name": each, "port": 53, "protocol": each.upper()} for each in ("udp", "tcp")]
    service = {"clusterIP": "10.96.0.10", "selector": labels, "ports": ports}
    yield {"apiVersion": "v1", "kind": "Service", "metadata": {**named, "labels": labels}, "spec": service}


def _volume(work: Path, number: int) -> Any:
    """A volume without a class, which a claim without one takes; `local`, where the kubelet sets the group."""
    path = work / "volumes" / str(number)
    path.mkdir(parents=True)
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node"]}
    spec = {
        "capacity": {"storage": VOLUME_SIZE},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "local": {"path": str(path)},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"volume-{number}"}, "spec": spec}


def _keep_logs(work: Path, logs: Path) -> None:
    for each in work.glob("*.log"):
        with contextlib.suppress(OSError):
            shutil.copy(each, logs / f"node-{each.name}")


def _remove_cgroups() -> None:
    """Those of the pods: they are the whole machine's, and empty now."""
    for top in (*Path("/sys/fs/cgroup").glob(f"*/{CGROUP}"), Path("/sys/fs/cgroup") / CGROUP):
        for folder in (*sorted((each for each in top.rglob("*") if each.is_dir()), reverse=True), top):
            with contextlib.suppress(OSError):
                folder.rmdir()
