"""Where the trees of a project lie: code once, what differs for each environment, and one command for all of them."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from support import tracegen, tree_of

SPEC = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
services:
  web: {language: node, calls: [api]}
  api: {language: python}
  ledger: {language: go, deploy: false, stub: apps/ledger/tracing}
environments:
  dev: {backend: {storage: memory}}
  prod:
    collector: {replicas: 2}
    services: {api: {libraries: [redis]}}
"""
STUB = "services/web/tracing.mjs"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tracegen.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def edited(path: Path, old: str, new: str) -> bytes:
    text = path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path.read_bytes()


def code_of(folder: Path) -> set[str]:
    """The files of services that an environment has besides what tells them their settings."""
    paths = [path for path in tree_of(folder) if path.startswith(("services/", "apps/"))]
    return {path for path in paths if not path.endswith(("/otel.env", "/compose.yaml"))}


def old_layout(shop: Path) -> None:
    """As a former version left it: every environment had all code once more."""
    assert tracegen("render").code == 0
    for name in ("dev", "prod"):
        assert tracegen("render", "--env", name, "-o", f"env/{name}").code == 0


def test_code_is_there_once_and_an_environment_has_what_differs(shop: Path) -> None:
    assert tracegen("render", "--all").code == 0
    assert not code_of(shop / "env/dev")
    assert (shop / "env/dev/services/web/otel.env").is_file() and (shop / "apps/ledger/tracing").is_dir()
    own = code_of(shop / "env/prod")
    assert own and {path.split("/")[1] for path in own} == {"api"}, "a stub that differs stands whole there"
    for name in (".", "env/dev", "env/prod"):
        compose = yaml.safe_load((shop / name / "compose.yaml").read_text(encoding="utf-8"))
        for each in compose["services"].values():
            if "build" in each:
                assert (shop / name / each["build"]["context"] / "Dockerfile").is_file()


def test_images_of_other_code_have_other_names_and_of_the_same_code_the_same(shop: Path) -> None:
    tracegen("render", "--all")
    images = {
        name: {
            service: each["image"]
            for service, each in yaml.safe_load((shop / name / "compose.yaml").read_bytes())["services"].items()
            if service in ("web", "api")
        }
        for name in (".", "env/dev", "env/prod")
    }
    assert images["."] == images["env/dev"]
    assert images["env/prod"]["web"] == images["."]["web"]
    assert images["env/prod"]["api"] == "shop-prod-api:local" != images["."]["api"]


def test_compose_projects_of_two_environments_have_no_name_in_common(shop: Path) -> None:
    tracegen("render", "--all")
    read = [yaml.safe_load((shop / name / "compose.yaml").read_bytes()) for name in (".", "env/dev", "env/prod")]
    assert [each["name"] for each in read] == ["shop", "shop-dev", "shop-prod"]
    assert not [name for each in read for name in (each.get("volumes") or {}).values() if name]
    ports = [port for each in read[1:] for service in each["services"].values() for port in service.get("ports", [])]
    assert ports and all(":" not in str(port).removeprefix("127.0.0.1::") for port in ports)


def test_one_environment_with_a_folder_of_its_own_is_whole(shop: Path) -> None:
    assert tracegen("render", "--env", "dev", "-o", "out").code == 0
    tracegen("render")
    assert code_of(shop / "out") == code_of(shop)
    assert "context: ./services/web" in (shop / "out/compose.yaml").read_text(encoding="utf-8")


def test_an_environment_brings_the_base_when_that_is_not_there(shop: Path) -> None:
    ran = tracegen("render", "--env", "dev")
    assert ran.code == 0 and "the base is rendered too" in ran.err
    assert (shop / STUB).is_file() and (shop / "env/dev/compose.yaml").is_file()
    assert not (shop / "env/prod").exists()
    assert "base" not in tracegen("render", "--env", "dev", "--check").err


def test_all_is_the_base_and_every_environment_for_each_way_of_asking(shop: Path) -> None:
    tracegen("render", "--all")
    assert tracegen("render", "--all", "--check").code == 0
    edited(shop / "tracegen.yaml", "backend: {type: jaeger}", "backend: {type: jaeger, retention: 2d}")
    assert tracegen("render").code == 0
    assert tracegen("render", "--check").code == 0
    before = tree_of(shop)
    assert tracegen("render", "--all", "--check").code == 1, "prod still has the old retention"
    rows = json.loads(tracegen("render", "--all", "--plan", "--format", "json").out)
    assert ("env/prod", "update") in {(each["folder"], each["verdict"]) for each in rows}
    assert "+            spans: 48h" in tracegen("render", "--all", "--diff").out.splitlines()
    assert tree_of(shop) == before
    assert tracegen("render", "--all").code == 0
    assert tracegen("render", "--all", "--check").code == 0


def test_all_takes_back_what_ended_in_a_conflict_in_any_tree(shop: Path) -> None:
    tracegen("render", "--all")
    edited(shop / "env/prod/jaeger/config.yaml", "spans: 168h", "spans: 100h")
    edited(shop / "tracegen.yaml", "backend: {type: jaeger}", "backend: {type: jaeger, retention: 2d}")
    before = tree_of(shop / "env/prod")
    ran = tracegen("render", "--all")
    assert ran.code == 1 and "env/prod/jaeger/config.yaml:" in ran.err and "--all --abort" in ran.err
    assert tracegen("render", "--all", "--abort").code == 0
    assert tree_of(shop / "env/prod") == before


def test_all_goes_with_a_folder_and_a_restored_file_but_not_with_an_environment(shop: Path) -> None:
    assert tracegen("render", "--all", "--env", "dev").code == 2
    assert tracegen("render", "--all", "-o", "out").code == 0
    assert (shop / "out/env/dev/compose.yaml").is_file() and (shop / "out" / STUB).is_file()
    (shop / "out/env/dev/TRACING.md").unlink()
    assert tracegen("render", "--all", "-o", "out", "--restore", "env/dev/TRACING.md").code == 0
    assert (shop / "out/env/dev/TRACING.md").is_file()
    assert tracegen("render", "--all", "-o", "out", "--restore", "env/dev/none").code == 2


def test_all_tells_of_a_tree_whose_environment_is_gone(shop: Path) -> None:
    tracegen("render", "--all")
    edited(shop / "tracegen.yaml", "  dev: {backend: {storage: memory}}\n", "")
    ran = tracegen("render", "--all", "--check")
    assert ran.code == 0 and "env/dev is of no environment of this spec" in ran.err


def test_explain_finds_a_file_that_is_there_once(shop: Path) -> None:
    tracegen("render", "--all")
    ran = tracegen("explain", "--env", "dev", STUB)
    assert ran.code == 0 and "in the folder: as rendered" in ran.out


@pytest.mark.parametrize("command", [("render", "--all"), ("update",)])
def test_an_edit_in_an_old_place_goes_to_the_one_that_is_read(shop: Path, command: tuple[str, ...]) -> None:
    old_layout(shop)
    first = (shop / STUB).read_text(encoding="utf-8").splitlines()[0]
    edited(shop / STUB, first, f"{first}\n// of the base")
    last = (shop / "env/prod" / STUB).read_text(encoding="utf-8").splitlines()[-1]
    edited(shop / "env/prod" / STUB, f"\n{last}\n", f"\n{last}\n// of prod\n")
    planned = tracegen(*command, "--plan")
    ran = tracegen(*command)
    assert ran.code == 0 == planned.code
    assert f"merge    {STUB} (with your edit of env/prod/{STUB})" in ran.out.splitlines()
    text = (shop / STUB).read_text(encoding="utf-8")
    assert "// of the base" in text and text.endswith("// of prod\n")
    assert not (shop / "env/prod" / STUB).exists() and not code_of(shop / "env/dev")
    assert tracegen("render", "--all", "--check").code == 0


def test_an_edit_in_an_old_place_that_meets_another_waits_for_a_person(shop: Path) -> None:
    old_layout(shop)
    first = (shop / STUB).read_text(encoding="utf-8").splitlines()[0]
    base = edited(shop / STUB, first, "// of the base")
    prod = edited(shop / "env/prod" / STUB, first, "// of prod")
    for _ in range(2):
        ran = tracegen("render", "--all")
        assert ran.code == 1 and f"env/prod/{STUB}: conflict" in ran.err
        assert (shop / STUB).read_bytes() == base and (shop / "env/prod" / STUB).read_bytes() == prod
    (shop / "env/prod" / STUB).unlink()
    assert tracegen("render", "--all").code == 0


def test_nothing_moves_in_a_run_that_can_be_taken_back(shop: Path) -> None:
    """Else the edit would be in neither tree after `--abort`."""
    old_layout(shop)
    edited(shop / "jaeger/config.yaml", "spans: 168h", "spans: 100h")
    edited(shop / "tracegen.yaml", "backend: {type: jaeger}", "backend: {type: jaeger, retention: 2d}")
    first = (shop / STUB).read_text(encoding="utf-8").splitlines()[0]
    prod = edited(shop / "env/prod" / STUB, first, "// of prod")
    assert tracegen("render", "--all").code == 1
    assert tracegen("render", "--all", "--abort").code == 0
    assert (shop / "env/prod" / STUB).read_bytes() == prod


def test_an_environment_alone_tells_how_its_edit_is_moved(shop: Path) -> None:
    old_layout(shop)
    first = (shop / STUB).read_text(encoding="utf-8").splitlines()[0]
    prod = edited(shop / "env/prod" / STUB, first, "// of prod")
    ran = tracegen("render", "--env", "prod")
    assert ran.code == 0 and f"../../{STUB} is read instead; `tracegen render --all` moves" in ran.out
    assert (shop / "env/prod" / STUB).read_bytes() == prod
    assert tracegen("render", "--all").code == 0
    assert "// of prod" in (shop / STUB).read_text(encoding="utf-8")


def test_an_edit_tells_of_the_copy_that_kubernetes_has(shop: Path) -> None:
    spec = shop / "tracegen.yaml"
    spec.write_text(SPEC.replace("targets: [compose]", "targets: [compose, kubernetes]"), encoding="utf-8")
    tracegen("render")
    edited(shop / "jaeger/config.yaml", "spans: 168h", "spans: 100h")
    copy = "kubernetes/configuration/jaeger/config.yaml"
    said = f"edited   jaeger/config.yaml (its copy {copy} has not this edit; `overrides` in the spec reach both)"
    assert said in tracegen("render", "--plan").out.splitlines()
    edited(shop / copy, "spans: 168h", "spans: 100h")
    assert "overrides" not in tracegen("render", "--plan").out


#: What a team commits: seventeen services without images in five languages, a base and two environments.
LANGUAGES = ("python", "node", "go", "java", "dotnet")


def committed(folder: Path) -> dict[str, bytes]:
    """The files that git would take."""
    listed = ["git", "-C", str(folder), "ls-files", "-z", "--others", "--cached", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name: (folder / name).read_bytes() for name in names if name}


def many(services: int, environments: str) -> str:
    lines = [f"  s{number}: {{language: {LANGUAGES[number % len(LANGUAGES)]}}}\n" for number in range(services)]
    return "tracegen: 1\nname: shop\nbackend: {type: jaeger}\nservices:\n" + "".join(lines) + environments


@pytest.mark.parametrize(
    ("services", "environments", "files", "lines"),
    [
        (17, "environments: {dev: {backend: {storage: memory}}, prod: {collector: {replicas: 2}}}\n", 600, 60_000),
        (5, "", 120, 10_000),
    ],
)
def test_what_a_team_commits_is_small(shop: Path, services: int, environments: str, files: int, lines: int) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=shop, check=True)
    (shop / "tracegen.yaml").write_text(many(services, environments), encoding="utf-8")
    assert tracegen("render", "--all").code == 0
    found = committed(shop)
    assert len(found) <= files and sum(text.count(b"\n") for text in found.values()) <= lines
    own = {path: text for path, text in found.items() if "/.tracegen/" in f"/{path}"}
    assert len(own) <= 30
    if not environments:
        return
    assert sum(map(len, own.values())) <= 0.1 * sum(map(len, found.values()))
    assert sum(text.count(b"\n") for text in own.values()) <= 0.05 * sum(text.count(b"\n") for text in found.values())
