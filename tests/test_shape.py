"""The form of the code: imports point one way, modules and functions are small, versions and addresses are data."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
import pytest

from support import ROOT
from tracegen.catalogue import catalogue
from tracegen.decide import table
from tracegen.decide.recording import attribute
from tracegen.spec.schema import composed

SOURCE = ROOT / "src" / "tracegen"
TEMPLATES = ROOT / "templates"
MODULES = sorted(SOURCE.rglob("*.py"))
PACKS = SOURCE / "packs"
PACK_CODE = [path for path in MODULES if PACKS in path.parents and path.name != "contract.py"]

#: The data of packs: what is written into users' files, and what is said of it.
DATA = sorted(
    path
    for root in (TEMPLATES, PACKS)
    for path in root.rglob("*")
    if path.is_file() and path.suffix not in (".py", ".pyc")
)

#: Packages and modules of tracegen: each imports only those before it. Packs come late, and what those before them
#: know of a pack's code is its contract.
ORDER = [
    "problems",
    "traces",
    "columns",
    "layout",
    "view",
    "emit",
    "catalogue",
    "system",
    "packs.contract",
    "parts",
    "source",
    "spec",
    "decide",
    "rules",
    "checking",
    "build",
    "render.otel",
    "render",
    "packs",
    "compiler",
    "write",
    "importing",
    "project",
    "editing",
    "rehearse",
    "doctor",
    "verify",
    "run",
    "other_program",
    "cli",
    "__main__",
]

#: Names of packs that are no other word of the spec or of a format: `jaeger` is a receiver too, `memory`, `local`
#: and `external` are words of Docker, `kafka` a key, `prometheus` an exporter, `other` a kind of file.
PACK_NAMES = {path.parent.name for path in PACKS.glob("*/pack.yaml")} | {
    path.parent.name for path in (TEMPLATES / "languages").glob("*/pack.yaml")
}
PACK_NAMES -= {"jaeger", "memory", "local", "external", "kafka", "prometheus", "other"}

#: What the code of packs may use: they describe components and structures, and know no spec.
FOR_PACKS = {"emit", "decide", "packs", "packs.contract", "system", "parts", "render.otel"}

#: The pure stages, and what no pure function has: a clock, chance, the environment, files, the network.
PURE = [
    "problems",
    "columns",
    "layout",
    "emit",
    "system",
    "packs.contract",
    "parts",
    "spec",
    "decide",
    "rules",
    "checking",
    "build",
    "render.otel",
    "render",
    "packs",
]
IMPURE = {
    *("datetime", "time", "random", "secrets", "uuid", "locale", "getpass", "platform", "socket"),
    *("os", "shutil", "subprocess", "tempfile", "glob", "fcntl", "threading", "multiprocessing", "urllib.request"),
}

#: What a language's own tools read: versions of its libraries stand there and nowhere else.
MANIFESTS = (
    *("requirements*.txt", "package.json", "package-lock.json", "go.mod", "go.sum", "pom.xml", "Cargo.toml"),
    *("Cargo.lock", "*.csproj", "*.props", "Gemfile", "Gemfile.tracing", "Gemfile.lock", "composer.json"),
    *("composer.lock", "parts/*.txt", "libraries.yaml", "parts/packages", "parts/gems", "parts/locks/*.json"),
    *("Cargo.tracing.toml", "dependencies.gradle"),
)

#: Records as the schema has keys: nobody writes it.
GENERATED = SOURCE / "decide" / "records.py"

LONGEST_MODULE = 450
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


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(path: Path) -> str:
    """The package or module of tracegen that a file belongs to."""
    return part_named(module_name(path))


def part_named(name: str) -> str:
    """The longest part in `ORDER` that a dotted name lies in, or its first package."""
    below = name.removeprefix("tracegen.")
    parts = [part for part in ORDER if below == part or below.startswith(f"{part}.")]
    return max(parts, key=len) if parts else below.split(".")[0].replace("tracegen", "__init__")


def imported(path: Path) -> Iterator[str]:
    """The dotted names of what a module imports, at the top or inside a function."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{relative(path)}: imports are absolute"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_imported(path: Path) -> set[str]:
    names = [name for name in imported(path) if name.startswith("tracegen.")]
    # `from tracegen.packs import contract` names the package too.
    names = [name for name in names if not any(other.startswith(f"{name}.") for other in names)]
    return {part_named(name) for name in names} - {"__version__"}


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
    others = {name.split(".")[2] for name in imported(path) if name.startswith("tracegen.packs.")}
    own = path.relative_to(PACKS).parts[0]
    assert not {each for each in others - {own} if (PACKS / each / "pack.yaml").is_file()}


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


#: Where settings are read, and all of them decided: nothing here has a default of its own.
BELOW_DECIDE = ("rules", "parts", "build", "render.otel", "render", "packs")


@cache
def decided_keys() -> frozenset[str]:
    """Keys that have a value in every spec: the schema has a default, or the table of `decide` derives one."""
    derived = {pattern[-1] for pattern in table.PATTERNS - table.ABSENT}
    return frozenset({attribute(key) for key in {*derived, *_with_default(composed(catalogue()))}})


@cache
def all_keys() -> frozenset[str]:
    """Those, and keys of which the table says what it means that they have none."""
    return decided_keys() | {attribute(pattern[-1]) for pattern in table.ABSENT}


def _with_default(schema: Any) -> Iterator[str]:
    """The keys below a schema that have a default."""
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        yield from (key for key, each in properties.items() if isinstance(each, dict) and "default" in each)
    for below in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _with_default(below)


def own_defaults(tree: ast.AST, keys: frozenset[str]) -> Iterator[str]:
    """Expressions that have a value ready where a setting had none: `or`, `.get(key, …)`, `… if … else`."""
    for scope in _scopes(tree):
        named = dict(reversed(list(_named(scope))))  # the first counts: what is put in its place may be the default
        for node in ast.walk(scope):
            for asked, default in _alternatives(node):
                meant = _meant(asked, named)
                if key_of(meant) in keys and is_literal(default):
                    yield ast.unparse(node)


def _meant(asked: ast.expr, named: Mapping[str, ast.expr]) -> ast.expr:
    """What is asked for, where a name stands for it."""
    match asked:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _meant(inner, named)
        case ast.Compare(left=ast.Name(id=name), comparators=[ast.Constant(value=None)]) | ast.Name(id=name):
            return named.get(name, asked)
        case _:
            return asked


def _scopes(tree: ast.AST) -> Iterator[ast.AST]:
    """Functions, else the whole: what a name stands for is looked for within one."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    yield from functions or [tree]


def _named(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names, and the expressions that they stand for."""
    for node in ast.walk(scope):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.NamedExpr(target=ast.Name(id=name), value=value)
            ):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from (
                    (name.id, value) for name, value in zip(names, values, strict=True) if isinstance(name, ast.Name)
                )


def _alternatives(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is asked for, and what is taken where it is not there."""
    match node:
        case ast.BoolOp(op=ast.Or(), values=[*asked, default]):
            yield from ((each, default) for each in asked)
        case ast.IfExp(test=test, body=body, orelse=other):
            # One branch is the value that was asked for, or the condition only chooses what to say.
            yield from ((test, default) for value, default in ((body, other), (other, body)) if _asks(value, test))
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), default]):
            yield ast.Attribute(value=ast.Name(id=""), attr=attribute(key)), default
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(), default]):
            yield node, default
        case ast.If(test=ast.UnaryOp(op=ast.Not()) as test, body=[ast.Assign(value=default)]):
            yield test, default
        case ast.If(test=ast.Compare(ops=[ast.Is()]) as test, body=[ast.Assign(value=default)]):
            yield test, default
        case _:
            return


def _asks(value: ast.expr, test: ast.expr) -> bool:
    return any(isinstance(each, ast.expr) and key_of(each) == key_of(test) for each in ast.walk(value))


def key_of(asked: ast.expr) -> str:
    """The key of the spec that an expression asks for, as an attribute; empty where it is none."""
    match asked:
        case ast.Attribute(attr=name):
            return name
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return key_of(inner)
        case ast.Compare(left=ast.Constant(value=str(key)), ops=[ast.In() | ast.NotIn()]):
            return attribute(key)
        case ast.Compare(left=left, comparators=[ast.Constant(value=None)]):
            return key_of(left)
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return attribute(key)
        case ast.Call(func=ast.Attribute(attr="get"), args=[*_, ast.Constant(value=str(key))]):
            return attribute(key)
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), _]):
            return attribute(key)
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(key)), *_]):
            return attribute(key)
        case _:
            return ""


#: Where nothing is named the rendered system runs it, under a name that no key sets.
NAMES_OF_WHAT_RUNS_INSIDE = {"options.bucket or _BUCKET", "(HOST,) if said.brokers is None else said.brokers"}

NOTHING = ("None", "False", "''", "0", "()", "[]", "{}")


def is_literal(node: ast.expr) -> bool:
    """Whether an expression is a value as such, or a constant of its module; not what is empty."""
    if isinstance(node, ast.Name):
        return node.id.strip("_").isupper()
    return isinstance(node, ast.Constant | ast.Dict | ast.List | ast.Tuple) and ast.unparse(node) not in NOTHING


@pytest.mark.parametrize("part", BELOW_DECIDE)
def test_nothing_below_decide_has_a_default_of_its_own(part: str) -> None:
    found = {
        relative(path): set(own_defaults(tree_of(path), all_keys())) - NAMES_OF_WHAT_RUNS_INSIDE
        for path in MODULES
        if part_of(path) == part
    }
    assert not {path: texts for path, texts in found.items() if texts}


@pytest.mark.parametrize(
    "text",
    [
        'said.decision_wait or "10s"',
        'spec.get("topology", "gateway")',
        "said.replicas if said.replicas else 1",
        "REPLICAS if said.replicas is None else said.replicas",
        "said.replicas if said.replicas is not None else REPLICAS",
        'settings.said.get("collector", "topology") or "gateway"',
        'getattr(said, "size", None) or "20Gi"',
        'getattr(said, "size", "20Gi")',
        '"10s" if not said.decision_wait else said.decision_wait',
        'options["size"] if "size" in options else "20Gi"',
        'wait = said.decision_wait\nuse(wait or "10s")',
        'size, other = said.size, 1\nuse(size if size else "20Gi")',
        'use(size or "20Gi") if (size := said.size) else None',
        'size = said.size\nif not size:\n    size = "21Gi"',
        'if said.size is None:\n    size = "21Gi"',
        'settings.kubernetes.storage_class or "fast-ssd"',
        "def build(said):\n    count = said.replicas\n    return count or REPLICAS",
    ],
)
def test_a_default_is_seen(text: str) -> None:
    assert list(own_defaults(ast.parse(text), all_keys()))


@pytest.mark.parametrize("text", ['said.image or ""', "said.replicas or said.most", 'found.get("name", ())'])
def test_what_repeats_no_default_is_not_taken_for_one(text: str) -> None:
    assert not list(own_defaults(ast.parse(text), all_keys()))


def defaults_of_a_template(text: str) -> list[str]:
    """Values that a template has ready where a setting is not there; ADDRESS is for a reader to fill in."""
    tree = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=True).parse(text)
    filters = [each.name for each in tree.find_all(jinja2.nodes.Filter) if each.name in ("default", "d")]
    both = [
        each
        for each in tree.find_all(jinja2.nodes.Or)
        if isinstance(each.right, jinja2.nodes.Const) and each.right.value != "ADDRESS"
    ]
    chosen = [
        each
        for each in tree.find_all(jinja2.nodes.CondExpr)
        if isinstance(each.expr2, jinja2.nodes.Const) and each.expr1 == each.test and each.expr2.value
    ]
    return [*filters, *(f"line {each.lineno}" for each in (*both, *chosen))]


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.j2")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_has_a_default_of_its_own(path: Path) -> None:
    assert not defaults_of_a_template(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text", ["{{ service.port | default(8080) }}", "{{ size or '20Gi' }}", "{{ size if size else '20Gi' }}"]
)
def test_a_default_of_a_template_is_seen(text: str) -> None:
    assert defaults_of_a_template(text)


#: What was said is no matter of builders, packs and targets, and of rules only in these words: whether and where a
#: key stands in the spec, for what is about its lines and not about what they come to.
IN_RULES = {"settings.is_said", "settings.as_said", "settings.said.place", "settings.said.said_by_layer"}
#: What looks at every word that is written, and not at a key.
EVERY_WORD = {
    ("src/tracegen/rules/secrets.py", "settings.said.value"),
    ("src/tracegen/rules/not_rendered.py", "settings.said.value"),
}
#: Records of the system, whose names may be those of keys.
SYSTEM = {"design", "system", "component"}


def asked_of_the_spec(tree: ast.AST) -> Iterator[str]:
    """What is read of the spec as it was said, or of the origin of settings."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Attribute(attr="said"), attr="get" | "value" | "written" | "place"):
                yield ast.unparse(node)
            case ast.Attribute(value=ast.Attribute(attr="said"), attr="said_by_layer" | "root" | "base" | "layer"):
                yield ast.unparse(node)
            case ast.Attribute(value=ast.Name(id="said"), attr="get" | "written"):
                yield ast.unparse(node)
            case ast.Attribute(attr="is_said" | "as_said" | "origin"):
                yield ast.unparse(node)


def asked_whether_set(tree: ast.AST, keys: frozenset[str]) -> Iterator[str]:
    """Questions whether a key has a value that has one in every spec."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=ast.Attribute(attr=key) as left, comparators=[ast.Constant(value=None)]):
                if key in keys and not (isinstance(left.value, ast.Name) and left.value.id in SYSTEM):
                    yield ast.unparse(node)
            case ast.Compare(left=ast.Constant(value=str(key)), ops=[ast.In() | ast.NotIn()], comparators=[held]):
                if attribute(key) in keys and ast.unparse(held) in ("said", "options", "settings.said"):
                    yield ast.unparse(node)


def asked_of_any(tree: ast.AST) -> Iterator[str]:
    """Attributes that nobody knows to be there: a key that no schema has would be None in silence."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(), *_]):
                yield ast.unparse(node)
            case ast.Call(func=ast.Name(id="getattr"), args=[_, _, _]):
                yield ast.unparse(node)
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id="said" | "settings" | "storage"), _]):
                yield ast.unparse(node)
            case ast.Call(func=ast.Name(id="asdict" | "vars" | "astuple")):
                yield ast.unparse(node)


@pytest.mark.parametrize("part", BELOW_DECIDE)
def test_nothing_below_decide_asks_what_was_said(part: str) -> None:
    for path in MODULES:
        if part_of(path) == part:
            asked = set(asked_of_the_spec(tree_of(path))) - (IN_RULES if part == "rules" else set())
            asked = {each for each in asked if (relative(path), each) not in EVERY_WORD}
            if path.name == "references.py" and part == "rules":
                asked -= {"settings.said.layer"}  # a service that a layer takes away stands there alone
            assert not asked, relative(path)
            assert not list(asked_whether_set(tree_of(path), decided_keys())), relative(path)
            assert not list(asked_of_any(tree_of(path))), relative(path)


@pytest.mark.parametrize(
    "text",
    [
        'settings.said.get("collector", "replicas")',
        'settings.is_said("backend", "storage", "size")',
        "design.origin.values",
        'said.written("services")',
    ],
)
def test_a_question_to_the_spec_is_seen(text: str) -> None:
    assert list(asked_of_the_spec(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        'getattr(said, "size", None)',
        "getattr(storage, key, ())",
        'hasattr(said, "tls")',
        "getattr(said, key)",
        "{key: value for key, value in asdict(storage).items()}",
    ],
)
def test_a_question_of_anything_is_seen(text: str) -> None:
    assert list(asked_of_any(ast.parse(text)))


@pytest.mark.parametrize(
    "text", ["said.replicas is None", '"size" in said', "settings.collector.topology is not None"]
)
def test_a_question_whether_a_decided_key_is_set_is_seen(text: str) -> None:
    assert list(asked_whether_set(ast.parse(text), decided_keys()))


#: Durations and sizes of programs, which no key sets, and which happen to be those of a key.
OF_NO_KEY = {
    ("src/tracegen/parts/strategies.py", "10s"),
    ("src/tracegen/render/span_metrics.py", "10s"),
    ("src/tracegen/packs/prometheus/__init__.py", "10Gi"),
    ("src/tracegen/packs/tempo/backend.py", "10Gi"),
}


def defaults_of(schema: Any) -> Iterator[str]:
    """The durations and sizes that are a default somewhere below a schema."""
    if isinstance(schema, dict) and re.fullmatch(r"\d+(\.\d+)?[A-Za-z]+", str(schema.get("default", ""))):
        yield schema["default"]
    for below in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from defaults_of(below)


def test_no_duration_or_size_of_a_key_is_repeated_below_decide() -> None:
    repeated = set(defaults_of(composed(catalogue())))
    assert {"2Gi", "10s", "7d"} <= repeated
    below = [path for path in MODULES if part_of(path) in BELOW_DECIDE]
    assert {(relative(path), text) for path in below for text in texts(path) if text in repeated} == OF_NO_KEY


@pytest.mark.parametrize("path", [path for path in MODULES if path != GENERATED], ids=relative)
def test_modules_and_functions_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


#: They read what programs wrote and answer, whoever configured them: a receiver of Jaeger's protocol, a Go exception.
READERS = ("doctor", "rehearse", "traces", "verify", "view")


@pytest.mark.parametrize(
    "path", sorted(path for path in {*MODULES} - {*PACK_CODE} if part_of(path) not in READERS), ids=relative
)
def test_only_packs_know_packs_by_name(path: Path) -> None:
    """What holds for one storage, backend or language is said in its pack: a copy of it would be judged otherwise."""
    assert not PACK_NAMES & set(texts(path))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_code_names_no_version(path: Path) -> None:
    """Versions are data: they stand in versions.yaml only, each with its source."""
    allowed = "|".join(pattern for (name, _), pattern in _FORMATS.items() if name == relative(path))
    found = {match for text in texts(path) for match in _VERSION.findall(text)}
    assert not {each for each in found if not (allowed and re.fullmatch(allowed, each))}


def names_versions(path: Path) -> bool:
    """Whether a data file is where versions belong: `versions.yaml`, or the manifest of a language."""
    plain = path.with_name(path.name.removesuffix(".j2"))
    return path.name == "versions.yaml" or any(plain.match(pattern) for pattern in MANIFESTS)


@pytest.mark.parametrize("path", DATA, ids=relative)
def test_data_names_no_version(path: Path) -> None:
    if not names_versions(path):
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
