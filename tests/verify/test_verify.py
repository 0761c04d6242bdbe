"""Healthy traces give no finding; each contract that is broken gives its own, and no other."""

from hashlib import sha256
from pathlib import Path

import pytest

from support import ROOT
from tracegen.cli.pipeline import compile_spec
from tracegen.rehearse.facts import facts_of
from tracegen.rehearse.otlp import Part, request
from tracegen.rehearse.traces import Rehearsal
from tracegen.verify import CODES, Expected, ExpectedService, verify
from traces.made import START, made, resource_spans, stored
from verify.healthy import (
    BROKEN,
    BROKEN_CONTRACTS,
    CONTRACTS,
    EXPECT,
    Mutation,
    below,
    healthy,
    key_not_redacted,
    service_of,
    silent_service,
    spans,
    undeclared_service,
    verified,
)

TAIL = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
sampling: {tail: {keep: [errors, {slower_than: 2s}]}}
services:
  web: {language: python, calls: [pay], traffic: {requests_per_second: 10, errors: 0.5}}
  pay: {language: go}
"""


def test_healthy_traces_give_no_finding(tmp_path: Path) -> None:
    verdict = verified(tmp_path, healthy(tmp_path))
    assert verdict.findings == [] and verdict.untold == []
    assert verdict.score.value == 100 and verdict.traces == 50 and verdict.spans > 500


@pytest.mark.parametrize(("mutation", "code", "subject"), BROKEN, ids=[each[0].__name__ for each in BROKEN])
def test_a_broken_contract_gives_its_finding_and_no_other(
    mutation: Mutation, code: str, subject: str, tmp_path: Path
) -> None:
    message = healthy(tmp_path)
    ids = {span.trace_id.hex() for _, span in spans(message)}
    mutation(message)
    found = verified(tmp_path, message).findings
    assert [each.code.id for each in found] == [code], [(each.subject, each.message) for each in found]
    assert not subject or found[0].subject == subject
    if code not in ("no-spans", "silent-service", "silent-edge"):
        assert found[0].trace_id in ids | {"1".zfill(32), (b"r" * 16).hex()}


def test_every_code_is_broken_once() -> None:
    contracts = {code for _, code in BROKEN_CONTRACTS}
    assert {code for _, code, _ in BROKEN} | contracts | {"tail-kept", "logs-without-trace"} == set(CODES)


def test_what_is_expected_of_a_call_and_so_gives_no_finding(tmp_path: Path) -> None:
    assert verified(tmp_path, healthy(tmp_path, CONTRACTS)).findings == []


@pytest.mark.parametrize(("mutation", "code"), BROKEN_CONTRACTS, ids=[each[0].__name__ for each in BROKEN_CONTRACTS])
def test_a_broken_expectation_gives_its_finding_and_no_other(mutation: Mutation, code: str, tmp_path: Path) -> None:
    message = healthy(tmp_path, CONTRACTS)
    mutation(message)
    found = verified(tmp_path, message).findings
    told = [each.message for each in found]
    assert [(each.code.id, each.subject) for each in found] == [(code, "pay → ledger")], told
    assert found[0].trace_id in {span.trace_id.hex() for _, span in spans(message)}


def test_a_trace_that_should_end_and_goes_on(tmp_path: Path) -> None:
    spec = CONTRACTS.replace(EXPECT, "{propagated: false}")
    [finding] = verified(tmp_path, healthy(tmp_path, spec)).findings
    assert finding.code.id == "expect-propagated" and "goes on in" in finding.message and finding.count > 1
    # Ends it does where each call begins a trace of its own, and nobody says that it was restarted.
    message = healthy(tmp_path, spec)
    for number, begin in enumerate([span for _, span in spans(message, "ledger") if span.kind == 2]):
        moved = below(message, begin.span_id)
        begin.parent_span_id = b""
        for _, span in spans(message):
            if span.span_id in moved:
                span.trace_id = sha256(bytes([number])).digest()[:16]  # as random as it must be
    assert verified(tmp_path, message).findings == []


def test_of_who_sends_nothing_no_expectation_is_said_to_be_broken(tmp_path: Path) -> None:
    message = healthy(tmp_path, CONTRACTS)
    silent_service(message)
    assert [each.code.id for each in verified(tmp_path, message).findings] == ["silent-service"]


def test_a_trace_that_no_policy_keeps(tmp_path: Path) -> None:
    message = healthy(tmp_path, TAIL)
    failed = {span.trace_id for _, span in spans(message) if span.status.code == 2}
    others = sorted({span.trace_id for _, span in spans(message)} - failed)
    assert failed and others
    for more in (0, 1):
        tried = healthy(tmp_path, TAIL)
        for each in tried.resource_spans:
            kept = [span for span in each.scope_spans[0].spans if span.trace_id in failed | set(others[:more])]
            del each.scope_spans[0].spans[:]
            each.scope_spans[0].spans.extend(kept)
        assert [each.code.id for each in verified(tmp_path, tried).findings] == ["tail-kept"] * more
    direct = verified(tmp_path, message, collected=False)
    assert not direct.findings and any(words.startswith("tail-kept:") for words in direct.untold)


def test_what_is_taken_out_by_the_collector_is_not_asked_of_what_did_not_pass_it(tmp_path: Path) -> None:
    message = healthy(tmp_path)
    key_not_redacted(message)
    verdict = verified(tmp_path, message, collected=False)
    assert not verdict.findings and verdict.untold == ["not-redacted: these spans did not pass the collector"]


def test_no_value_that_should_be_masked_is_told(tmp_path: Path) -> None:
    message = healthy(tmp_path)
    for _, span in spans(message, "pay"):
        span.name = "for jane@example.com"
    [finding] = verified(tmp_path, message).findings
    assert "jane" not in finding.message


def test_the_score_is_that_of_the_specification(tmp_path: Path) -> None:
    message = healthy(tmp_path)
    for each in message.resource_spans:
        if service_of(each.resource) == "cart":
            kept = [one for one in each.resource.attributes if one.key != "service.instance.id"]
            del each.resource.attributes[:]
            each.resource.attributes.extend(kept)
    score = verified(tmp_path, message).score
    # RES-001 is normal (20) of 40 + 5 normal or important rules: 40 + 6 * 30 + 3 * 20.
    assert score.services["cart"] == round(100 * (280 - 20) / 280, 2)
    assert score.services["web"] == 100 and score.category == "excellent"


#: Of the hundred services, most have no traffic in their spec: nobody rehearses them.
EXAMPLES = sorted(each for each in ROOT.glob("examples/*/tracegen.yaml") if "hundred" not in each.parent.name)


@pytest.mark.parametrize("spec", EXAMPLES, ids=[each.parent.name for each in EXAMPLES])
def test_nothing_is_found_in_the_examples(spec: Path) -> None:
    rehearsal = Rehearsal(facts_of(compile_spec(str(spec), None, strict=False)).scaled(20), 1)
    parts = [Part(trace, name) for trace in rehearsal.traces(5) if trace.sampled for name in trace.delays]
    assert verified(spec.parent, request(rehearsal, parts, START)).findings == []


@pytest.mark.parametrize("calls", [(), (("a", "a"),)])
def test_a_service_that_calls_itself_may_say_so(calls: tuple[tuple[str, str], ...]) -> None:
    spans_of_a = made("GET", 1, kind="server"), made("GET", 2, 1, kind="client"), made("GET", 3, 2, kind="server")
    said = {"service.instance.id": "1"}
    with stored(resource_spans("a", *spans_of_a, **said)) as store:
        assert not verify(store, Expected("shop", {"a": ExpectedService("a")}, calls, known=True)).findings


def test_the_backend_may_send_spans_of_its_own(tmp_path: Path) -> None:
    message = healthy(tmp_path)
    undeclared_service(message)
    message.resource_spans[-1].resource.attributes[0].value.string_value = "jaeger"
    assert verified(tmp_path, message).findings == []
