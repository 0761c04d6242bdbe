"""Made by the wheel of one machine, updated by a newer wheel on another one that reaches no network."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from project.histories import history
from support import ROOT, Ran
from test_wheel import built, in_a_fresh_environment


@dataclass(frozen=True)
class Machine:
    """A tracegen of its own in an environment and a home of its own."""

    program: Path
    home: Path

    def run(self, folder: Path, *words: str) -> Ran:
        """Run it in a folder, without a network where the system lets us take it away."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8"}
        command = [*without_a_network(), str(self.program), *words]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@cache
def without_a_network() -> tuple[str, ...]:
    """A prefix that takes the network away from a command; nothing where the system refuses."""
    prefix = ("unshare", "--map-root-user", "--net")
    usable = shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if usable and usable.returncode == 0 else ()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Machine]]:
    """One that knows the first version of the skeleton, and one that knows three."""
    yield machine(tmp_path_factory.mktemp("older"), 1), machine(tmp_path_factory.mktemp("newer"), 3)


def machine(folder: Path, versions: int) -> Machine:
    source = folder / "source"
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is no git checkout")
    for name in filter(None, done.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("templates/project/", "examples/", "tests/cases/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    history(source / "templates" / "project", versions)
    wheel = built("wheel", source, folder / "wheel")
    (folder / "home").mkdir()
    return Machine(in_a_fresh_environment(wheel, folder / "venv"), folder / "home")


def test_a_project_goes_on_on_another_machine_without_a_network(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    older, newer = machines
    made = older.run(tmp_path, "new", "shop", "--defaults")
    assert made.code == 0, made.err
    readme = tmp_path / "shop" / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("the platform team", "Maria"), encoding="utf-8")
    moved = tmp_path / "elsewhere" / "shop"
    shutil.copytree(tmp_path / "shop", moved)
    shutil.rmtree(tmp_path / "shop")
    planned = newer.run(moved, "update", "--plan")
    ran = newer.run(moved, "update")
    # The last lines count what is to be done, and what was done.
    assert (ran.code, ran.out.splitlines()[:-1]) == (planned.code, planned.out.splitlines()[:-1])
    assert ran.code == 0, ran.err
    text = (moved / "README.md").read_text(encoding="utf-8")
    assert "Ask Maria." in text and "# Tracing of these services" in text
    assert newer.run(moved, "render", "--check").code == 0
    assert not list(newer.home.rglob("*.git")), "copier keeps nothing in this home"


def test_an_older_tracegen_refuses_the_skeleton_of_a_newer_one(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    older, newer = machines
    assert newer.run(tmp_path, "new", "shop", "--defaults").code == 0
    ran = older.run(tmp_path / "shop", "update")
    assert (ran.code, "does not know" in ran.err) == (2, True)
