"""Examples on a real container engine, as rendered: they come up, trace every edge, and keep what they took.

What takes longer, and every other example, is tried by `make judges` (docs/engine.md).
"""

import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from example_trees import FOLDER
from programs.build import ProgramMissing
from programs.engine import Engine
from programs.engine.load import Load, load, missing, more
from programs.engine.project import Project, edges, examples_of, project, render
from programs.plugin import absent
from programs.running import Refused, Span, send_spans
from support import ROOT, development_certificates

TOKEN = "a-token-of-the-tests"
#: As docs/tls-and-authentication.md shows it.
TWO_TOKENS = (
    (ROOT / "docs/tls-and-authentication.md")
    .read_text(encoding="utf-8")
    .partition("overrides:\n")[2]
    .partition("```")[0]
)


@contextmanager
def example(name: str, engine: Engine, folder: Path) -> Iterator[Project]:
    """An example with its images, not yet started; its services in one language, so that few images are built."""
    said = yaml.safe_load((FOLDER / name / "tracegen.yaml").read_text(encoding="utf-8"))
    for service in said["services"].values():
        service["language"] = "python"
    tree = render(said, folder / name)
    applications = examples_of(said, folder / "applications")
    with project(engine, tree, {"INGEST_TOKEN": TOKEN} if "security" in said else None) as made:
        if "security" in said:
            development_certificates(tree / "certs", "jaeger", "otel-gateway")
        try:
            made.provide(applications)
        except ProgramMissing as lacking:
            absent(lacking.name, lacking.reason)
        yield made


def killed_in_turn(made: Project, sent: Load, services: tuple[str, ...]) -> None:
    """Each container ends as in a crash, and starts again by itself, while spans come."""
    for service in services:
        container = made.container(service)
        more(sent)
        made.engine.kill9(container)
        more(sent)
        restarts = made.engine.docker("inspect", "--format", "{{.RestartCount}}", container)
        assert restarts != "0", f"{service} was not killed"


def test_the_first_example_keeps_what_it_took(engine: Engine, tmp_path: Path) -> None:
    """Over kill -9 of each container under load, a restart, and `down` and `up`."""
    with example("01-hello", engine, tmp_path) as hello:
        hello.up()
        asked = secrets.token_hex(16)
        assert b'"service":"api"' in hello.ask("api", 8080, "/", trace=asked)
        with load(hello, "otel-gateway") as sent:
            killed_in_turn(hello, sent, ("jaeger", "otel-gateway", "api"))
        assert not missing(hello, sent)
        # Every command of TRACING.md that asks something, then the one that takes a damaged queue away.
        assert any("otelcol_receiver_accepted_spans" in said for said in hello.documented("docker run"))
        hello.documented("docker compose rm")
        hello.compose("restart")
        hello.up()
        hello.down()
        hello.up()
        assert [each.resource["service.name"] for each in hello.trace(asked)] == ["api"]
        assert not missing(hello, sent)


def test_a_project_with_tls_and_a_token_traces_its_edge(engine: Engine, tmp_path: Path) -> None:
    """Images of a registry of the company's, certificates of its authority; who shows no token is refused."""
    with example("09-air-gapped", engine, tmp_path) as plant:
        plant.up()
        asked = secrets.token_hex(16)
        plant.ask("scale", 8080, "/", trace=asked)
        authority = ssl.create_default_context(cafile=str(tmp_path / "09-air-gapped/certs/ca.pem"))
        authority.check_hostname = False  # asked for by its address
        assert edges(plant.trace(asked, of=3, context=authority)) == {("scale", "press")}
        token = {"Authorization": f"Bearer {TOKEN}"}
        with load(plant, "otel-gateway", scheme="https", headers=token, context=authority) as sent:
            killed_in_turn(plant, sent, ("otel-gateway", "jaeger"))
        assert not missing(plant, sent, context=authority)
        rotated(plant, authority)


def rotated(plant: Project, authority: ssl.SSLContext) -> None:
    """The steps of docs/tls-and-authentication.md: both tokens are taken until nobody uses the old one."""
    spec = plant.folder / "tracegen.yaml"
    said = yaml.safe_load(spec.read_text(encoding="utf-8"))
    plant.render(
        {**said, "overrides": yaml.safe_load(TWO_TOKENS)}, {"INGEST_TOKEN": "another", "INGEST_TOKEN_OLD": TOKEN}
    )
    plant.up()
    assert taken(plant, authority, TOKEN) and taken(plant, authority, "another")
    plant.render(said, {"INGEST_TOKEN": "another"})
    plant.up()
    assert not taken(plant, authority, TOKEN) and taken(plant, authority, "another")


def taken(plant: Project, authority: ssl.SSLContext, token: str) -> bool:
    address, shown = f"https://{plant.address('otel-gateway')}:4318", {"Authorization": f"Bearer {token}"}
    try:
        plant.engine.within(lambda: send_spans(address, {}, [Span("rotated")], headers=shown, context=authority))
    except Refused as refused:
        assert refused.status == 401
        return False
    return True


def test_behind_a_balancer_whole_traces_are_kept(engine: Engine, tmp_path: Path) -> None:
    """Tail sampling in three gateways keeps a trace with an error whole, from every service on its way."""
    with example("11-tail-sampling", engine, tmp_path) as shop:
        shop.up()
        asked = secrets.token_hex(16)
        shop.ask("frontend", 8080, "/", trace=asked)
        failed = Span("failed elsewhere", trace_id=asked, status=2)
        address = f"http://{shop.address('otel-balancer')}:4318"
        engine.within(lambda: send_spans(address, {"service.name": "elsewhere"}, [failed]))
        whole = shop.trace(asked, of=6)
        assert edges(whole) == {("frontend", "checkout"), ("checkout", "payment")}
