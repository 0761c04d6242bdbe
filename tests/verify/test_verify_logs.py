"""Logs: whether those that are written during a request name its trace, in files and as they come."""

import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support import tracegen
from tracegen.cli.declared import expected
from tracegen.traces import Store, decode, read_file
from tracegen.verify import verify
from tracegen.view import Viewer
from verify.healthy import healthy, service_of, spans
from view.test_view_server import post

SERVICES = ("web", "cart", "pay", "stock", "ledger")


def logs_of(
    message: ExportTraceServiceRequest, *, untraced: str = "", outside: bool = False
) -> ExportLogsServiceRequest:
    """A record in the middle of each request; those of one service without its trace; one before all of them."""
    found = ExportLogsServiceRequest()
    for each in message.resource_spans:
        name = service_of(each.resource)
        holder = found.resource_logs.add(resource=each.resource).scope_logs.add()
        for span in (span for scope in each.scope_spans for span in scope.spans if span.kind == 2):
            middle = (span.start_time_unix_nano + span.end_time_unix_nano) // 2
            holder.log_records.add(
                time_unix_nano=middle,
                severity_number=9,  # type: ignore[arg-type]
                trace_id=b"" if name == untraced else span.trace_id,
            )
        if outside:
            first = min(span.start_time_unix_nano for _, span in spans(message))
            holder.log_records.add(time_unix_nano=first - 10**9, severity_number=9)  # type: ignore[arg-type]
    return found


def as_json(message: ExportLogsServiceRequest) -> bytes:
    said = MessageToDict(message)
    for each in said["resourceLogs"]:
        for record in each["scopeLogs"][0]["logRecords"]:
            if "traceId" in record:
                record["traceId"] = b64decode(record["traceId"]).hex()
            record["severityNumber"] = 9
    return json.dumps(said).encode()


@pytest.mark.parametrize("write", [ExportLogsServiceRequest.SerializeToString, as_json], ids=["protobuf", "json"])
@pytest.mark.parametrize("untraced", ["", *SERVICES])
def test_logs_in_a_file(untraced: str, write: Callable[[ExportLogsServiceRequest], bytes], tmp_path: Path) -> None:
    message = healthy(tmp_path)
    path = tmp_path / "logs"
    path.write_bytes(write(logs_of(message, untraced=untraced, outside=True)))
    with Store() as store:
        store.add(decode(message.SerializeToString()))
        store.add(read_file(str(path)))
        found = verify(store, expected(str(tmp_path / "tracegen.yaml"))).findings
    assert [(each.code.id, each.subject) for each in found] == [("logs-without-trace", untraced)] * bool(untraced)
    assert not untraced or found[0].trace_id in {span.trace_id.hex() for _, span in spans(message, untraced)}


def test_traces_and_logs_in_one_document(tmp_path: Path) -> None:
    message = healthy(tmp_path)
    traces, logs = tmp_path / "traces.pb", tmp_path / "logs.json"
    traces.write_bytes(message.SerializeToString())
    logs.write_bytes(as_json(logs_of(message, untraced="pay")))
    ran = tracegen("verify", tmp_path / "tracegen.yaml", "--from", traces, "--from", logs)
    assert ran.code == 1 and "warning: logs-without-trace: pay: " in ran.out and "have no trace id" in ran.out


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_logs_that_are_sent(protocol: str, tmp_path: Path) -> None:
    message = healthy(tmp_path)
    logs = logs_of(message, untraced="stock").SerializeToString()
    with Store() as store, Viewer(store, http_port=0, grpc_port=0) as viewer:
        assert post(viewer, message.SerializeToString())[0] == 200
        if protocol == "http":
            assert post(viewer, logs, "/v1/logs") == (200, b"")
        else:
            with grpc.insecure_channel(viewer.grpc.removeprefix("http://")) as channel:
                channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")(logs)
        found = verify(store, expected(str(tmp_path / "tracegen.yaml"))).findings
    assert [(each.code.id, each.subject) for each in found] == [("logs-without-trace", "stock")]


def test_logs_have_a_bound(tmp_path: Path) -> None:
    message = healthy(tmp_path)
    with Store(most=100) as store:
        for _ in range(5):
            store.add(decode(logs_of(message).SerializeToString()))
        assert store.rows("select count(*) from logs")[0][0] <= 100
