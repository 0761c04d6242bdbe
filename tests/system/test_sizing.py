"""What follows from the traffic that a spec states: memory and cores by storage, and how spans are sent to it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from support import compiled, one_service
from tracegen.catalogue import catalogue
from tracegen.system.units import MEBIBYTE


def rendered(tmp_path: Path, requests: float, **said: Any) -> Any:
    traffic = {"requests_per_second": requests, "spans_per_trace": 8}
    return compiled(tmp_path, one_service(services={"api": {"language": "go", "traffic": traffic}}, **said))


def exporter(found: Any, tier: str = "gateway") -> Any:
    config = yaml.safe_load(found.tree[f"collector/{tier}.yaml"])
    return next(value for name, value in config["exporters"].items() if name != "prometheus")


@pytest.mark.parametrize(
    ("storage", "memory"), [("memory", 512), ("badger", 2048), ("cassandra", 512), ("opensearch", 512)]
)
def test_memory_is_that_of_the_storage(tmp_path: Path, storage: str, memory: int) -> None:
    """Badger in 512 MiB refused four spans in ten of the 1,600 a second that it was derived from."""
    found = rendered(tmp_path, 200, backend={"type": "jaeger", "storage": storage})
    assert found.system.components["jaeger"].resources.memory == memory * MEBIBYTE


def test_an_archive_in_badger_is_a_second_store_in_memory(tmp_path: Path) -> None:
    found = rendered(tmp_path, 200, backend={"type": "jaeger", "archive": True})
    assert found.system.components["jaeger"].resources.memory == 2560 * MEBIBYTE


def test_cores_follow_from_the_rate(tmp_path: Path) -> None:
    few, many = (rendered(tmp_path, each, backend={"type": "jaeger"}) for each in (10, 4_000))
    for name in ("jaeger", "otel-gateway"):
        assert few.system.components[name].resources.cpu == 1.0
        assert many.system.components[name].resources.cpu > 1.0


def test_roles_take_what_their_work_is(tmp_path: Path) -> None:
    backend = {"type": "jaeger", "mode": "scalable", "storage": "opensearch"}
    parts = rendered(tmp_path, 2_000, backend=backend).system.components
    sizes = {name: parts[f"jaeger-{name}"].resources for name in ("collector", "ingester", "query")}
    assert sizes["query"].cpu < sizes["collector"].cpu < sizes["ingester"].cpu


def test_a_server_of_ours_grows_with_the_rate(tmp_path: Path) -> None:
    backend = {"type": "jaeger", "storage": "cassandra"}
    few, many = (rendered(tmp_path, each, backend=backend).system.components["cassandra"] for each in (10, 500))
    assert many.resources.memory > few.resources.memory and many.resources.cpu > few.resources.cpu
    assert many.environment["MAX_HEAP_SIZE"] == (f"{many.resources.memory // MEBIBYTE // 2}M",)


@pytest.mark.parametrize("name", catalogue().storages)
def test_a_request_has_time_to_be_stored(name: str) -> None:
    assert catalogue().storages[name].delivery.timeout >= 30


def test_cassandra_gets_little_at_a_time_and_long_for_it(tmp_path: Path) -> None:
    """With 5 s and ten requests of 3 MB it stored everything twice and acknowledged nothing."""
    found = exporter(rendered(tmp_path, 200, backend={"type": "jaeger", "storage": "cassandra"}))
    queue = found["sending_queue"]
    assert found["timeout"] == "120s"
    assert queue["num_consumers"] * queue["batch"]["max_size"] <= 400_000


def test_every_exporter_has_a_timeout(tmp_path: Path) -> None:
    also = [{"name": "vendor", "endpoint": "https://otlp.example.com"}]
    spec = {"collector": {"topology": "agent+gateway", "also": also}}
    found = rendered(tmp_path, 200, **spec)
    for tier in ("agent", "gateway"):
        for each in yaml.safe_load(found.tree[f"collector/{tier}.yaml"])["exporters"].values():
            assert each["timeout"] == "30s"
