"""What files say of a system, and what the spec says of how sure that is."""

from pathlib import Path

import pytest

from importing.systems import COMPOSE, MANIFESTS, written
from support import tracegen
from tracegen.importing import CannotImport, Found, from_files, spec_text
from tracegen.importing.variables import interpolated
from tracegen.project.draft import draft_of


@pytest.fixture
def corner(tmp_path: Path) -> Found:
    return from_files([written(COMPOSE, tmp_path / "corner") / "compose.yaml"])


@pytest.fixture
def cluster(tmp_path: Path) -> Found:
    return from_files([written(MANIFESTS, tmp_path / "cluster")])


def value(found: Found, name: str, key: str) -> object:
    return found.services[name].guesses[key].value


def sure(found: Found, caller: str) -> dict[str, str]:
    return {callee: guess.sure.value for callee, guess in found.services[caller].calls.items()}


def test_services_are_found_and_stores_tools_and_tracing_are_none(corner: Found, cluster: Found) -> None:
    assert set(corner.services) == {"web-shop", "basket", "prices", "orders", "nightly", "mail"}
    assert set(corner.left_out) == {"basket-db", "rabbit", "jaeger", "pages", "migrate"}
    assert set(cluster.services) == {"gateway", "offers", "stock", "report"}
    assert set(cluster.left_out) == {"cache"}


def test_languages_frameworks_and_libraries_come_from_manifests_images_commands_and_variables(corner: Found) -> None:
    languages = {name: value(corner, name, "language") for name in corner.services}
    assert languages == {
        "web-shop": "node", "basket": "python", "prices": "java", "orders": "dotnet", "nightly": "node", "mail": "go"
    }  # fmt: skip
    assert value(corner, "web-shop", "framework") == "fastify"
    assert value(corner, "mail", "framework") == "gin"
    assert value(corner, "basket", "libraries.psycopg") == "psycopg"
    assert value(corner, "orders", "libraries?mass-transit") == "mass-transit"
    assert "libraries.database/sql" not in corner.services["mail"].guesses, "an indirect module is none of its own"


def test_edges_come_from_variables_command_lines_and_links_and_say_how_sure_they_are(corner: Found) -> None:
    assert sure(corner, "web-shop") == {"basket": "certain", "mail": "certain"}
    assert sure(corner, "basket") == {"prices": "likely"}
    assert sure(corner, "prices") == {"orders": "certain"}
    assert sure(corner, "nightly") == {"orders": "likely"}
    assert list(corner.services["basket"].stores) == ["basket-db"]
    assert list(corner.services["orders"].stores) == ["rabbit"]


def test_what_only_starts_later_is_no_call_beside_calls_that_are_told(corner: Found, tmp_path: Path) -> None:
    assert "prices" not in corner.services["web-shop"].calls
    alone = "services:\n  a: {build: ., depends_on: [b]}\n  b: {build: .}\n"
    found = from_files([written({"compose.yaml": alone}, tmp_path / "alone") / "compose.yaml"])
    assert sure(found, "a") == {"b": "unsure"}


def test_tracing_that_is_there_is_told_and_its_receivers_stay(corner: Found) -> None:
    assert corner.tracing == ["jaeger (tracing (jaeger), by its image all-in-one)"]
    assert corner.receivers == ["jaeger"]
    assert "Jaeger by JAEGER_AGENT_HOST" in corner.services["web-shop"].tracing
    assert value(corner, "basket", "instrumentation") == "none", "it has the SDK already"


def test_names_ports_and_networks_are_those_of_the_files(corner: Found) -> None:
    text = spec_text(corner, "", "tracing")
    assert "service: web_shop" in text
    assert value(corner, "web-shop", "port") == 3000
    assert "networks: []" in text, "orders has its host's network"


def test_variables_of_own_files_stay_and_secrets_among_them_are_not_copied(corner: Found) -> None:
    assert corner.services["prices"].kept == {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://old-collector:4318"}
    assert "api-key=abc" not in spec_text(corner)


def test_manifests_are_read_with_their_services_config_maps_and_ingresses(cluster: Found) -> None:
    gateway = cluster.services["gateway"]
    assert set(gateway.calls) == {"stock", "offers"}
    assert list(gateway.stores) == ["cache"]
    assert gateway.unit is not None
    assert gateway.unit.entry == "Ingress public"
    assert gateway.unit.workload == {"kind": "Deployment", "name": "gateway", "container": "app"}
    assert cluster.services["offers"].unit.others == ["Deployment offers-v2"]  # type: ignore[union-attr]
    assert set(cluster.services["report"].calls) == {"stock"}
    assert cluster.receivers == ["zipkin"]


@pytest.mark.parametrize("files", [COMPOSE, MANIFESTS])
def test_the_spec_is_valid_and_each_guess_has_its_comment(files: dict[str, str], tmp_path: Path) -> None:
    found = from_files([written(files, tmp_path)])
    text = spec_text(found, "", "tracing")
    drafted = draft_of(text)
    assert not drafted.errors, drafted.errors
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.strip().startswith(("language:", "framework:", "port:", "instrumentation:")):
            assert lines[number - 1].strip().startswith(("# certain: ", "# likely: ", "# unsure: ")), line


def test_new_writes_a_project_beside_the_files_and_changes_none_of_them(tmp_path: Path) -> None:
    folder = written(COMPOSE, tmp_path / "corner")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    ran = tracegen("new", folder / "tracing", "--from", folder / "compose.yaml", folder / "compose.override.yaml")
    assert ran.code == 0, ran.err
    assert "found 6 services, 5 calls, tracing in 3 of them, 5 others left out" in ran.err
    assert {path: path.read_bytes() for path in before} == before
    assert (folder / "tracing" / "compose.overlay.yaml").exists()
    assert tracegen("validate", folder / "tracing" / "tracegen.yaml").code == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("receivers: {otlp: {}}\nexporters: {debug: {}}\n", "is a configuration of the OpenTelemetry Collector"),
        ("tracegen: 1\nname: a\n", "is a spec of tracegen"),
        ("hello: world\n", "is none of the files that can be imported"),
        ("kind: Deployment\nname: {{ .Values.name }}\n", "helm template"),
        ("a: [", "cannot read"),
        ("[" * 5000, "nested too deeply"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_is_said_with_a_way_out(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text, encoding="utf-8")
    ran = tracegen("new", tmp_path / "out", "--from", path)
    assert ran.code == 2
    assert message in ran.err
    assert not (tmp_path / "out").exists()


def test_an_empty_system_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotImport):
        from_files([tmp_path])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "1"),
        ("$A-x", "1-x"),
        ("$$A", "$A"),
        ("${B:-2}", "2"),
        ("${E:-2}", "2"),
        ("${E-2}", ""),
        ("${B:-${A}}", "1"),
        ("${A:+yes}", "yes"),
        ("${B:+yes}", ""),
        ("${B:?must}", "${B:?must}"),
        ("${B}", "${B}"),
        ("$B", "${B}"),
        ("${A", "$" + "{A"),
        ("100$", "100$"),
        ("${not a name}", "${not a name}"),
    ],
)
def test_variables_are_replaced_as_compose_does(text: str, expected: str) -> None:
    assert interpolated(text, {"A": "1", "E": ""}) == expected


def test_a_file_named_from_its_own_folder_and_from_above_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(COMPOSE, tmp_path / "corner")
    monkeypatch.chdir(tmp_path)
    above = from_files([Path("corner/compose.yaml")])
    monkeypatch.chdir(tmp_path / "corner")
    here = from_files([Path("compose.yaml")])
    assert [each.guesses for each in above.services.values()] == [each.guesses for each in here.services.values()]


SHARED = {
    "compose.yaml": """\
services:
  one: {build: one, env_file: all.env}
  two: {build: two, env_file: all.env}
  three: {build: three, env_file: all.env}
  door: {build: door}
  board: {build: board}
""",
    "all.env": "TWO_URL=http://two:80\nTHREE_URL=http://three:80\n",
    "one/app.py": "import os\nos.environ['THREE_URL']\n",
    "one/requirements.txt": "flask\n",
    "two/go.mod": "module two\n",
    "three/go.mod": "module three\n",
    "door/Dockerfile": 'FROM nginx\nENV TWO_HOST=two \\\n    OTHER="x y"\nCOPY site.conf.template /etc/nginx/\n',
    "door/site.conf.template": "location / {\n  proxy_pass http://one:8080;\n}\n",
    "board/Dockerfile": "FROM grafana/grafana:12.0\nCOPY boards /boards\n",
}


def test_what_many_are_told_is_a_call_of_those_that_read_it(tmp_path: Path) -> None:
    found = from_files([written(SHARED, tmp_path) / "compose.yaml"])
    assert sure(found, "one") == {"three": "certain"}
    assert sure(found, "two") == {}
    assert sure(found, "three") == {}


def test_a_dockerfile_and_what_lies_beside_it_say_addresses_too(tmp_path: Path) -> None:
    found = from_files([written(SHARED, tmp_path) / "compose.yaml"])
    assert sure(found, "door") == {"one": "likely", "two": "likely"}
    assert value(found, "door", "language") == "other"
    assert "FROM grafana" in found.left_out["board"]


SPANS = """\
{"resourceSpans": [
  {"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "Web_Shop"}},
    {"key": "telemetry.sdk.language", "value": {"stringValue": "nodejs"}}]},
   "scopeSpans": [{"spans": [{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331",

     "name": "GET /", "kind": 3, "startTimeUnixNano": "1790000000000000000",
     "endTimeUnixNano": "1790000001000000000"}]}]},
  {"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "basket"}},
    {"key": "service.version", "value": {"stringValue": "1.4"}}]},
   "scopeSpans": [{"spans": [{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203332",
     "parentSpanId": "b7ad6b7169203331", "name": "GET /basket", "kind": 2,
     "startTimeUnixNano": "1790000000100000000", "endTimeUnixNano": "1790000000900000000"}]}]}
]}
"""


def test_spans_say_services_calls_languages_and_versions(tmp_path: Path) -> None:
    path = tmp_path / "spans.json"
    path.write_text(SPANS, encoding="utf-8")
    ran = tracegen("new", tmp_path / "tracing", "--from", path)
    assert ran.code == 0, ran.err
    text = (tmp_path / "tracing" / "tracegen.yaml").read_text(encoding="utf-8")
    assert "    # certain: its spans say telemetry.sdk.language nodejs\n    language: node\n" in text
    assert "      # certain: 1 calls were seen\n      - basket\n" in text
    assert 'version: "1.4"' in text
    assert "Web_Shop is called web-shop here" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a", "b", "--from", "compose.yaml"], "one folder is enough"),
        (["a", "b"], "one folder is enough"),
        (["a", "--from", "compose.yaml", "--data", "backend=tempo"], "is found with --from"),
        (["a", "--from", "missing.yaml"], "cannot read missing.yaml"),
        (
            ["a", "--from", "compose.yaml", "--from", "http://127.0.0.1:1"],
            "name files that run the system, or traces",
        ),
    ],
)
def test_wrong_usage_is_said(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").write_text("services: {a: {build: .}}\n", encoding="utf-8")
    ran = tracegen("new", *arguments)
    assert ran.code == 2
    assert words in ran.err
