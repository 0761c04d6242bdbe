"""What Docker and kubectl print is understood; no engine runs here, so a script prints what they would."""

import json
from pathlib import Path

import pytest

from tracegen.doctor.engine import State, compose_states, docker_folder, no_room, pod_states

PS = [
    {"Service": "otel-gateway", "State": "running", "Health": "healthy", "ExitCode": 0},
    {"Service": "volume-owner", "State": "exited", "Health": "", "ExitCode": 0},
    {"Service": "jaeger", "State": "restarting", "Health": "", "ExitCode": 1},
    {"Service": "checkout", "State": "running", "Health": "unhealthy", "ExitCode": 0},
]
PODS = {
    "items": [
        {
            "metadata": {"labels": {"app.kubernetes.io/name": "otel-gateway"}},
            "status": {"containerStatuses": [{"state": {"running": {}}}]},
        },
        {
            "metadata": {"labels": {"app.kubernetes.io/name": "jaeger"}},
            "status": {
                "containerStatuses": [
                    {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}}
                ]
            },
        },
        {
            "metadata": {"labels": {"app.kubernetes.io/name": "checkout"}},
            "status": {"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]},
        },
    ]
}


def prints(folder: Path, program: str, text: str, code: int = 0) -> None:
    (folder / "answer").write_text(text, encoding="utf-8")
    script = folder / program
    script.write_text(f"#!/bin/sh\ncat '{folder}/answer'\nexit {code}\n", encoding="utf-8")
    script.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.parametrize("text", ["\n".join(map(json.dumps, PS)), json.dumps(PS)], ids=["lines", "a list"])
def test_containers_that_do_not_do_their_work(programs: Path, text: str) -> None:
    prints(programs, "docker", text)
    assert list(compose_states(programs)) == [
        State("jaeger", "restarting (exit code 1)"),
        State("checkout", "unhealthy"),
    ]


def test_pods_that_wait(programs: Path) -> None:
    prints(programs, "kubectl", json.dumps(PODS))
    assert list(pod_states("shop")) == [State("jaeger", "CrashLoopBackOff: back-off 5m0s")]


def test_programs_that_do_not_answer_say_nothing(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prints(programs, "docker", "Cannot connect to the Docker daemon", 1)
    assert not list(compose_states(programs)) and docker_folder() is None
    monkeypatch.setenv("PATH", str(programs / "nothing"))
    assert not list(compose_states(programs)) and not list(pod_states("shop"))


def test_a_disk_without_room(tmp_path: Path) -> None:
    assert "are free on the disk of" in no_room(tmp_path, least=1 << 62)
