"""What people install: a wheel that works away from the checkout, and says and renders the same."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from support import ROOT, Ran, assert_same_tree, tracegen, tree_of
from tracegen.other_program import UNDO

HELLO = ROOT / "examples" / "01-hello"

NO_INDEX = re.compile(r"connection|network|dns|timed? ?out|name resolution|error sending request", re.IGNORECASE)

#: Commands that must say the same, installed or not.
COMMANDS = [
    ["--version"],
    ["--help"],
    ["schema"],
    ["packs"],
    ["explain", "TG401"],
    ["completion", "bash"],
    ["validate", "tracegen.yaml"],
    ["explain", "tracegen.yaml", "backend.storage"],
]


@dataclass(frozen=True)
class Installed:
    """A wheel in a virtual environment of its own; commands run in a folder that is no checkout."""

    program: Path
    folder: Path

    def run(self, *words: str, program: list[str] | None = None) -> Ran:
        """Run the installed command as its user would."""
        command = [*(program or [str(self.program)]), *words]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the checkout that git knows or would take, as a clone has them."""
    copy = tmp_path_factory.mktemp("checkout") / "tracegen"
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is no git checkout")
    for name in filter(None, done.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", checkout, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    return Installed(in_a_fresh_environment(wheel, folder / "venv"), example_in(folder / "elsewhere"))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_installed_command_says_the_same(
    installed: Installed, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(installed.folder)
    ran = installed.run(*words)
    assert ran.code == 0
    assert ran == tracegen(*words)


def test_an_installed_render_gives_the_same_bytes(installed: Installed, tmp_path: Path) -> None:
    assert installed.run("render", "--output", "out").code == 0
    assert tracegen("render", installed.folder / "tracegen.yaml", "--output", tmp_path / "out").code == 0
    assert_same_tree(rendered(installed.folder / "out"), rendered(tmp_path / "out"))


def rendered(folder: Path) -> dict[str, bytes]:
    """What was rendered, without the memory, which knows where the spec lies."""
    return {path: content for path, content in tree_of(folder).items() if not path.startswith(".tracegen/")}


def test_the_installed_code_is_what_runs(installed: Installed) -> None:
    python = str(installed.program.parent / "python")
    ran = installed.run("-c", "import tracegen; print(tracegen.__file__)", program=[python])
    assert ran.out.startswith(str(installed.program.parent.parent))
    assert installed.run("-m", "tracegen", "--version", program=[python]) == installed.run("--version")


def test_the_wheel_holds_code_and_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert {name.split("/")[0].split("-")[0] for name in names} == {"tracegen", "tracegen_otel"}
    data = {name for name in names if name.startswith("tracegen/data/")}
    for folder in ("templates", "schemas"):
        kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert {f"tracegen/data/{name}" for name in kept if "__pycache__" not in name} <= data
    found = (ROOT / "src/tracegen/packs").glob("*/*.*")
    packs = {path.relative_to(ROOT / "src").as_posix() for path in found if "__pycache__" not in path.parts}
    assert {"tracegen/packs/jaeger/pack.yaml", "tracegen/packs/jaeger/backend.py"} <= packs <= set(names)


def test_a_source_distribution_builds_the_same_wheel(checkout: Path, wheel: Path, tmp_path: Path) -> None:
    archive = built("sdist", checkout, tmp_path)
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert contents(built("wheel", source, tmp_path / "again")) == contents(wheel)


@pytest.mark.parametrize(
    ("program", "words"), [("pipx", ["install"]), ("uv", ["tool", "install", "--python", sys.executable])]
)
def test_the_installers_of_programs_take_the_wheel(
    wheel: Path, tmp_path: Path, program: str, words: list[str]
) -> None:
    if find_spec(program) is None:
        pytest.skip(f"{program} is not here")
    places = {"PIPX_HOME": "pipx", "PIPX_BIN_DIR": "bin", "UV_TOOL_DIR": "uv", "UV_TOOL_BIN_DIR": "bin"}
    environment = {**os.environ, **{name: str(tmp_path / folder) for name, folder in places.items()}}
    command = [sys.executable, "-m", program, *words, str(wheel)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode and NO_INDEX.search(done.stdout + done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    assert Installed(tmp_path / "bin" / "tracegen", tmp_path).run("--version") == tracegen("--version")


def test_the_other_program_of_this_name_is_told_of_and_can_be_undone(wheel: Path, tmp_path: Path) -> None:
    program = in_a_fresh_environment(wheel, tmp_path / "venv")
    ours = Installed(program, tmp_path)
    python = [str(program.parent / "python")]
    pip = [sys.executable, "-m", "pip", "--python", *python]
    install(pip, "install", "--no-deps", "--no-index", str(stranger(tmp_path)))
    broken = ours.run("-m", "tracegen", "--version", program=python)
    assert broken.code == 1 and "another program called tracegen" in broken.err and UNDO in broken.err
    again = ("install", "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    install(pip, *again)
    for words in (["--version"], ["update"], ["new", "shop", "--defaults"]):
        told = ours.run("-m", "tracegen", *words, program=python).err
        assert "tracegen 1.0.0 is installed here too" in told and UNDO in told
    install(pip, "uninstall", "--yes", "tracegen")
    install(pip, *again)
    assert ours.run("--version") == tracegen("--version")
    assert "pip uninstall --yes tracegen," in UNDO and "--force-reinstall" in UNDO, "as it was done here"


def install(pip: list[str], *words: str) -> None:
    done = subprocess.run([*pip, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def stranger(folder: Path) -> Path:
    """A wheel called `tracegen` that has a package and a command of the same names, as the one on the index has."""
    path = folder / "tracegen-1.0.0-py3-none-any.whl"
    files = {
        "tracegen/__init__.py": "\n",
        "tracegen-1.0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tracegen\nVersion: 1.0.0\n",
        "tracegen-1.0.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tracegen-1.0.0.dist-info/entry_points.txt": "[console_scripts]\ntracegen = cli:cli\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        names = [*files, "tracegen-1.0.0.dist-info/RECORD"]
        wheel.writestr(names[-1], "".join(f"{name},,\n" for name in names))
    return path


def built(kind: str, source: Path, folder: Path) -> Path:
    """The one distribution that a build puts into a folder."""
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = [path for path in folder.iterdir() if path.suffix in (".whl", ".gz")]
    return found


def in_a_fresh_environment(wheel: Path, folder: Path) -> Path:
    """The command in a new virtual environment that borrows the libraries of this one; needs no network."""
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install", "--no-deps", "--no-index"]
    done = subprocess.run([*command, str(wheel)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    libraries = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site / "borrowed.pth").write_text("".join(f"{each}\n" for each in libraries), encoding="utf-8")
    return scripts / "tracegen"


def example_in(folder: Path) -> Path:
    """A folder with the spec of the first example and nothing else."""
    folder.mkdir()
    shutil.copy(HELLO / "tracegen.yaml", folder)
    return folder


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel, with their hashes in its own list."""
    with zipfile.ZipFile(wheel) as opened:
        return {name: opened.read(name) for name in opened.namelist()}
