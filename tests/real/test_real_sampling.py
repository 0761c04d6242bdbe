"""Rendered tail sampling, run for real: every trace that should be kept is, whole, by one collector or by three."""

import re
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from programs.known_traces import SPANS, Counted, counted, interval, known_traces, metrics_page, send, settled
from programs.running import Span, send_spans, wait_until
from programs.sampling_system import BALANCER, GATEWAY, GOLD, SECRETS, SHARES, NameService, running
from support import development_certificates
from tracegen.system.kept import Row

CERTIFICATES = {"ca": "ca.pem", "cert": "tls.crt", "key": "tls.key"}
_TAIL = "otelcol_processor_tail_sampling_"
LOST = f"{_TAIL}sampling_trace_dropped_too_early_total"
MEMORY = "otelcol_process_memory_rss_bytes"
CALLS = "traces_span_metrics_calls_total"


def agrees(found: Counted, predicted: Mapping[str, Row]) -> None:
    """Nothing came in parts, what is always kept came whole, and the rest came as often as was predicted."""
    assert not found.partial
    for kind, row in predicted.items():
        low, high = interval(found.sent[kind], row.kept)
        assert low <= found.whole[kind] <= high, f"{kind}: {found} against {row}"


@pytest.mark.parametrize("replicas", [1, 3])
def test_all_that_should_be_is_kept_whole(tmp_path: Path, collector: Path, replicas: int) -> None:
    traces = known_traces(3_000, 7, **SHARES)
    quick = {"connectors": {"span_metrics": {"metrics_flush_interval": "1s"}}}
    said = {"metrics": True, "overrides": {"collector/gateway.yaml": quick}}
    with running(tmp_path, collector, replicas=replicas, **said) as system:
        send(system.endpoint, traces, 300)
        settled(system.recorder, 4)
        found = counted(system.recorder, traces)
        agrees(found, system.predicted())
        assert all(found.whole[kind] == found.sent[kind] > 50 for kind in ("error", "slow", "tagged"))
        # A trace that had been split would be new in two collectors.
        assert system.metric(f"{_TAIL}new_trace_id_received_total") == len(traces)
        assert system.metric(f"{_TAIL}sampling_trace_dropped_too_early_total") == 0
        # Metrics are made before anything is dropped.
        wait_until(lambda: system.metric(CALLS, "span-metrics") == len(traces) * SPANS, 30)


def test_every_way_to_say_what_is_kept(tmp_path: Path, collector: Path) -> None:
    traces = known_traces(2_000, 11, **SHARES)
    status = {"attribute": {"key": "http.response.status_code", "values": ["200"]}}
    route = {"attribute": {"key": "http.route", "values": ["/pay", "/buy"]}}
    keep = [
        {"all": ["errors", {"all": [route, status]}]},
        {"all": [{"slower_than": "1s"}, {"attribute": {"key": "http.route", "values": ["/other"]}}]},
        {"all": [{"ratio": 0.2}, GOLD]},
        {"attribute": {"key": "http.response.status_code", "values": ["404"]}},
    ]
    with running(tmp_path, collector, keep=keep) as system:
        send(system.endpoint, traces, 300)
        settled(system.recorder, 4)
        found = counted(system.recorder, traces)
    assert not found.partial
    assert found.whole["error"] == found.sent["error"] > 30
    assert not found.whole["slow"] - found.whole["tagged"] or found.whole["slow"] < found.sent["slow"] / 4
    assert not found.whole["normal"]
    low, high = interval(found.sent["tagged"], 0.2)
    assert low <= found.whole["tagged"] <= high


@pytest.mark.parametrize(("replicas", "load"), [(1, 100), (1, 300), (3, 200)])
def test_a_rate_limit_holds_over_time(tmp_path: Path, collector: Path, replicas: int, load: float) -> None:
    limit, seconds = 240, 10
    traces = known_traces(int(load * seconds), 13, errors=0.0, slow=0.0, tagged=0.0)
    with running(tmp_path, collector, replicas=replicas, rate=load, keep=[{"rate_limit": limit}]) as system:
        taken = send(system.endpoint, traces, load)
        settled(system.recorder, 4)
        found = counted(system.recorder, traces)
        predicted = system.predicted()["normal"].kept
    assert not found.partial
    # What is put aside for a burst comes on top once: two seconds' worth in each collector.
    most = limit * (taken + 3)
    assert 0.85 * limit * seconds <= found.whole["normal"] * SPANS <= most
    assert found.whole["normal"] / len(traces) == pytest.approx(predicted, rel=0.25)


def test_memory_stays_under_its_limit_and_no_loss_is_silent(tmp_path: Path, collector: Path) -> None:
    stated = 250
    with running(tmp_path, collector, rate=stated, keep=["errors"]) as system:
        limit = system.system.components[GATEWAY].resources
        slots = system.system.rendered.system.tail
        assert limit and slots
        for times, seed in ((1, 17), (2, 19), (6, 23)):
            before = system.metric(LOST)
            traces = known_traces(int(stated * times * 5), seed, errors=0.5, slow=0.0, tagged=0.0)
            send(system.endpoint, traces, stated * times)
            settled(system.recorder, 4)
            found = counted(system.recorder, traces)
            missing = found.sent["error"] - found.whole["error"]
            lost = system.metric(LOST) - before
            assert system.metric(MEMORY) < limit.memory
            if times < 3:
                assert not missing and not lost
            else:
                # Half of them have an error: twice as many are lost as are missing.
                assert 0 < missing <= lost
                assert lost == pytest.approx(2 * missing, rel=0.2)


def test_a_collector_that_is_stopped_decides_what_waits(tmp_path: Path, collector: Path) -> None:
    traces = known_traces(200, 29, errors=0.5, slow=0.0, tagged=0.0)
    with running(tmp_path, collector, keep=["errors"], tail={"decision_wait": "60s"}) as system:
        send(system.endpoint, traces, 200)
        assert not system.recorder.spans()
        system.gateways[0].restart()  # what it had no time to send is on disk
        settled(system.recorder, 3)
        found = counted(system.recorder, traces)
    assert found.whole["error"] == found.sent["error"] > 50
    assert not found.whole["normal"]


def test_alerts_ask_for_metrics_that_are_there(tmp_path: Path, collector: Path) -> None:
    with running(tmp_path, collector, replicas=2, metrics=True) as system:
        rules = yaml.safe_load(system.system.rendered.tree["prometheus/sampling.rules.yaml"])
        asked = {name for name in re.findall(r"otelcol_\w+", str(rules)) if "_total" in name or "_on_memory" in name}
        asked |= {"otelcol_loadbalancer_num_backends"}
        send(system.endpoint, known_traces(50, 31, **SHARES), 50)
        settled(system.recorder, 3)
        pages = metrics_page(system.system, GATEWAY) + metrics_page(system.system, BALANCER)
    assert len(asked) >= 5
    assert not [name for name in sorted(asked) if not re.search(rf"^{name}[{{ ]", pages, re.MULTILINE)]


def test_a_balancer_speaks_tls_and_shows_its_credentials(tmp_path: Path, collector: Path) -> None:
    files = development_certificates(tmp_path, GATEWAY, BALANCER)
    certificates = {
        "ca": {"file": "certs/ca.pem"},
        "cert": {"file": "certs/tls.crt"},
        "key": {"file": "certs/tls.key"},
    }
    security = {"tls": {"enabled": True, **certificates}, "ingest_auth": {"bearer": {"env": "TOKEN"}}}
    spans = [Span(f"span {number}", status=2) for number in range(20)]
    with running(tmp_path, collector, replicas=2, keep=["errors"], security=security, files=files) as system:
        context = ssl.create_default_context(cafile=str(files["certs/ca.pem"]))
        headers = {"authorization": f"Bearer {SECRETS['TOKEN']}"}
        send_spans(system.endpoint, {"service.name": "web"}, spans, headers=headers, context=context)
        wait_until(lambda: len(system.recorder.names()) == len(spans), 20)


def test_spans_for_a_collector_that_is_gone_go_to_the_others(tmp_path: Path, collector: Path) -> None:
    """With the resolver that is rendered, asking the names of a private hosts file."""
    names = NameService(tmp_path, collector)
    with running(
        tmp_path, collector, replicas=2, keep=["errors"], tail={"decision_wait": "8s"}, names=names
    ) as system:
        before = known_traces(200, 37, errors=0.5, slow=0.0, tagged=0.0)
        send(system.endpoint, before, 200)
        settled(system.recorder, 10)
        system.gateways[1].kill9()
        names.says(1)
        after = known_traces(600, 43, errors=0.5, slow=0.0, tagged=0.0)
        send(system.endpoint, after, 100)
        settled(system.recorder, 12, 90)
        for traces in (before, after):
            found = counted(system.recorder, traces)
            assert not found.partial
            assert found.whole["error"] == found.sent["error"] > 50
            assert not found.whole["normal"]
