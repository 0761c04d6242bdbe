"""Rehearsed traffic in the viewer: the map of a system that nobody has built yet is seen whole."""

import json
from pathlib import Path

import pytest

from support import compiled, one_service, tracegen
from tracegen.cli.declared import declared
from tracegen.traces import Store, statistics
from tracegen.view import Viewer, edge_states

SERVICES = {
    "web": {"language": "node", "calls": ["cart", "pay"], "traffic": {"requests_per_second": 30, "errors": 0.2}},
    "cart": {"language": "python", "calls": ["pay"]},
    "pay": {"language": "go", "calls": ["web"]},
}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_every_declared_edge_is_seen_and_no_other(tmp_path: Path, protocol: str) -> None:
    compiled(tmp_path, one_service(services=SERVICES))
    known = declared(str(tmp_path / "tracegen.yaml"))
    with Store() as store, Viewer(store, known, http_port=0, grpc_port=0) as viewer:
        to = viewer.http if protocol == "http" else viewer.grpc.replace("http://", "grpc://")
        ran = tracegen("rehearse", tmp_path / "tracegen.yaml", "--to", to, "--duration", "2s", "--format", "json")
        assert ran.code == 0, ran.err
        states = edge_states(known, statistics(store))
    assert json.loads(ran.out)["sent"]["acknowledged"] == json.loads(ran.out)["made"]["spans"] > 0
    assert set(states.values()) == {"seen"} and len(states) == 4
