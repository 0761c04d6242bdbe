"""The command line against every kind of bad input: clear words, the right exit code, an untouched output folder."""

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from support import ROOT, Ran, tracegen

SMALLEST = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
services:
  api: {language: python}
"""

#: What a file can be that is no spec: its bytes, and what is said of it.
BAD_FILES: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "tracegen.yaml: TG105: the file is empty"),
    "only comments": (b"# nothing\n", "the file holds only comments"),
    "binary": (b"\x7fELF\x02\x01\x01\x00\x00", "TG104: this is a binary file (a program)"),
    "NUL": (b"tracegen: 1\nname: \x00\n", "tracegen.yaml:2:7: TG104: this is a binary file: it holds a NUL byte"),
    "not UTF-8": (b"tracegen: 1\nname: caf\xe9\n", "tracegen.yaml:2:10: TG104: the byte 0xe9 is not UTF-8"),
    "UTF-16": (SMALLEST.encode("utf-16"), "the file is UTF-16, not UTF-8"),
    "a list": (b"- tracegen: 1\n", "tracegen.yaml:1:1: TG105: the top level is a list, not a mapping"),
    "a text": (b"hello\n", "the top level is the text 'hello', not a mapping"),
    "tabs": (b"tracegen: 1\nbackend:\n\ttype: jaeger\n", "tracegen.yaml:3:1: TG101: a tab is used for indentation"),
    "duplicate keys": (
        SMALLEST.encode() + b"name: shop2\n",
        "tracegen.yaml:7:1: TG102 name: the key 'name' is written twice, first on line 2",
    ),
    "a bomb of anchors": (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)),
        "TG103: the file holds more than 200,000 values",
    ),
    "50,000 brackets": (b"a: " + b"[" * 50_000, "TG103: the file nests deeper than 100 levels"),
    "50,000 brackets that are closed": (
        b"a: " + b"{a: " * 50_000 + b"}" * 50_000,
        "TG103: the file nests deeper than 100 levels",
    ),
    "10 MB": (SMALLEST.encode() + b"# long\n" * 1_500_000, "TG103: the file is larger than 4 MiB"),
    "a key of 3 MB": (b"a" * 3_000_000 + b": 1\n", "the key before this colon is longer than 1,024 characters"),
    "an unclosed bracket": (b"tracegen: 1\nbackend: {type: jaeger\n", "the `{` that opens on line 2 is never closed"),
    "a conflict": (b"tracegen: 1\n<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> b\n", "a git conflict marker"),
    "a tag": (SMALLEST.encode() + b"registry: !!python/object/apply:os.system [ls]\n", "is not allowed"),
    "unknown keys": (SMALLEST.encode() + b"bakend: {}\n", "TG110 bakend: 'bakend' is not a key of the spec"),
    "wrong types": (SMALLEST.encode() + b"metrics: maybe\n", "TG112 metrics: 'maybe' is not true or false"),
    "an include that leaves the folder": (
        SMALLEST.encode() + b"include: [../other.yaml]\n",
        "TG107 include[0]: '../other.yaml' leads out of the spec's folder",
    ),
    "an include of everything": (SMALLEST.encode() + b"include: [/etc/passwd]\n", "'/etc/passwd' is not relative"),
    "a stub that leaves the folder": (
        SMALLEST.replace("python}", "python, stub: ../../apps}").encode(),
        "TG114 services.api.stub: '../../apps' is not a path inside the output folder",
    ),
    "an override that leaves the folder": (
        SMALLEST.encode() + b"overrides: {../../etc/cron.yaml: {a: 1}}\n",
        "TG114 overrides.../../etc/cron.yaml",
    ),
    "a service called like a path": (
        SMALLEST.replace("api:", "../../api:").encode(),
        "TG114 services.../../api: '../../api' is not a DNS label",
    ),
}

bad_files = pytest.mark.parametrize("name", BAD_FILES)
as_root = os.name == "posix" and os.geteuid() == 0


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec that is rendered, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tracegen.yaml").write_text(SMALLEST, encoding="utf-8")
    assert tracegen("render").code == 0
    return tmp_path


def everything(folder: Path) -> dict[str, bytes | str]:
    """Every file, folder and link below a folder, by its path, with what it holds."""
    return {
        path.relative_to(folder).as_posix(): (
            str(path.readlink()) if path.is_symlink() else "folder" if path.is_dir() else path.read_bytes()
        )
        for path in folder.rglob("*")
        if not path.is_socket() and not path.is_fifo()
    }


def refused(folder: Path, code: int, words: str, *arguments: str | Path) -> Ran:
    """Run a command that fails; everything in the folder stays as it was, `.tracegen` included."""
    before = everything(folder)
    ran = tracegen(*arguments)
    assert everything(folder) == before
    assert ran.code == code, ran
    assert words in ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err
    assert "bug in tracegen" not in ran.err
    return ran


def process(
    *arguments: str, folder: Path, stdin: bytes = b"", prepare: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tracegen", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        env=_environment(),
        preexec_fn=prepare,
        timeout=60,
        check=False,
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}


# Files that are no specs


@bad_files
def test_render_says_what_is_wrong_and_writes_nothing(name: str, project: Path) -> None:
    content, words = BAD_FILES[name]
    (project / "tracegen.yaml").write_bytes(content)
    ran = refused(project, 1, words, "render")
    assert ran.out == ""
    assert max(map(len, ran.err.splitlines())) < 1_000


@bad_files
def test_check_diff_and_plan_say_the_same(name: str, project: Path) -> None:
    content, words = BAD_FILES[name]
    (project / "tracegen.yaml").write_bytes(content)
    for option in ("--check", "--diff", "--plan"):
        refused(project, 1, words, "render", option)


@bad_files
def test_validate_says_what_is_wrong_on_standard_output(name: str, project: Path) -> None:
    content, words = BAD_FILES[name]
    (project / "tracegen.yaml").write_bytes(content)
    ran = refused(project, 1, words, "validate")
    assert words in ran.out
    assert ran.err == ""


@pytest.mark.parametrize("name", ["empty", "binary", "50,000 brackets", "a bomb of anchors", "10 MB", "unknown keys"])
def test_a_real_process_takes_it_from_standard_input_and_survives(name: str, project: Path) -> None:
    content, words = BAD_FILES[name]
    before = everything(project)
    done = process("render", "-", folder=project, stdin=content)
    assert done.returncode == 1
    assert words.replace("tracegen.yaml", "<stdin>") in done.stderr.decode()
    assert everything(project) == before


def test_two_specs_at_once_are_both_told_of(project: Path) -> None:
    (project / "one.yaml").write_text("- 1\n", encoding="utf-8")
    (project / "two.yaml").write_text(f"{SMALLEST}foo: 1\n", encoding="utf-8")
    ran = refused(project, 1, "one.yaml:1:1: TG105", "validate", "one.yaml", "tracegen.yaml", "two.yaml")
    assert "two.yaml:7:1: TG110 foo" in ran.out
    assert "tracegen.yaml" not in ran.out


# Files that cannot be read


def test_no_file_is_wrong_usage_with_a_guess(project: Path) -> None:
    ran = refused(project, 2, "cannot read tracegn.yaml: no such file", "render", "tracegn.yaml")
    assert "did you mean 'tracegen.yaml'?" in ran.err


def test_no_spec_where_one_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = refused(tmp_path, 2, "cannot read tracegen.yaml: no such file", "validate")
    assert "tracegen new" in ran.err


def test_a_folder_is_no_spec(project: Path) -> None:
    ran = refused(project, 2, "it is a folder", "render", project)
    assert "did you mean 'tracegen.yaml'?" in ran.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe")
    refused(project, 2, "cannot read pipe: it is a pipe", "validate", "pipe")


def test_a_device_is_not_read(project: Path) -> None:
    refused(project, 2, "cannot read /dev/zero: it is a device", "validate", "/dev/zero")


def test_a_name_that_is_none(project: Path) -> None:
    refused(project, 2, "it is no name of a file", "validate", "a\0b")


def _without_rights() -> None:
    """For root nothing is unreadable: give up the right to read and write what others may not."""
    if as_root:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


needs_rights = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="gives up capabilities, which Linux has"
)


@needs_rights
@pytest.mark.parametrize("command", ["render", "validate"])
def test_an_unreadable_spec(command: str, project: Path) -> None:
    before = everything(project)
    (project / "tracegen.yaml").chmod(0)
    done = process(command, folder=project, prepare=_without_rights)
    (project / "tracegen.yaml").chmod(0o644)
    assert done.returncode == 2
    assert b"cannot read tracegen.yaml: permission denied" in done.stderr
    assert everything(project) == before


@needs_rights
def test_an_unreadable_included_file_is_a_problem_of_the_line_that_names_it(project: Path) -> None:
    (project / "tracegen.yaml").write_text(f"{SMALLEST}include: [pay.yaml]\n", encoding="utf-8")
    (project / "pay.yaml").write_text("services: {}\n", encoding="utf-8")
    (project / "pay.yaml").chmod(0)
    done = process("validate", folder=project, prepare=_without_rights)
    assert done.returncode == 1
    assert done.stdout.startswith(
        b"tracegen.yaml:7:11: TG108 include[0]: 'pay.yaml' cannot be read: permission denied"
    )


# Places that cannot be written


@needs_rights
@pytest.mark.parametrize("place", [".", "services", "services/api", ".tracegen"])
def test_a_folder_that_is_not_writable(place: str, project: Path) -> None:
    (project / "tracegen.yaml").write_text(SMALLEST.replace("api", "web"), encoding="utf-8")
    before = everything(project)
    (project / place).chmod(0o555)
    done = process("render", folder=project, prepare=_without_rights)
    (project / place).chmod(0o755)
    assert done.returncode == 2, done
    assert b"is not writable" in done.stderr or b"permission denied" in done.stderr
    assert everything(project) == before


@needs_rights
def test_a_folder_that_cannot_be_made(project: Path) -> None:
    (project / "closed").mkdir(mode=0o555)
    done = process("render", "-o", "closed/out", folder=project, prepare=_without_rights)
    assert done.returncode == 2
    assert b"permission denied" in done.stderr
    assert list((project / "closed").iterdir()) == []


def test_an_output_folder_that_is_a_file(project: Path) -> None:
    refused(project, 2, "is a file where a folder is needed", "render", "-o", "compose.yaml")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real filesystem of 16 KiB; skips where this user may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small filesystem")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_nothing_behind(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "tracegen.yaml").write_text(SMALLEST, encoding="utf-8")
    done = process("render", "-o", "disk", folder=tmp_path)
    assert done.returncode == 2
    assert b"no space left on device" in done.stderr
    # The lock and git's notes stay: who takes the lock away takes it from others too.
    left = {path.relative_to(small_disk).as_posix() for path in small_disk.rglob("*") if path.is_file()}
    assert left <= {".tracegen/lock", ".tracegen/.gitignore", ".tracegen/.gitattributes"}


@pytest.mark.parametrize("size", [0, 100, 20_000])
def test_a_limit_on_the_size_of_files_is_as_a_full_disk(size: int, project: Path) -> None:
    (project / "tracegen.yaml").write_text(SMALLEST.replace("api", "web"), encoding="utf-8")
    before = everything(project)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    done = process("render", folder=project, prepare=limited)
    if size == 20_000:
        # More than any file but the schema, which stands there already.
        assert done.returncode == 0, done
        return
    assert done.returncode == 2
    assert b"file too large" in done.stderr
    assert everything(project) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["schema", "packs", "validate --format json", "render --plan"])
def test_standard_output_on_a_full_disk(command: str, project: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = _popen(command, project, stdout=full)
        _, error = done.communicate(timeout=60)
    assert done.returncode == 2
    assert error.decode().splitlines()[-1] == "cannot write to standard output: no space left on device"


# Wrong usage


def test_an_unknown_environment_is_wrong_usage_with_a_guess(project: Path) -> None:
    (project / "tracegen.yaml").write_text(f"{SMALLEST}environments: {{prod: {{}}, dev: {{}}}}\n", encoding="utf-8")
    ran = refused(project, 2, "the spec has no environment 'prd'", "render", "--env", "prd")
    assert "did you mean 'prod'?" in ran.err
    ran = refused(project, 2, "the spec has no environment 'x'", "validate", "--env", "x")
    assert "its environments: prod, dev" in ran.err


def test_an_environment_cannot_lead_out_of_the_folder(project: Path) -> None:
    (project / "tracegen.yaml").write_text(f"{SMALLEST}environments: {{../../x: {{}}}}\n", encoding="utf-8")
    refused(project, 1, "'../../x' is not a DNS label", "render", "--env", "../../x")


def test_a_folder_of_another_environment_is_left_alone(project: Path) -> None:
    (project / "tracegen.yaml").write_text(f"{SMALLEST}environments: {{prod: {{}}}}\n", encoding="utf-8")
    refused(project, 2, "not environment 'prod'", "render", "--env", "prod", "-o", ".")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["rendr"], "there is no command 'rendr'"),
        (["render", "--chek"], "No such option"),
        (["validate", "--format", "xml"], "'xml' is not one of"),
        (["render", "--env"], "requires an argument"),
        (["explain", "a", "b", "c"], "at most a spec"),
        (["explain", "TG999"], "there is no problem TG999"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], words: str, project: Path) -> None:
    refused(project, 2, words, *arguments)


# Readers and signals


def _popen(command: str, folder: Path, **streams: object) -> subprocess.Popen[bytes]:
    kinds = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    arguments = [sys.executable, "-m", "tracegen", *command.split()]
    return subprocess.Popen(arguments, cwd=folder, env=_environment(), **kinds)  # type: ignore[call-overload,no-any-return]


def test_a_reader_that_goes_away_is_no_error(project: Path) -> None:
    running = _popen("schema", project)
    assert running.stdout is not None and running.stderr is not None
    assert running.stdout.readline() == b"{\n"
    running.stdout.close()
    assert running.wait(timeout=60) == 0
    assert running.stderr.read() == b""


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_closed_streams_are_no_bug(closed: tuple[int, ...], project: Path) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    before = everything(project)
    assert process("validate", folder=project, prepare=close).returncode == 0
    assert process("render", "--check", folder=project, prepare=close).returncode == 0
    assert process("validate", "nothing.yaml", folder=project, prepare=close).returncode == 2
    assert everything(project) == before


def test_a_closed_standard_input_is_an_empty_spec(project: Path) -> None:
    done = process("validate", "-", folder=project, prepare=lambda: os.close(0))
    assert done.returncode == 1
    assert done.stdout.startswith(b"<stdin>: TG105: the file is empty")


@pytest.mark.parametrize("command", ["validate -", "render -"])
def test_an_interrupt_exits_with_130(command: str, project: Path) -> None:
    before = everything(project)
    running = _popen(command, project, stdin=subprocess.PIPE)
    assert running.stdin is not None
    _wait_until_it_reads(running)
    running.send_signal(signal.SIGINT)
    out, error = running.communicate(timeout=60)
    assert running.returncode == 130
    assert (out, error.split()) == (b"", [b"interrupted"])
    assert everything(project) == before


def _wait_until_it_reads(running: subprocess.Popen[bytes]) -> None:
    """Feed standard input until the pipe is full and then drained: whoever drains it is past its imports."""
    assert running.stdin is not None
    running.stdin.write(b"# comment\n" * 20_000)  # more than a pipe holds, so this returns when it is read
    with suppress(BrokenPipeError):
        running.stdin.flush()


# Bugs


@pytest.fixture
def bug(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that nobody expects, deep inside."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("the answer is not 42")

    monkeypatch.setattr("tracegen.compiler.build_system", broken)


@pytest.mark.parametrize("command", ["render", "validate", "explain"])
@pytest.mark.usefixtures("bug")
def test_a_bug_exits_with_3_and_a_line_to_report(command: str, project: Path) -> None:
    before = everything(project)
    ran = tracegen(command)
    assert ran.code == 3
    first, second = ran.err.splitlines()
    assert first.startswith("bug in tracegen ") and first.endswith(": ZeroDivisionError: the answer is not 42")
    assert "report" in second and "--debug" in second
    assert everything(project) == before


@pytest.mark.usefixtures("bug")
def test_debug_shows_where_a_bug_is(project: Path) -> None:
    ran = tracegen("--debug", "render")
    assert ran.code == 3
    assert "Traceback (most recent call last)" in ran.err
    assert "in broken" in ran.err
    assert "bug in tracegen" in ran.err


def test_debug_shows_no_traceback_of_what_is_expected(project: Path) -> None:
    refused(project, 2, "cannot read nothing.yaml", "--debug", "render", "nothing.yaml")
