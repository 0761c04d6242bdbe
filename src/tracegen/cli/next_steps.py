"""What to type after a first render: how to come by a trace, and where to look at it."""

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from tracegen.compiler import Rendered
from tracegen.packs import contract
from tracegen.render.first_trace import ask, pages
from tracegen.system import System

_WIDTH = 40


def tell_next(rendered: Rendered, folder: Path, spec: Sequence[str] | None = ()) -> None:
    """Print the commands, each with what it is for.

    `folder` is where it was rendered to; `spec` the words by which a command here finds the spec, None where it
    cannot.
    Without `spec` commands begin in the folder, which holds the spec.
    """
    here = os.path.realpath(folder) == os.path.realpath(".")
    into = [] if here else [(shlex.join(["cd", str(folder)]), "")]
    seen = [] if spec is None else [(shlex.join(["tracegen", "rehearse", *spec, "--view"]), _VIEW)]
    lines = [*into, *seen] if spec == () else [*seen, *into]
    click.echo("\nNext:", err=True)
    for command, why in [*lines, *_of_targets(rendered.system, rendered.tree.get(".env.example", b"").decode())]:
        click.echo(f"  {command.ljust(_WIDTH)}  # {why}" if why else f"  {command}", err=True)


_VIEW = "traces made from the spec, in the browser; without Docker"


def _of_targets(system: System, variables: str) -> Iterator[tuple[str, str]]:
    if any("=" in line for line in variables.splitlines() if not line.startswith("#")):
        yield "cp .env.example .env", "and fill it in"
    if "compose" in system.targets:
        yield "docker compose up --detach --wait", "all of it"
        if request := ask(system):
            yield request, "a trace; examples that nobody calls make one a second, too"
        yield from _look(system)
    elif "kubernetes" in system.targets:
        yield "kubectl apply --kustomize kubernetes", "after what kubernetes/README.md says; it tells where to look"
    else:
        yield "tracegen explain", "what was decided, and why"


def _look(system: System) -> Iterator[tuple[str, str]]:
    look = contract.backend(system.backend.type).look
    for address, command in pages(system):
        yield (command, f"{look} what this answers") if command else (f"# {look} {address}", "")
