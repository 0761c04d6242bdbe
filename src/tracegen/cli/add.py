"""`tracegen add`."""

import shlex
import sys
from collections.abc import Callable
from typing import Any

import click

from tracegen.cli.pipeline import read
from tracegen.cli.problem_text import problem_text
from tracegen.cli.spec_argument import SpecFile, complete_services, nearest_spec
from tracegen.cli.spec_files import diff_of, problems_of, texts_of, write_back
from tracegen.cli.terminal import is_quiet, say
from tracegen.editing import with_entry, with_items
from tracegen.problems import Severity
from tracegen.project.services import HOW, NotAService, parse
from tracegen.source.node import Mapping, find
from tracegen.source.reader import read as read_text
from tracegen.source.words import did_you_mean, some_of
from tracegen.spec.wording import flow

#: The text of one file with the new thing in it, or None where it has to be written by hand.
Edit = Callable[[str, Mapping], str | None]


@click.group(short_help="Add a service, an environment or libraries to the spec.")
def command() -> None:
    """Add to the nearest tracegen.yaml. All else in it stays as it is, comments too; what would make it wrong is not
    written.

    \b
      tracegen add service stock python fastapi calls prices
      tracegen add service legacy java image ghcr.io/acme/legacy:2.1
      tracegen add environment prod collector.replicas=3 backend.retention=14d
      tracegen add library stock psycopg redis
    """


def _of_a_spec(function: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option(
        "--spec", default=nearest_spec, type=SpecFile(), metavar="SPEC", help="Default: the nearest tracegen.yaml."
    )
    return click.option("--diff", "diff_", is_flag=True, help="Write nothing; show the lines that would change.")(
        option(function)
    )


@command.command(short_help="Add a service.")
@click.argument("words", nargs=-1, required=True, metavar="NAME LANGUAGE …")
@click.option("--called-by", multiple=True, metavar="NAME", help="A service that calls it.")
@_of_a_spec
def service(words: tuple[str, ...], called_by: tuple[str, ...], spec: str, diff_: bool) -> int:
    """Add a service: NAME LANGUAGE [FRAMEWORK] [image REFERENCE] [elsewhere] [calls NAME…].

    `elsewhere` is one that runs already.
    """
    try:
        ((name, said),) = parse(" ".join(words)).items()
    except NotAService as error:
        raise click.UsageError(str(error)) from None
    except ValueError:
        raise click.UsageError(f"one service at a time: {HOW}") from None
    document = read(spec)
    services = _names(spec, "services")
    if name in services:
        raise click.UsageError(f"{spec} has a service {name!r} already")
    _refuse_unknown(called_by, services, "service")

    def edit(text: str, root: Mapping) -> str | None:
        return with_entry(text, root, "services", name, flow(said))

    edits: list[tuple[str, Edit]] = [(document.file, edit)]
    for caller in called_by:
        edits.append((_file_with(spec, ("services", caller)), _call(caller, name)))
    return _carry_out(spec, edits, f"services:\n  {name}: {flow(said)}", diff_)


@command.command(short_help="Add an environment.")
@click.argument("name")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@_of_a_spec
def environment(name: str, values: tuple[str, ...], spec: str, diff_: bool) -> int:
    """Add an environment; each KEY=VALUE is what it says otherwise than the base, such as collector.replicas=3."""
    if name in _names(spec, "environments"):
        raise click.UsageError(f"{spec} has an environment {name!r} already")
    layer = _nested(values)

    def edit(text: str, root: Mapping) -> str | None:
        return with_entry(text, root, "environments", name, layer)

    return _carry_out(spec, [(read(spec).file, edit)], f"environments:\n  {name}: {layer}", diff_)


@command.command(short_help="Add libraries to a service.")
@click.argument("service_", metavar="SERVICE", shell_complete=complete_services)
@click.argument("libraries", nargs=-1, required=True, metavar="LIBRARY...")
@_of_a_spec
def library(service_: str, libraries: tuple[str, ...], spec: str, diff_: bool) -> int:
    """Add libraries that a service talks with, such as a database's client; `tracegen packs` lists them."""
    _refuse_unknown([service_], _names(spec, "services"), "service")
    path = ("services", service_)
    there = find(_roots(spec)[_file_with(spec, path)], (*path, "libraries"))
    had = [getattr(each, "text", "") for each in getattr(there, "items", ())]
    new = [each for each in dict.fromkeys(libraries) if each not in had]
    if not new:
        click.echo(f"{service_} has them already", err=True)
        return 0

    def edit(text: str, root: Mapping) -> str | None:
        return with_items(text, root, path, "libraries", new)

    by_hand = f"services:\n  {service_}:\n    libraries: {flow([*had, *new])}"
    return _carry_out(spec, [(_file_with(spec, path), edit)], by_hand, diff_)


def _call(caller: str, callee: str) -> Edit:
    return lambda text, root: with_items(text, root, ("services", caller), "calls", [callee])


def _roots(spec: str) -> dict[str, Mapping]:
    document = read(spec)
    return {document.file: document.root, **dict(document.included)}


def _names(spec: str, section: str) -> list[str]:
    found = [find(root, (section,)) for root in _roots(spec).values()]
    return [name for node in found if isinstance(node, Mapping) for name in node.entries]


def _file_with(spec: str, path: tuple[str, ...]) -> str:
    return next(file for file, root in _roots(spec).items() if find(root, path) is not None)


def _refuse_unknown(names: tuple[str, ...] | list[str], known: list[str], what: str) -> None:
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are {some_of(known)}"
            raise click.UsageError(f"there is no {what} {name!r}\n  hint: {hint}")


def _nested(values: tuple[str, ...]) -> str:
    """`a.b=1` and `a.c=x` as YAML on one line; a value stands there as it was written."""
    tree: dict[str, Any] = {}
    for each in values:
        key, equals, value = each.partition("=")
        if not equals or not all(key.split(".")) or not value:
            raise click.UsageError(f"{each}: write KEY=VALUE, such as collector.replicas=3")
        *above, last = key.split(".")
        at = tree
        for step in above:
            at = at.setdefault(step, {})
            if not isinstance(at, dict):
                raise click.UsageError(f"{each}: {step} has a value already")
        at[last] = value
    return _braces(tree)


def _braces(tree: dict[str, Any]) -> str:
    inside = (f"{key}: {_braces(each) if isinstance(each, dict) else each}" for key, each in tree.items())
    return "{" + ", ".join(inside) + "}"


def _carry_out(spec: str, edits: list[tuple[str, Edit]], by_hand: str, diff_: bool) -> int:
    """Write the edits, or take them back where the spec would have an error that it did not have."""
    old = texts_of(read(spec))
    new = dict(old)
    for file, edit in edits:
        text = edit(new[file], read_text(new[file].encode("utf-8"), file))
        if text is None:
            raise click.UsageError(f"{file} cannot be edited there; write\n\n{by_hand}")
        new[file] = text
    before = {each.message for each in problems_of(spec, old)}
    found = [each for each in problems_of(spec, new) if each.message not in before]
    if found:
        say(problem_text(found, sys.stderr), err=True, nl=False)
    if any(each.severity is Severity.ERROR for each in found):
        click.echo("nothing is written", err=True)
        return 1
    changed = {file: (old[file], new[file]) for file in old if old[file] != new[file]}
    if not is_quiet():
        say(diff_of(changed), nl=False)
    if diff_:
        return 0
    for file, (was, text) in changed.items():
        write_back(file, was, text)
    if not is_quiet():
        click.echo(
            f"next: {shlex.join(['tracegen', 'render', *([] if spec == nearest_spec() else [spec])])}", err=True
        )
    return 0
