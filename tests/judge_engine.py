"""Whether the examples come up on a real engine as rendered, and keep what they took: `make judges` runs it.

Every example in its own languages: `docker compose up --detach --wait` must end with 0, a request must leave spans of
every call that the spec names, containers are killed in turn while spans come, and what was acknowledged must be in
Jaeger afterwards, and after `restart`, `down` and `up`. An image that cannot be had is named in the row.
docs/engine.md keeps the dated rows.
"""

from __future__ import annotations

import argparse
import base64
import re
import secrets
import ssl
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from example_trees import FOLDER
from programs.build import ProgramMissing
from programs.engine import Engine, running
from programs.engine.load import Load, load, missing, more
from programs.engine.project import Project, edges, examples_of, project, render
from programs.running import Refused, Span, send_spans
from support import ROOT, development_certificates, one_service, tracegen

TOKEN = "a-token-of-the-judges"
USER, PASSWORD = "shop", "a-password-of-the-judges"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
#: What `.env.example` lists, and the servers that a certificate is for.
VARIABLES = {
    "INGEST_TOKEN": TOKEN,
    "INGEST_PASSWORD": PASSWORD,
    "INGEST_PASSWORD_BASIC": BASIC,
    "PAYMENT_KEY": "none",
}
HOSTS = ("jaeger", "otel-gateway", "otel-agent")
#: Those that need no others of their own: what is not here has a vendor, an object store or a cluster elsewhere.
EXAMPLES = (
    "01-hello",
    "02-two-environments",
    "04-polyglot-shop",
    "06-scalable-jaeger",
    "08-moving-from-zipkin-and-jaeger",
    "09-air-gapped",
    "11-tail-sampling",
)
#: With the examples each backend, storage, tier and kind of security that runs here at least once.
SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "memory-and-agent": {
        "backend": {"type": "jaeger", "storage": "memory"},
        "collector": {"topology": "agent"},
        "services": {"front": {"language": "go", "calls": ["back"]}, "back": {"language": "rust"}},
    },
    "elasticsearch": {
        "backend": {
            "type": "jaeger",
            "storage": {"type": "elasticsearch", "index_prefix": "socks"},
            "retention": "3d",
        },
        "collector": {"topology": "agent+gateway", "replicas": 2, "redact": {"patterns": ["email"]}},
        "services": {"front": {"language": "go", "calls": ["back"]}, "back": {"language": "node"}},
    },
    "cassandra": {
        "backend": {"type": "jaeger", "storage": "cassandra"},
        "collector": {"queue": {"type": "persistent", "fsync": True}},
        "security": {"ingest_auth": {"basic": {"username": USER, "password": {"env": "INGEST_PASSWORD"}}}},
        "services": {"front": {"language": "node", "calls": ["back"]}, "back": {"language": "python"}},
    },
    "scalable-elasticsearch": {
        "backend": {"type": "jaeger", "mode": "scalable", "storage": "elasticsearch"},
        "metrics": True,
        "services": {"front": {"language": "python", "calls": ["back"]}, "back": {"language": "go"}},
    },
}
#: What the tests build: a pin moves what is rendered to what that version knows.
JAEGER = "2.13.0"
#: Languages whose images nothing here is made of, since their registries are not reached: Python takes their place.
LACKING = ("dotnet", "ruby", "php")


def judge(engine: Engine, name: str, folder: Path) -> str:
    """A row of the table: what was seen of an example or a sample, or which image it lacks."""
    said, note = _spec(name)
    if engine.ours:
        # The Jaeger that is built here does not know all that is rendered for the pinned one.
        said["versions"] = {**said.get("versions", {}), "jaeger": JAEGER}
    tree = render(said, folder / name)
    _calm(tree, said)
    secure = "tls" in said.get("security", {})
    with project(engine, tree, VARIABLES) as made:
        if secure:
            development_certificates(tree / "certs", *HOSTS)
        try:
            made.provide(examples_of(said, folder / "applications"))
        except ProgramMissing as lacking:
            return f"| {name} | not run: {lacking.reason} | | | | |"
        seconds = made.up()
        context = _authority(tree) if secure else None
        seen, asked = _traced(made, said, context)
        killed, lost, after = _killed(made, said, context, asked)
    return f"| {name}{note} | {seconds:.0f} s | {seen} | {killed} | {lost} | {after} |"


def _calm(tree: Path, said: Mapping[str, Any]) -> None:
    """Examples send themselves a few requests a second at most: the engine has two cores for all of them."""
    busy = [name for name, each in said["services"].items() if "traffic" in each and "image" not in each]
    quiet = {name: {"environment": {"EXAMPLE_REQUESTS_PER_SECOND": "2"}} for name in busy}
    (tree / "compose.override.yaml").write_text(yaml.safe_dump({"services": quiet}), encoding="utf-8")


def _spec(name: str) -> tuple[dict[str, Any], str]:
    """What is rendered, with Python for languages that lack images; and how the row says so."""
    if name in SAMPLES:
        said: dict[str, Any] = {"tracegen": 1, "name": name, "targets": ["compose"], **SAMPLES[name]}
    else:
        said = yaml.safe_load((FOLDER / name / "tracegen.yaml").read_text(encoding="utf-8"))
    said["targets"] = ["compose"]
    said.pop("accept", None)
    replaced = {
        each: service["language"] for each, service in said["services"].items() if service["language"] in LACKING
    }
    for each in replaced:
        said["services"][each]["language"] = "python"
    notes = [f"{each} in Python for want of {language}" for each, language in sorted(replaced.items())]
    return said, f" ({', '.join(notes)})" if notes else ""


def _authority(tree: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(tree / "certs" / "ca.pem"))
    context.check_hostname = False  # asked for by address
    return context


def _traced(made: Project, said: Mapping[str, Any], context: ssl.SSLContext | None) -> tuple[str, list[str]]:
    """The calls that left spans of both sides, of those that run here; and the traces that were asked for."""
    here = {name: each for name, each in said["services"].items() if each.get("deploy", True)}
    traced = {name for name, each in here.items() if each.get("instrumentation") != "none"}
    wanted = {(name, to) for name, each in here.items() for to in each.get("calls", []) if {name, to} <= traced}
    called = {to for each in here.values() for to in each.get("calls", [])}
    found: set[tuple[str, str]] = set()
    asked = []
    for name in sorted(traced - called):
        trace = secrets.token_hex(16)
        made.ask(name, 8080, "/", trace=trace)
        if "tail" in said.get("sampling", {}):
            failed = [Span("failed elsewhere", trace_id=trace, status=2)]
            _entered(made, partial(send_spans, resource_attributes={"service.name": "elsewhere"}, spans=failed))
        reached = _reached(name, here, traced)
        asked.append(trace)
        found |= edges(made.trace(trace, of=2 * len(reached) + 1, context=context))
    assert wanted <= found, f"{made.name}: no spans of {sorted(wanted - found)}"
    return f"{len(wanted)} of {len(wanted)}", asked


def _reached(name: str, here: Mapping[str, Any], traced: set[str]) -> set[tuple[str, str]]:
    """The calls that a request to a service makes, of traced services."""
    found: set[tuple[str, str]] = set()
    waiting = [name]
    while waiting:
        caller = waiting.pop()
        for to in here[caller].get("calls", []):
            if to in traced and (caller, to) not in found:
                found.add((caller, to))
                waiting.append(to)
    return found


def _entered(made: Project, action: Callable[[str], object]) -> None:
    address = f"http://{made.address(_entrance(made))}:4318"
    made.engine.within(lambda: action(address))


def _entrance(made: Project) -> str:
    """The collector that services send to."""
    names = made.config["services"]
    return next(each for each in ("otel-agent", "otel-balancer", "otel-gateway") if each in names)


def _killed(
    made: Project, said: Mapping[str, Any], context: ssl.SSLContext | None, asked: Sequence[str]
) -> tuple[str, str, str]:
    """Which containers were killed, how many spans that were acknowledged are lost, and how many later."""
    status = 2 if "tail" in said.get("sampling", {}) else 0
    chosen = _keeping(made, said)
    scheme, headers = "https" if context else "http", _shown(said)
    with load(made, _entrance(made), scheme=scheme, headers=headers, context=context, status=status) as sent:
        for each in chosen:
            more(sent)
            made.engine.kill9(made.container(each))
            more(sent)
    if said["backend"].get("storage") == "memory":
        return "none: it keeps nothing", _lost(made, sent, context), "not promised"
    lost = _lost(made, sent, context)
    made.compose("restart")
    made.settled()
    made.down()
    made.up()
    if made.engine.ours:
        made.engine.restart()
        made.settled()
    later = (
        _lost(made, sent, context) if all(made.trace(each, context=context) for each in asked) else "its first trace"
    )
    return ", ".join(chosen), lost, later


def _keeping(made: Project, said: Mapping[str, Any]) -> list[str]:
    """The containers on the way of spans that are promised to keep them: not what holds them in memory."""
    tail = "tail" in said.get("sampling", {})
    ways = [each for each, service in made.config["services"].items() if "healthcheck" in service]
    chosen = [
        each for each in ways if each not in said["services"] and each not in ("prometheus", "jaeger-index-cleaner")
    ]
    # What waits for its decision is in memory, and so is an agent's queue: nobody promises that it outlives them.
    in_memory = ("otel-agent", "otel-gateway") if tail else ("otel-agent",)
    if said["backend"].get("storage") == "memory":
        return []
    return [each for each in chosen if not each.startswith(in_memory) and each != "jaeger-dependencies"]


def _shown(said: Mapping[str, Any]) -> dict[str, str]:
    """The header of who may send spans."""
    auth = said.get("security", {}).get("ingest_auth", {})
    if "basic" in auth:
        return {"Authorization": f"Basic {BASIC}"}
    return {"Authorization": f"Bearer {TOKEN}"} if "bearer" in auth else {}


def _lost(made: Project, sent: Load, context: ssl.SSLContext | None) -> str:
    return f"{len(missing(made, sent, context))} of {len(sent.acknowledged)}"


def side_by_side(engine: Engine, folder: Path) -> str:
    """Two environments of one spec on one engine: neither sees the other's spans, nor ends with it."""
    said = one_service(services={"api": {"language": "python"}}, environments={"dev": {}, "prod": {}})
    tree = render(said, folder / "both")
    for name in ("dev", "prod"):
        ran = tracegen("render", tree / "tracegen.yaml", "--env", name)
        assert ran.code == 0, ran.err
    with (
        project(engine, tree / "env" / "dev", VARIABLES) as dev,
        project(engine, tree / "env" / "prod", VARIABLES) as prod,
    ):
        for each in (dev, prod):
            each.provide()
            each.up()
        traces = {each.name: secrets.token_hex(16) for each in (dev, prod)}
        for each in (dev, prod):
            send = partial(send_spans, resource_attributes={}, spans=[Span("one", trace_id=traces[each.name])])
            _entered(each, send)
            each.trace(traces[each.name])
        assert dev.stored([traces[prod.name]]) == [[]], "dev has prod's trace"
        dev.down("--volumes")
        assert prod.trace(traces[prod.name])
    return "| two environments side by side | traces of their own; prod keeps its when dev is taken away |"


def applied(engine: Engine, folder: Path) -> str:
    """An edited spec is in force after `tracegen render` and `docker compose up --detach --wait`."""
    said = one_service(services={"api": {"language": "python"}})
    tree = render(said, folder / "applied")
    with project(engine, tree) as made:
        made.provide()
        made.up()
        assert _told(made) == "who@example.com"
        made.render({**said, "collector": {"redact": {"patterns": ["email"]}, "replicas": 2}}, {})
        made.up()
        for _ in range(6):
            assert "who@" not in _told(made), "an address came through"
    return "| `redact` and `replicas: 2`, added to what runs | in force after the two commands |"


def _told(made: Project) -> str:
    """An address of a person in a span, as Jaeger has it."""
    span = Span("told", attributes={"note": "who@example.com"})
    _entered(made, lambda address: send_spans(address, {"service.name": "api"}, [span]))
    return str(made.trace(span.trace_id)[0].span.attributes["note"])


def restored(engine: Engine, folder: Path, storage: str = "badger") -> str:
    """The commands of docs/jaeger.md copy a storage's volume away, and bring it back into a new one."""
    page = (ROOT / "docs" / "jaeger.md").read_text(encoding="utf-8").partition("## Backup\n")[2]
    row = re.search(rf"^\| `{storage}` \| `([^`]+)` \| `([^`]+)`", page, re.MULTILINE)
    assert row, f"docs/jaeger.md has no row of {storage}"
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)[:2]
    saved, back = (
        each.replace("stop jaeger\n", f"stop {row[1]}\n").replace("shop_jaeger-badger", row[2]) for each in blocks
    )
    said = one_service(services={"api": {"language": "python"}}, backend={"type": "jaeger", "storage": storage})
    tree = render({**said, **({"versions": {"jaeger": JAEGER}} if engine.ours else {})}, folder / "restored")
    with project(engine, tree) as made:
        made.provide()
        made.up()
        span = Span("kept")
        _entered(made, lambda address: send_spans(address, {"service.name": "api"}, [span]))
        made.trace(span.trace_id)
        engine.shell(f"set -e\n{saved}", tree)
        made.down("--volumes")
        made.up()
        assert made.stored([span.trace_id]) == [[]]
        engine.shell(f"set -e\n{back}", tree)
        assert made.trace(span.trace_id)
    return f"| a backup of {storage} | a trace came back into a new volume |"


def rotated(engine: Engine, folder: Path) -> str:
    """Two passwords at once, as docs/tls-and-authentication.md says it."""
    page = (ROOT / "docs/tls-and-authentication.md").read_text(encoding="utf-8").partition("A password is changed")[2]
    both = yaml.safe_load(page.partition("overrides:\n")[2].partition("```")[0])
    first, then = (
        one_service(
            services={"api": {"language": "python"}},
            security={"ingest_auth": {"basic": {"username": name, "password": {"env": "INGEST_PASSWORD"}}}},
        )
        for name in ("shop", "shop2")
    )
    new, old = {"INGEST_PASSWORD": "new", "INGEST_PASSWORD_BASIC": _basic("shop2", "new")}, _basic("shop", "old")
    tree = render(first, folder / "rotated")
    with project(engine, tree, {"INGEST_PASSWORD": "old", "INGEST_PASSWORD_BASIC": old}) as made:
        made.provide()
        made.up()
        assert _taken(made, old) and not _taken(made, new["INGEST_PASSWORD_BASIC"])
        made.render({**then, "overrides": both}, {**new, "INGEST_PASSWORD_OLD": "old"})
        made.up()
        assert _taken(made, old) and _taken(made, new["INGEST_PASSWORD_BASIC"])
        made.render(then, new)
        made.up()
        assert not _taken(made, old) and _taken(made, new["INGEST_PASSWORD_BASIC"])
    return "| another user and password while services run | both are taken, then the new ones alone |"


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _taken(made: Project, basic: str) -> bool:
    shown = {"Authorization": f"Basic {basic}"}
    try:
        _entered(made, partial(send_spans, resource_attributes={}, spans=[Span("rotated")], headers=shown))
    except Refused as refused:
        assert refused.status == 401
        return False
    return True


#: What is tried beside the examples, by the name that asks for it.
MORE: Mapping[str, Callable[[Engine, Path], str]] = {
    "side-by-side": side_by_side,
    "applied": applied,
    "rotated": rotated,
    **{f"restored-{each}": partial(restored, storage=each) for each in ("badger", "cassandra", "opensearch")},
}


def main(arguments: Sequence[str]) -> int:
    """Print a row for each example, and for what else is tried; 1 when one of them did not do what it must."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", default=[*EXAMPLES, *SAMPLES, *MORE], help="examples, or: " + ", ".join((*SAMPLES, *MORE))
    )
    failed = 0
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as engine:
        print(f"Docker Engine {engine.version}", flush=True)
        for name in parser.parse_args(arguments).names:
            own = Path(folder, f"of-{name}")
            try:
                print(MORE[name](engine, own) if name in MORE else judge(engine, name, own), flush=True)
            except AssertionError as error:
                failed = 1
                print(f"| {name} | failed: {error}", flush=True)
    return failed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
