"""Which file is read, what it is called, and what is said when it cannot be read."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tracegen.problems import ProblemsFound
from tracegen.source import CannotRead, load, plain

SPEC = "name: shop\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own for each test."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def refusal(path: str) -> CannotRead:
    with pytest.raises(CannotRead) as raised:
        load(path)
    return raised.value


def test_a_spec() -> None:
    Path("tracegen.yaml").write_text(SPEC)
    document = load("tracegen.yaml")
    assert plain(document.root) == {"name": "shop"}
    assert (document.file, document.folder, document.included, document.problems) == (
        "tracegen.yaml",
        Path(),
        (),
        (),
    )


@pytest.mark.parametrize("path", ["specs/a.yaml", "./specs/a.yaml", "specs/../specs/a.yaml"])
def test_a_file_below_the_working_directory_is_shown_relative_to_it(here: Path, path: str) -> None:
    Path("specs").mkdir()
    Path("specs/a.yaml").write_text(SPEC)
    assert load(path).file == "specs/a.yaml"
    assert load(str(here / "specs/a.yaml")).file == "specs/a.yaml"
    assert load(path).folder.resolve() == here / "specs"


def test_a_file_elsewhere_is_shown_as_given(here: Path) -> None:
    (here.parent / "a.yaml").write_text(SPEC)
    assert load("../a.yaml").file == "../a.yaml"
    assert load(str(here.parent / "a.yaml")).file == (here.parent / "a.yaml").as_posix()


def test_problems_name_the_file_as_shown(here: Path) -> None:
    Path("a.yaml").write_text("a: 1\na: 2\n")
    with pytest.raises(ProblemsFound) as raised:
        load(str(here / "a.yaml"))
    assert [problem.place.file for problem in raised.value.problems] == ["a.yaml"]


def test_standard_input() -> None:
    document = load("-", io.BytesIO(SPEC.encode()))
    assert (plain(document.root), document.file, document.folder) == ({"name": "shop"}, "<stdin>", Path())


def test_standard_input_includes_from_the_working_directory() -> None:
    Path("more.yaml").write_text("services: {}\n")
    document = load("-", io.BytesIO(b"include: [more.yaml]\n"))
    assert [file for file, _ in document.included] == ["more.yaml"]


def test_no_standard_input_is_an_empty_file() -> None:
    with pytest.raises(ProblemsFound):
        load("-")


def test_no_such_file() -> None:
    assert refusal("tracegen.yaml").reason == "no such file"
    assert refusal("none/tracegen.yaml").reason == "no such file"
    assert refusal("").reason != ""
    assert str(refusal("tracegen.yaml")) == "cannot read tracegen.yaml: no such file"


def test_no_such_file_but_one_of_almost_that_name() -> None:
    Path("tracegen.yml").write_text(SPEC)
    assert refusal("tracegen.yaml").hint == "did you mean 'tracegen.yml'?"
    Path("file").write_text("")
    assert refusal("file/tracegen.yaml").reason == "no such file"


def test_a_folder() -> None:
    Path("project").mkdir()
    assert refusal("project").reason == "it is a folder"
    Path("project/tracegen.yaml").write_text(SPEC)
    assert refusal("project").hint == "did you mean 'project/tracegen.yaml'?"


def test_a_pipe_is_refused_and_not_waited_for() -> None:
    os.mkfifo("pipe")
    assert refusal("pipe").reason == "it is a pipe"
    assert "standard input" in refusal("pipe").hint


def test_devices_and_sockets() -> None:
    assert refusal("/dev/zero").reason == "it is a device"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert refusal("socket").reason == "it is a socket"


def test_a_link_that_leads_nowhere_or_to_itself() -> None:
    Path("dangling").symlink_to("nowhere")
    assert refusal("dangling").reason == "no such file"
    Path("loop").symlink_to("loop")
    assert refusal("loop").reason


def test_a_link_to_a_spec_is_read() -> None:
    Path("real.yaml").write_text(SPEC)
    Path("tracegen.yaml").symlink_to("real.yaml")
    assert load("tracegen.yaml").file == "tracegen.yaml"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_is_not_ours_to_read() -> None:
    Path("secret.yaml").write_text(SPEC)
    Path("secret.yaml").chmod(0)
    assert refusal("secret.yaml").reason == "permission denied"


def test_permission_denied_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret.yaml").write_text(SPEC)

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refusal("secret.yaml").reason == "permission denied"


def test_names_that_are_none() -> None:
    assert refusal("a\0b").reason == "it is no name of a file"
    assert refusal("x" * 5_000).reason


def test_yaml_is_imported_only_to_read() -> None:
    """Commands that read no spec, such as `--help`, do not pay for it."""
    program = "import sys, tracegen.source; print('yaml' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.strip() == "False"


def test_a_file_too_large_is_not_read_whole() -> None:
    with Path("large.yaml").open("wb") as stream:
        stream.truncate(10 * 2**30)
    with pytest.raises(ProblemsFound) as raised:
        load("large.yaml")
    assert raised.value.problems[0].code.id == "TG103"
