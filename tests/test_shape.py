"""The form of the code: imports point one way, modules and functions are small, versions and addresses are data."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from support import ROOT

SOURCE = ROOT / "src" / "tracegen"
TEMPLATES = ROOT / "templates"
MODULES = sorted(SOURCE.rglob("*.py"))
PACK_CODE = sorted(path for path in TEMPLATES.rglob("*.py") if "languages" not in path.parts)

#: Packages and modules of tracegen: each imports only those before it.
ORDER = [
    "problems",
    "emit",
    "packs",
    "model",
    "source",
    "language",
    "assemble",
    "resolve",
    "render",
    "compiler",
    "write",
    "project",
    "cli",
    "__main__",
]

#: What the code of packs may use: they describe components and structures, and know no spec.
FOR_PACKS = {"emit", "packs", "model", "assemble", "render"}

#: The pure stages, and what no pure function has: a clock, chance, the environment, files, the network.
PURE = ["problems", "emit", "model", "language", "assemble", "resolve", "render"]
IMPURE = {
    *("datetime", "time", "random", "secrets", "uuid", "locale", "getpass", "platform", "socket"),
    *("os", "shutil", "subprocess", "tempfile", "glob", "fcntl", "threading", "multiprocessing", "urllib.request"),
}

#: What a language's own tools read: versions of its libraries stand there and nowhere else.
MANIFESTS = (
    *("requirements*.txt", "package.json", "package-lock.json", "go.mod", "go.sum", "pom.xml", "Cargo.toml"),
    *("Cargo.lock", "*.csproj", "*.props", "Gemfile", "Gemfile.tracing", "Gemfile.lock", "composer.json"),
    *("composer.lock", "parts/*.txt", "Cargo.tracing.toml", "dependencies.gradle", "libraries.yaml"),
)

LONGEST_MODULE = 300
LONGEST_FUNCTION = 60

#: `2.21.0`, `v1.2.3-rc1`, `busybox:1.37`; not 127.0.0.1.
_VERSION = re.compile(r"(?<![\d.])v?\d+\.\d+\.\d+(?![\d]*\.\d)|[a-z][\w/-]*:v?\d+\.\d+")
#: Versions that pin nothing, and why they stand in code.
_FORMATS = {
    ("src/tracegen/__init__.py", "its own version"): r"\d+\.\d+\.\d+",
    ("src/tracegen/problems/formats/sarif.py", "the version of the format"): r"2\.1\.0|v2\.1\.0",
}

#: Package registries, in parts, so that this file does not name them.
_REGISTRIES = [
    ("pypi", "org"),
    ("files", "pythonhosted", "org"),
    ("registry", "npmjs", "org"),
    ("registry", "yarnpkg", "com"),
    ("proxy", "golang", "org"),
    ("sum", "golang", "org"),
    ("repo", "maven", "apache", "org"),
    ("repo1", "maven", "org"),
    ("crates", "io"),
    ("rubygems", "org"),
    ("nuget", "org"),
    ("packagist", "org"),
    ("deb", "debian", "org"),
]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def part_of(path: Path) -> str:
    """The package or module of tracegen that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The dotted names of what a module imports, at the top or inside a function."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # A pack's own modules lie beside it, and have no package that could be named.
            if node.level == 1 and path in PACK_CODE:
                continue
            assert node.level == 0, f"{relative(path)}: imports are absolute"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_imported(path: Path) -> set[str]:
    names = (name.split(".") for name in imported(path) if name.startswith("tracegen."))
    return {parts[1] for parts in names} - {"__version__"}


def test_each_part_has_its_place_in_the_order() -> None:
    assert {part_of(path) for path in MODULES} - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    allowed = set() if part == "__init__" else {*ORDER[: ORDER.index(part)], part}
    assert parts_imported(path) <= allowed


@pytest.mark.parametrize("path", PACK_CODE, ids=relative)
def test_the_code_of_a_pack_knows_no_spec_and_no_other_pack(path: Path) -> None:
    assert parts_imported(path) <= FOR_PACKS


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {module_name(path): path for path in MODULES}
    graph = {name: at_the_top(path, set(names)) - {name} for name, path in names.items()}
    while leaves := {name for name, needs in graph.items() if not needs}:
        graph = {name: needs - leaves for name, needs in graph.items() if name not in leaves}
    assert not graph, f"in a circle, or behind one: {sorted(graph)}"


@pytest.mark.parametrize("part", PURE)
def test_the_pure_stages_touch_nothing_outside(part: str) -> None:
    for path in MODULES:
        if part_of(path) == part:
            assert not set(imported(path)) & IMPURE, relative(path)


@pytest.mark.parametrize("path", [*MODULES, *PACK_CODE], ids=relative)
def test_modules_and_functions_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", [*MODULES, *PACK_CODE], ids=relative)
def test_code_names_no_version(path: Path) -> None:
    """Versions are data: they stand in versions.yaml only, each with its source."""
    allowed = "|".join(pattern for (name, _), pattern in _FORMATS.items() if name == relative(path))
    found = {match for text in texts(path) for match in _VERSION.findall(text)}
    assert not {each for each in found if not (allowed and re.fullmatch(allowed, each))}


def names_versions(path: Path) -> bool:
    """Whether a file below `templates/` is where versions belong: `versions.yaml`, or the manifest of a language."""
    plain = path.with_name(path.name.removesuffix(".j2"))
    return path.name == "versions.yaml" or any(plain.match(pattern) for pattern in MANIFESTS)


@pytest.mark.parametrize("path", sorted(each for each in TEMPLATES.rglob("*") if each.is_file()), ids=relative)
def test_templates_name_no_version(path: Path) -> None:
    if not names_versions(path) and path not in PACK_CODE and path.suffix != ".pyc":
        lines = (
            re.sub(r"(^|\s)(#|//).*|\{#.*?#\}", "", line) for line in path.read_text(encoding="utf-8").splitlines()
        )
        assert not [line for line in lines if _VERSION.search(line)]


@pytest.mark.parametrize("text", ["2.21.0", "v1.2.3", "pkg==10.0.1", "^3.4.5-rc1", "FROM busybox:1.37", "a/b:2.1-x"])
def test_a_version_is_seen(text: str) -> None:
    assert _VERSION.search(text)


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "0.0.0.0:4317", "http://127.0.0.1:13133/", "2026-01-02", "1.5", "a:80"]
)
def test_what_is_no_version_is_not_taken_for_one(text: str) -> None:
    assert not _VERSION.search(text)


def test_committed_files_name_no_package_registry() -> None:
    # Cargo.lock must name where each crate comes from, which is no host but a repository: rust-lang/<registry>-index.
    hosts = re.compile("|".join(r"(?<![\w-])" + re.escape(".".join(parts)) + "(?!-index)" for parts in _REGISTRIES))
    assert not [f"{path}: {match[0]}" for path, text in committed() for match in hosts.finditer(text)]


def test_committed_files_name_no_path_of_this_machine() -> None:
    here = [str(ROOT), sys.prefix, *(str(each) for each in beside())]
    named = [re.escape(name) for name in here if not name.startswith(("/usr", "/opt")) and name.count("/") > 1]
    places = re.compile(rf"(?:{'|'.join(named)})(?![\w.-])")
    assert not [f"{path}: {match[0]}" for path, text in committed() for match in places.finditer(text)]


def test_the_entry_point_imports_nothing_heavy() -> None:
    """`--help` and `--version` are quick: what takes long is imported by the commands that need it."""
    code = "import sys, tracegen.cli.entry; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "tracegen" in loaded
    assert not loaded & {"yaml", "jsonschema", "jinja2", "referencing", "difflib", "urllib"}


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def at_the_top(path: Path, modules: set[str]) -> set[str]:
    """The modules that a module imports when it is imported: not inside a function, and not for types only."""
    found: set[str] = set()
    for node in tree_of(path).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inside & modules or {node.module} & modules
    return found


def texts(path: Path) -> Iterator[str]:
    """The texts in a module's code: neither comments nor documentation."""
    documentation = {id(node) for each in ast.walk(tree_of(path)) for node in documented(each)}
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def documented(node: ast.AST) -> Iterator[ast.expr]:
    """The docstring of a module, class or function."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
        first = node.body[0]
        if isinstance(first, ast.Expr):
            yield first.value


@cache
def committed() -> tuple[tuple[str, str], ...]:
    """The files that are in git, or would be after `git add`; those that are no text are left out."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is no git checkout")
    found = []
    for name in sorted(set(filter(None, done.stdout.split("\0")))):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in content:
            found.append((name, content.decode("utf-8", errors="replace")))
    return tuple(found)


def beside() -> list[Path]:
    """Folders beside the checkout, which a careless note could name."""
    parent = ROOT.parent
    return [each for each in parent.iterdir() if each.is_dir()] if parent.parent == Path("/") else []
