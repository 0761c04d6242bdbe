"""Mistakes that people make, each answered with its place, the reason, and what to write instead.

A row: the wrong text, the right one in its place, and words of the hint. What the hint says makes the spec valid.
"""

from pathlib import Path

import pytest

from support import tracegen

SPEC = """\
tracegen: 1
name: shop
targets: [compose]
backend:
  type: jaeger
  retention: 3d
collector:
  topology: gateway
sampling:
  head:
    type: ratio
    ratio: 0.5
metrics: false
services:
  api:
    language: node
    framework: express
    port: 8080
    calls: [stock, prices]
    health: /healthz
    env:
      LOG_LEVEL: info
    resources: {memory: 512Mi}
  stock: {language: go}
  prices: {language: python}
environments:
  prod: {backend: {retention: 7d}}
"""

MISTAKES = [
    ("  type:jaeger\n", "  type: jaeger\n", "write `type: jaeger`"),
    ("backend:\n  type: jaeger\n  retention: 3d\n", None, "indent it: it belongs below backend"),
    ("  api:\n    language: node\n", None, "indent it like line"),
    (
        "  prices: {language: python}",
        "  prices:\n  language: python",
        "indent it: it belongs below a name in services",
    ),
    ("[stock, prices]", "stock, prices", "write it in brackets: [stock, prices]"),
    ("[stock, prices]", "stock", "write it in brackets: [stock]"),
    ("[stock, prices]", "[stok, prices]", "did you mean 'stock'?"),
    ("[stock, prices]", "['http://stock:8080', prices]", "write the name alone: stock"),
    ("[stock, prices]", "[stock, postgres]", "databases, queues and third parties are none"),
    ("language: node\n", "language: typescript\n", "say node"),
    ("language: node\n", "language: javascript\n", "say node"),
    ("language: node\n", "language: Node\n", "did you mean 'node'?"),
    ("language: go", "language: golang", "say go"),
    ("language: go", "language: c#", "say dotnet"),
    ("language: go", "language: kotlin", "say java"),
    ("language: go", "language: springboot", "say java"),
    ("type: jaeger", "type: zipkin", "say collector.receivers: [zipkin]"),
    ("type: jaeger", "type: otlp", "say external"),
    ("type: jaeger", "type: elasticsearch", "write backend: {type: jaeger, storage: elasticsearch}"),
    ("backend:\n  type: jaeger\n  retention: 3d\n", "backend: jaeger\n", "backend: {type: jaeger}"),
    ("collector:\n  topology: gateway\n", "collector: gateway\n", "write collector: {topology: gateway}"),
    ("type: ratio", "type: probabilistic", "say ratio"),
    ("ratio: 0.5", "ratio: 50%", "write 0.5"),
    ("ratio: 0.5", "ratio: 50", "for 50 per cent write 0.5"),
    ("  head:\n    type: ratio\n    ratio: 0.5\n", "  ratio: 0.5\n", "it belongs below sampling.head"),
    ("metrics: false", "metrics: no", "write false"),
    ("port: 8080", 'port: "8080"', "write it without quotes: 8080"),
    ("port: 8080", "port: 80:8080", "the port inside the container is enough: 8080"),
    ("port: 8080", "port: ${PORT}", "`${…}` is not expanded in a spec"),
    ("port: 8080", "ports: 8080", "did you mean 'port'?"),
    ("    calls:", "    depends_on:", "say calls"),
    ("/healthz", "healthz", "did you mean '/healthz'?"),
    ("/healthz", "http://localhost:8080/healthz", "the path alone: /healthz"),
    ("env:\n      LOG_LEVEL: info", "env:\n      - LOG_LEVEL=info", "for example env: {LOG_LEVEL: info}"),
    ("LOG_LEVEL: info", 'LOG_LEVEL: "postgres://u:${PW}@db"', '["postgres://u:", {env: PW}, "@db"]'),
    ("512Mi", "512MB", "did you mean '512Mi'?"),
    ("retention: 3d", "retention: 3 days", "did you mean '3d'?"),
    ("retention: 3d", "storage: {retention: 3d}", "its keys are"),
    ("name: shop", "name: My Shop", "did you mean 'my-shop'?"),
    ("  stock: {language", "  my_stock: {language", "did you mean 'my-stock'?"),
    ("environments:", "environment:", "did you mean 'environments'?"),
    ("environments:\n  prod: {backend: {retention: 7d}}\n", "environments: [prod]\n", "for example environments:"),
    ("targets: [compose]", "targets: docker", "write it in brackets"),
    ("targets: [compose]", "targets: [k8s]", "say kubernetes"),
    ("  stock: {language: go}", "\tstock: {language: go}", "replace each tab by spaces"),
    ("{language: python}", "{language: 'python}", "close it with '"),
    ("{language: python}", "{language python}", "write `language: python`"),
    ("    framework: express", "   framework: express", "indent it by"),
    ("metrics: false\n", "metrics: false\nmetrics: false\n", "keep one"),
    ("metrics: false\n", "metrics: false\nsecurity: {ingest_auth: {}}\n", "its keys are basic and bearer"),
    ("services:\n", "service:\n", "did you mean 'services'?"),
]

#: Rows of which the first text is the right one, and is taken out of the indentation it needs.
_DEDENTED = {1: "backend:\ntype: jaeger\nretention: 3d\n", 2: "  api:\n  language: node\n"}
_REVERSED = {0}


def wrong_spec(number: int) -> tuple[str, str]:
    """A spec with a mistake, and the wrong text in it."""
    right, wrong, _ = MISTAKES[number]
    if number in _REVERSED:
        assert wrong is not None
        right, wrong = wrong, right
    wrong = _DEDENTED.get(number, wrong)
    assert wrong is not None
    assert SPEC.count(right) >= 1, right
    return SPEC.replace(right, wrong, 1), wrong


def test_the_spec_without_mistakes_is_valid(tmp_path: Path) -> None:
    (tmp_path / "tracegen.yaml").write_text(SPEC, encoding="utf-8")
    assert tracegen("validate", str(tmp_path / "tracegen.yaml")).out == ""
    assert len(MISTAKES) >= 40


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_a_mistake_is_answered_with_place_reason_and_what_to_write(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec, wrong = wrong_spec(number)
    (tmp_path / "tracegen.yaml").write_text(spec, encoding="utf-8")
    ran = tracegen("validate", "--strict")
    assert ran.code == 1, ran
    problem, hint = next(
        (line, below)
        for line, below in zip(ran.out.splitlines(), ran.out.splitlines()[1:], strict=False)
        if MISTAKES[number][2] in below
    )
    first = spec[: spec.index(wrong)].count("\n") + 1
    place = int(problem.split(":")[1])
    assert first <= place <= first + wrong.rstrip("\n").count("\n") + 1, ran.out
    assert hint.startswith("  hint: ")


def test_all_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = (
        SPEC.replace("port: 8080", 'port: "8080"')
        .replace("[stock, prices]", "[stok, prices]")
        .replace("LOG_LEVEL: info", "DB_PASSWORD: hunter2-hunter2\n      URL: postgres://u:hunter2@db")
        .replace("type: jaeger", "type: jager")
        .replace("{language: go}", "{language: golang, calls: [nobody]}")
    )
    (tmp_path / "tracegen.yaml").write_text(spec, encoding="utf-8")
    out = tracegen("validate").out
    found = [line.split()[1] for line in out.splitlines() if line.startswith("tracegen.yaml")]
    assert sorted(found) == ["TG112", "TG113", "TG113", "TG201", "TG201", "TG601", "TG602"]
    assert "hunter2" not in out


def test_what_hides_nothing_invents_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is wrong itself is still a service to those that call it."""
    monkeypatch.chdir(tmp_path)
    for wrong in ("{language: golang}", "{lang: go}", "{}", "", "{language: go, replicas: two}"):
        (tmp_path / "tracegen.yaml").write_text(SPEC.replace("{language: go}", wrong), encoding="utf-8")
        assert "TG201" not in tracegen("validate").out, wrong
