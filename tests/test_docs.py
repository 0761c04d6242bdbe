"""Documentation cannot drift: commands in it run, specs validate, outputs are real, links lead somewhere.

How a page says what is what stands in `pages.py`; `pytest --regen` writes real outputs into the pages.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from example_trees import commands, copy_of
from language_tables import language_tables
from pages import Block, Comment, Page, read_page
from reference import reference
from support import ROOT, Ran, problems_of, tracegen
from test_shape import ORDER
from tracegen.catalogue import catalogue
from tracegen.cli.entry import group
from tracegen.problems import Severity
from tracegen.rules.not_rendered import entries

#: `docs/problems.md` has its own test; only its links are checked here.
PROBLEMS = ROOT / "docs" / "problems.md"
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("examples/*/README.md"),
    ]
)
SECONDS = 60
SMALLEST: dict[str, Any] = {
    "tracegen": 1,
    "name": "hello",
    "backend": {"type": "jaeger"},
    "services": {"api": {"language": "python"}},
}
DEFAULT_FOLDER = "the spec of examples/01-hello"

pages = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


@pages
def test_commands_run_and_shown_outputs_are_real(path: Path, tmp_path: Path, regen: bool) -> None:
    if path == PROBLEMS:
        return
    in_example = path.parent.parent.name == "examples"
    shell = Shell(tmp_path, f"examples/{path.parent.name}" if in_example else DEFAULT_FOLDER)
    page = read_page(path)
    real: dict[Block, str] = {}
    for part in page.parts:
        if isinstance(part, Comment):
            shell.obey(part)
        elif part.said("output of"):
            real[part] = _without_ends(shell.run(str(part.said("output of"))).out)
        elif part.language == "sh" and not part.said("not run"):
            for command in _commands_of_tracegen(part):
                ran = shell.run(command)
                assert ran.code == int(part.said("exits") or 0), f"{path}:{part.start}: {command}\n{ran.out}"
    if regen:
        _rewrite(page, real)
        page = read_page(path)
    for shown, text in zip([each for each in page.blocks if each.said("output of")], real.values(), strict=True):
        assert shown.text == text, f"{path.name}:{shown.start}: not the output of {shown.said('output of')}"


@pages
def test_specs_validate(path: Path, tmp_path: Path) -> None:
    """A whole spec as it stands; a part of one (a fragment) merged over the smallest spec."""
    if path == PROBLEMS:
        return
    for number, block in enumerate(read_page(path).blocks):
        if block.language == "yaml" and not block.said("output of"):
            folder = tmp_path / str(number)
            folder.mkdir()
            spec = folder / "tracegen.yaml"
            spec.write_text(_whole(block.text), encoding="utf-8")
            errors = [each for each in problems_of(spec) if each.severity is Severity.ERROR]
            assert not errors, f"{path}:{block.start}: {errors}"


@pages
def test_links_lead_somewhere(path: Path) -> None:
    for number, target in read_page(path).links():
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path}:{number + 1}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in read_page(file).anchors(), f"{path}:{number + 1}: {target}"


@pages
def test_nothing_in_a_page_belongs_to_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(home|root|work|Users)/", text)
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {target.partition("#")[0] for _, target in read_page(ROOT / "README.md").links()}
    assert {f"docs/{path.name}" for path in ROOT.glob("docs/*.md")} <= linked


def test_the_page_of_the_command_line_has_every_command() -> None:
    page = read_page(ROOT / "docs" / "command-line.md")
    commands = group.list_commands(Any)  # type: ignore[arg-type] # the list needs no context
    assert [f"tracegen {name}" for name in commands] == [
        line.removeprefix("## ").strip("`") for _, line in page.prose if line.startswith("## `tracegen ")
    ]
    shown = {block.said("output of") for block in page.blocks}
    assert {"tracegen --help", *(f"tracegen {name} --help" for name in commands)} <= shown


def test_the_page_of_versions_has_every_pin(regen: bool) -> None:
    pins = json.loads(tracegen("packs", "--format", "json").out)["versions"]
    rows = [f"| {each['name']} | `{each['image']}` | {each['tested']} | {each['source']} |" for each in pins]
    table = ["| name | image | what the tests ran | where the version was seen |", "|---|---|---|---|", *rows]
    assert _between(ROOT / "docs" / "versions.md", "pins", table, regen) == table


def test_the_page_of_versions_has_every_digest_and_oldest_version(regen: bool) -> None:
    pins = json.loads(tracegen("packs", "--format", "json").out)["versions"]
    digests = [
        f"| {each['name']} | `{each['digest']}` | {each['agree']} of {each['of']} |"
        for each in pins
        if "digest" in each
    ]
    oldest = [f"| {each['name']} | {each['oldest']} |" for each in pins if "oldest" in each]
    for name, head, rows in [
        ("digests", ["| name | digest | public files that agree |", "|---|---|---|"], digests),
        ("oldest", ["| name | oldest version |", "|---|---|"], oldest),
    ]:
        table = [*head, *rows]
        assert _between(ROOT / "docs" / "versions.md", name, table, regen) == table


def test_the_page_of_the_spec_has_every_key(regen: bool) -> None:
    wanted = ["", *reference(), ""]
    assert _between(ROOT / "docs" / "spec.md", "reference", wanted, regen) == wanted


def test_the_page_of_languages_says_what_the_packs_say(regen: bool) -> None:
    wanted = ["", *language_tables()]
    assert _between(ROOT / "docs" / "languages.md", "languages", wanted, regen) == wanted


def test_the_page_of_overhead_has_every_language_that_runs_here() -> None:
    text = (ROOT / "docs" / "overhead.md").read_text(encoding="utf-8")
    measured = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert measured == {name for name, pack in catalogue().languages.items() if pack.runs_in_tests}


def test_the_readme_names_every_key_that_is_not_rendered_yet(regen: bool) -> None:
    keys = [f"`{key}`" if value is None else f"`{key}:_{value}`" for key, value in entries()]
    assert keys, "all is rendered: take the section out of the README"
    lines = textwrap.wrap(f"{', '.join(keys)}.", 110, break_on_hyphens=False)
    listed = [line.replace(":_", ": ") for line in lines]
    assert _between(ROOT / "README.md", "not rendered yet", listed, regen) == listed


def test_the_packages_of_the_design_stand_in_the_order_of_their_imports() -> None:
    page = read_page(ROOT / "docs" / "design.md")
    lines = [line for _, line in page.prose]
    table = lines[lines.index("## Packages") :]
    table = table[: next(number for number, line in enumerate(table[1:], 1) if line.startswith("## "))]
    rows = [match.group(1) for line in table if (match := re.match(r"\| `([\w.]+)` \|", line))]
    assert rows == [part for part in ORDER if part != "__main__"]


def test_the_paths_that_the_design_names_exist() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w-]+/)+[\w.-]+\.\w+)`", text))
    roots = (ROOT, ROOT / "src" / "tracegen")
    assert len(named) > 10
    assert not {path for path in named if not any((root / path).is_file() for root in roots)}


class Shell:
    """Runs the commands of one page, in a copy of an example, with `tracegen` and `python` being ours."""

    def __init__(self, folder: Path, first: str) -> None:
        self._folder, self._copies = folder, 0
        programs = folder / "bin"
        programs.mkdir()
        for name, arguments in (("tracegen", " -m tracegen"), ("python", "")):
            script = programs / name
            script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{arguments} "$@"\n', encoding="utf-8")
            script.chmod(0o755)
        self._environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(folder),
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
        }
        self._working = folder
        self._enter(first)

    def obey(self, comment: Comment) -> None:
        """What a comment that stands alone asks for."""
        if comment.word == "in":
            self._enter(comment.text)
        elif comment.word == "run":
            ran = self.run(comment.text)
            assert ran.code == 0, f"{comment.text}\n{ran.out}"

    def run(self, command: str) -> Ran:
        """Run a command; what it prints comes together, as on a terminal."""
        ended = subprocess.run(
            ["sh", "-c", command],
            cwd=self._working,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=SECONDS,
        )
        return Ran(ended.returncode, ended.stdout, "")

    def _enter(self, text: str) -> None:
        only_spec = text.startswith("the spec of ")
        source = ROOT / text.removeprefix("the spec of ")
        self._copies += 1
        self._working = self._folder / str(self._copies) / source.name
        copy_of(source, self._working)
        for arguments in () if only_spec else commands(source):
            ran = self.run(shlex.join(["tracegen", "render", *arguments]))
            assert ran.code == 0, ran.out


def _commands_of_tracegen(block: Block) -> Iterator[str]:
    for line in block.text.replace("\\\n", " ").splitlines():
        command = line.removeprefix("$ ").strip()
        if re.match(r"tracegen(\s|$)", command):
            yield command


def _without_ends(text: str) -> str:
    """Without blanks at the ends of lines and of the text: editors take them away."""
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")


def _whole(text: str) -> str:
    if re.search(r"^tracegen:", text, re.MULTILINE):
        return text
    fragment = yaml.safe_load(text)
    return yaml.safe_dump({**SMALLEST, **fragment}, sort_keys=False)


def _rewrite(page: Page, real: dict[Block, str]) -> None:
    lines = list(page.lines)
    for block, text in sorted(real.items(), key=lambda each: -each[0].start):
        lines[block.start : block.end] = [(block.indent + line).rstrip() for line in text.split("\n")]
    page.path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _between(path: Path, name: str, wanted: list[str], regen: bool) -> list[str]:
    """The lines between `<!-- name -->` and `<!-- /name -->`, replaced by the wanted ones under `--regen`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start, end = lines.index(f"<!-- {name} -->") + 1, lines.index(f"<!-- /{name} -->")
    if regen:
        lines[start:end] = wanted
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return wanted
    return lines[start:end]


#: Files of the OpenTelemetry Operator at be8944414 that were read; `git cat-file -e be8944414:<path>` finds each.
OF_THE_OPERATOR = {
    "apis/v1beta1/upgrade_strategy.go",
    "docs/reference/feature-gates.md",
    "internal/components/extensions/helpers.go",
    "internal/config/config.go",
    "internal/controllers/opentelemetrycollector_controller.go",
    "internal/instrumentation/annotation.go",
    "internal/instrumentation/exporter.go",
    "internal/instrumentation/golang.go",
    "internal/instrumentation/sdk.go",
    "internal/manifests/collector/container.go",
    "internal/manifests/collector/networkpolicy.go",
    "internal/naming/main.go",
    "internal/manifests/collector/poddisruptionbudget.go",
    "internal/manifests/collector/rbac.go",
    "internal/manifests/collector/service.go",
    "internal/manifests/manifestutils/labels.go",
    "internal/naming/port.go",
    "internal/webhook/podmutation/webhookhandler.go",
}
#: A statement about it; the Operators of others have another name before.
_STATES = re.compile(
    r"(?<!Prometheus )(?<!Secrets )\bOperator(?:'s)? (?:\w+ )?"
    r"(?:adds|asks|does|gives|has|hands|injects|leaves|looks|makes|puts|reads|replaces|sees|takes|watches|would)\b"
)
_NAMES = re.compile(r"\b(?:apis|internal|pkg|docs/reference)/[\w/.-]+\.(?:go|md)\b")


def test_every_statement_about_the_operator_names_its_source() -> None:
    """In a page the paragraph, item or row does; in code the module."""
    parts = [(path, part) for path in ROOT.glob("docs/*.md") for part in _statements(path)]
    parts += [
        (path, path.read_text(encoding="utf-8"))
        for folder in ("render/kubernetes", "rules", "build", "doctor")
        for path in ROOT.glob(f"src/tracegen/{folder}/*.py")
    ]
    stated = [(path, part) for path, part in parts if _STATES.search(part)]
    assert len(stated) > 10
    assert not [(path.name, part[:200]) for path, part in stated if not _NAMES.search(part)]
    named = {each for _, part in stated for each in _NAMES.findall(part)}
    assert named <= OF_THE_OPERATOR, named - OF_THE_OPERATOR


def _statements(path: Path) -> list[str]:
    return re.split(r"\n\s*\n|\n(?=- )|\n(?=\| )", path.read_text(encoding="utf-8"))
