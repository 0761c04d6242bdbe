"""What is rendered once, and what is kept compiled: never another text than each by itself."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support import compiled, one_service
from tracegen.catalogue import catalogue
from tracegen.render import template
from tracegen.render.stubs import stubs

SERVICES = {
    "a": {"language": "python"},
    "b": {"language": "python", "framework": "django"},
    "c": {"language": "python", "instrumentation": "sdk"},
    "d": {"language": "python", "image": "d:1"},
    "e": {"language": "node"},
    "f": {"language": "node", "libraries": ["pg"]},
    "g": {"language": "java", "image": "g:1", "framework": "spring-boot"},
    "h": {"language": "java", "image": "h:1"},
    "i": {"language": "go"},
    "j": {"language": "go", "image": "j:1"},
}


@pytest.mark.parametrize("order", [list(SERVICES), list(reversed(SERVICES))], ids=["forward", "backward"])
def test_a_service_among_others_gets_the_stub_that_it_gets_alone(order: list[str], tmp_path: Path) -> None:
    spec = {"tracegen": 1, "name": "shop", "targets": ["compose"], "backend": {"type": "jaeger"}}
    twice = {name + number: SERVICES[name] for number in ("", "2") for name in order}
    system = compiled(tmp_path, spec | {"services": twice}).system
    together = {file.path: file.text for file in stubs(system, catalogue())}
    alone = {
        file.path: file.text
        for name, service in system.services.items()
        for file in stubs(replace(system, services={name: service}), catalogue())
    }
    assert together == alone
    assert len(set(together.values())) < len(together)


@pytest.fixture
def keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template, where compiled code is kept."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "a.txt.j2").write_text("one {{ name | label }}\n")
    return tmp_path


def rendered(root: Path) -> str:
    template._environment.cache_clear()
    return template.render_template("a.txt.j2", {"name": "x"}, root)


def kept(root: Path) -> Path:
    (file,) = (root / "__pycache__").iterdir()
    return file


def test_code_is_kept_and_taken_for_the_same_text_only(keeps: Path) -> None:
    assert rendered(keeps) == "one x\n"
    code = kept(keeps).read_bytes()
    kept(keeps).chmod(0o400)
    assert rendered(keeps) == "one x\n"
    assert kept(keeps).read_bytes() == code
    (keeps / "a.txt.j2").write_text("two {{ name | label }}\n")
    assert rendered(keeps) == "two x\n"
    assert kept(keeps).read_bytes() != code


@pytest.mark.parametrize("damage", [b"", b"j2", b"\0" * 500], ids=["empty", "cut off", "other"])
def test_damaged_code_is_made_anew(keeps: Path, damage: bytes) -> None:
    rendered(keeps)
    whole = kept(keeps).read_bytes()
    kept(keeps).write_bytes(damage)
    assert rendered(keeps) == "one x\n"
    kept(keeps).write_bytes(whole[: len(whole) // 2])
    assert rendered(keeps) == "one x\n"
    assert kept(keeps).read_bytes() == whole


def test_nothing_is_kept_where_python_keeps_nothing(keeps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(keeps) == "one x\n"
    assert not (keeps / "__pycache__").exists()


def test_a_folder_that_cannot_be_written_is_no_failure(keeps: Path) -> None:
    (keeps / "__pycache__").write_text("a file in its place")
    assert rendered(keeps) == "one x\n"


def test_a_filter_says_no_while_rendering_and_not_while_compiling(keeps: Path) -> None:
    """Else kept code would hold what an earlier filter let through."""
    (keeps / "a.txt.j2").write_text("{{ 'Not a label' | label }}\n")
    with pytest.raises(template.UnsafeValue):
        rendered(keeps)
    assert kept(keeps)


def test_every_builder_looks_into_the_folders_of_code(tmp_path: Path) -> None:
    """Where all is ignored but some, the classic builder enters no folder that no exception begins with."""
    found = 0
    for language, pack in catalogue().languages.items():
        for number, framework in enumerate(pack.frameworks):
            folder = tmp_path / f"{language}-{number}"
            folder.mkdir()
            tree = compiled(
                folder, one_service(services={"api": {"language": language, "framework": framework}})
            ).tree
            ignored = tree["services/api/.dockerignore"].decode().split()
            inside = {path.split("/")[2] for path in tree if path.startswith("services/api/") and path.count("/") > 2}
            if ignored[0] == "*":
                found += len(inside)
                assert not [each for each in inside if f"!{each}" not in ignored], f"{language} with {framework}"
    assert found
