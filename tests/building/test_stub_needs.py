"""What a stub must be able to do is the same in each environment, and no more than any of them asks for."""

from pathlib import Path

import pytest

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.compiler import build
from tracegen.source.files import load

SPEC = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
services: {api: {language: go, framework: gin}, other-one: {language: go}}
"""
ALWAYS = {"tracecontext", "baggage"}


def needs(folder: Path, more: str) -> dict[str | None, set[str]]:
    path = folder / "tracegen.yaml"
    path.write_text(SPEC + more, encoding="utf-8")
    document = load(str(path), None)
    specs = check(document, catalogue()).settings
    return {
        name: set(build(document, spec, catalogue()).system.services["api"].needs) for name, spec in specs.items()
    }


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", set()),
        ("propagators: [tracecontext, b3]\n", {"b3"}),
        ("environments: {prod: {propagators: [jaeger]}, test: {propagators: [b3multi]}}\n", {"jaeger", "b3multi"}),
        ("environments: {prod: {sampling: {head: {type: remote, default: {ratio: 0.1}}}}}\n", {"remote_sampling"}),
        ("service_defaults: {sampling: {head: {type: rate_limit, traces_per_second: 5}}}\n", {"remote_sampling"}),
        ("service_defaults: {env: {OTEL_EXPORTER_OTLP_PROTOCOL: grpc}}\n", {"otlp_grpc"}),
        ("service_defaults: {env: {OTEL_PROPAGATORS: 'b3, baggage'}}\n", {"b3"}),
        ("sampling: {tail: {keep: [{attribute: {key: site, values: [remote]}}]}}\n", set()),
        ("environments: {prod: {sampling: {head: remote}}}\n", {"remote_sampling"}),
        ("environments: {prod: {services: {other-one: {env: {OTEL_PROPAGATORS: b3}}}}}\n", set()),
    ],
)
def test_all_environments_together_and_no_more(more: str, expected: set[str], tmp_path: Path) -> None:
    found = needs(tmp_path, "accept: {TG511: 'for the test'}\n" + more)
    assert set(map(frozenset, found.values())) == {frozenset(ALWAYS | expected)}
