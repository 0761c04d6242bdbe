"""The same spec gives the same bytes: on another day, in another folder and locale, under another hash seed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from support import ROOT, assert_same_tree, tracegen, tree_of
from tracegen.write.memory import parse_memory
from tracegen.write.paths import MEMORY

#: Signs of many alphabets, dollars and quotes: what depends on an encoding would show here.
SPEC = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
collector: {replicas: 2}
compose: {publish: [ui, otlp]}
attributes: {team: Ürün İletişim, region: 東京}
services:
  api: {language: python, calls: [web, ledger], env: {PRICE: "5$ ${HOME}", GREETING: "Grüße, ığdır"}}
  web: {language: go, image: "ghcr.io/acme/web:1.4", replicas: 2, env: {TOKEN: {env: TOKEN}}}
  ledger: {language: java, deploy: true, version: "0.10"}
environments:
  prod: {attributes: {team: shop}, sampling: {head: {type: ratio, ratio: 0.1}}}
"""

#: Runs before the program: every clock is wrong by years, and so is what `random` gives.
SITECUSTOMIZE = """\
import datetime, random, time
SHIFT = 7 * 365 * 24 * 3600 + 12345
real, real_ns, real_gm, real_local = time.time, time.time_ns, time.gmtime, time.localtime
time.time = lambda: real() + SHIFT
time.time_ns = lambda: real_ns() + SHIFT * 10**9
time.gmtime = lambda seconds=None: real_gm(time.time() if seconds is None else seconds)
time.localtime = lambda seconds=None: real_local(time.time() if seconds is None else seconds)
class Moment(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)
class Day(datetime.date):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(time.time())
datetime.datetime, datetime.date = Moment, Day
random.seed(4711)
"""


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """The tree as everybody gets it, with what tracegen notes about it."""
    tree = rendered(tmp_path_factory.mktemp("usual"))
    assert len(tree) > 8
    return tree


@pytest.mark.parametrize("seed", ["0", "1", "4294967295"])
def test_under_another_hash_seed(usual: Mapping[str, bytes], tmp_path: Path, seed: str) -> None:
    assert_same_tree(rendered(tmp_path, {"PYTHONHASHSEED": seed}), usual)


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", "tr_TR.UTF-8", "de_DE.ISO-8859-1"])
def test_in_another_locale(usual: Mapping[str, bytes], tmp_path: Path, locale: str) -> None:
    """Without the help that Python gives where a locale is not UTF-8."""
    variables = {"LC_ALL": locale, "LANG": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    if locale not in ("C", "POSIX", "C.UTF-8"):
        variables["LOCPATH"] = str(made_locale(locale, tmp_path))
    assert_same_tree(rendered(tmp_path / "output", variables), usual)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/St_Johns", "UTC-14", "nonsense"])
def test_in_another_time_zone(usual: Mapping[str, bytes], tmp_path: Path, zone: str) -> None:
    assert_same_tree(rendered(tmp_path, {"TZ": zone}), usual)


def test_on_another_day(usual: Mapping[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    variables = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *import_path()])}
    command = [sys.executable, "-c", "import datetime; print(datetime.datetime.now().year)"]
    years = [subprocess.run(command, env=os.environ | each, capture_output=True) for each in (variables, {})]
    assert int(years[0].stdout) - int(years[1].stdout) in (7, 8), "the clock is not shifted"
    assert_same_tree(rendered(tmp_path / "output", variables), usual)


def test_for_another_user_of_another_machine(usual: Mapping[str, bytes], tmp_path: Path) -> None:
    names = {"HOME": "/nonexistent", "USER": "nobody", "LOGNAME": "nobody", "HOSTNAME": "elsewhere"}
    terminal = {"COLUMNS": "20", "TERM": "dumb", "NO_COLOR": "1"}
    assert_same_tree(rendered(tmp_path, {**names, **terminal}), usual)


def test_from_another_working_folder(usual: Mapping[str, bytes], tmp_path: Path) -> None:
    assert_same_tree(rendered(tmp_path, working_folder=Path("/")), usual)


def test_for_a_spec_in_another_folder_with_another_name(usual: Mapping[str, bytes], tmp_path: Path) -> None:
    found = rendered(tmp_path / "a b" / "ünd  $c", spec_name="other name.yaml")
    memory, as_usual = parse_memory(found[MEMORY]), parse_memory(usual[MEMORY])
    assert memory.spec == "../other name.yaml" and memory.files == as_usual.files
    assert_same_tree({**found, MEMORY: b""}, {**usual, MEMORY: b""})


def test_from_standard_input(usual: Mapping[str, bytes], tmp_path: Path) -> None:
    assert_same_tree(rendered(tmp_path, spec_name="-"), usual)


@pytest.mark.parametrize("mask", [0o000, 0o027, 0o077], ids=oct)
def test_under_another_umask(usual: Mapping[str, bytes], tmp_path: Path, mask: int) -> None:
    assert_same_tree(rendered(tmp_path, umask=mask), usual)


@pytest.mark.parametrize("options", [["-O"], ["-OO"], ["-B", "-s"], ["-X", "dev"]], ids=" ".join)
def test_by_python_with_other_options(usual: Mapping[str, bytes], tmp_path: Path, options: list[str]) -> None:
    assert_same_tree(rendered(tmp_path, options=options), usual)


def test_twice_in_one_process(usual: Mapping[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "tracegen.yaml").write_text(SPEC, encoding="utf-8")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        assert tracegen("render", tmp_path / "tracegen.yaml", "--output", folder).code == 0
        assert_same_tree(tree_of(folder), usual)


def test_of_an_environment(tmp_path: Path) -> None:
    one, two = (rendered(tmp_path / seed, {"PYTHONHASHSEED": seed}, environment="prod") for seed in ("1", "2"))
    assert_same_tree(one, two)


def test_without_the_name_of_the_machine_or_of_a_folder(usual: Mapping[str, bytes]) -> None:
    names = [name for name in (str(ROOT), os.uname().nodename) if len(name) > 5]
    remembered = [(MEMORY, text) for texts in parse_memory(usual[MEMORY]).files.values() for text in texts]
    assert remembered
    for path, content in [*usual.items(), *remembered]:
        assert not [name for name in names if name.encode() in content], path


def rendered(
    folder: Path,
    variables: Mapping[str, str] | None = None,
    *,
    options: Sequence[str] = (),
    working_folder: Path | None = None,
    spec_name: str = "tracegen.yaml",
    environment: str | None = None,
    umask: int = 0o022,
) -> Mapping[str, bytes]:
    """What a process of its own renders into a folder below another, from a spec beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    spec, output = folder / spec_name, folder / "output"
    if spec_name != "-":
        spec.write_text(SPEC, encoding="utf-8")
    words = ["render", spec_name if spec_name == "-" else str(spec), "--output", str(output)]
    words += ["--env", environment] if environment else []
    done = subprocess.run(
        [sys.executable, *options, "-m", "tracegen", *words],
        input=SPEC.encode(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(import_path()), **(variables or {})},
        cwd=working_folder or folder,
        umask=umask,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return tree_of(output)


def import_path() -> list[str]:
    """Where the process finds the code: in the checkout."""
    return [str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]


def made_locale(name: str, folder: Path) -> Path:
    """A folder with a locale, made by the system's own tool."""
    localedef = shutil.which("localedef")
    language, _, encoding = name.partition(".")
    if localedef is None:
        pytest.skip("no localedef here")
    command = [localedef, "--inputfile", language, "--charmap", encoding, str(folder / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip(f"no {name} here: {done.stderr.strip().splitlines()[-1]}")
    return folder
