"""What commands ask for: a spec, which is looked for upward, an environment, and what a shell completes of both."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

SPEC = "tracegen.yaml"


class SpecFile(click.Path):
    """A file that shells complete; whether it can be read is told by whoever reads it, in its own words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name as it is."""
        return value


def nearest_spec() -> str:
    """`tracegen.yaml` of the nearest folder that has one, from here upward; its name alone where none does."""
    for folder in ("", *("../" * up for up in range(1, len(Path.cwd().parents) + 1))):
        if Path(folder + SPEC).is_file():
            return folder + SPEC
    return SPEC


def project_folder() -> Path:
    """The folder of the nearest spec."""
    return Path(nearest_spec()).parent


def spec_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument `spec`; without it, the nearest one."""
    return click.argument("spec", default=nearest_spec, type=SpecFile())(command)


def optional_spec_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument `spec`, or None where none is named."""
    return click.argument("spec", required=False, type=SpecFile())(command)


def environment_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option `--env`, as `environment`."""
    return click.option("--env", "environment", metavar="NAME", help=text, shell_complete=_environments)


def complete_services(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """The services of the spec that begin so."""
    return _beginning(begun, _names(context, "services"))


def complete_subject(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """What `explain` explains: keys, codes, and files, which the shell completes."""
    if "/" in begun or Path(begun).suffix:
        return [CompletionItem(begun, type="file"), *_beginning(begun, _decided(context))]
    from tracegen.catalogue.data import data_path

    page = data_path("docs", "problems.md").read_text(encoding="utf-8")
    codes = [line.split()[1] for line in page.splitlines() if line.startswith("### TG")]
    return _beginning(begun, ["sampling", *_decided(context), *codes]) or [CompletionItem(begun, type="file")]


def _environments(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    return _beginning(begun, _names(context, "environments"))


def _beginning(begun: str, words: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.lower().startswith(begun.lower())]


def _names(context: click.Context, section: str) -> list[str]:
    """The names below a key of the spec and its included files; none where they cannot be read."""
    from tracegen.cli.pipeline import read
    from tracegen.problems import ProblemsFound
    from tracegen.source.files import CannotRead
    from tracegen.source.node import Mapping, find

    try:
        document = read(str(context.params.get("spec") or nearest_spec()))
    except (ProblemsFound, CannotRead):
        return []
    roots = [document.root, *(root for _, root in document.included)]
    found = [node for root in roots if isinstance(node := find(root, (section,)), Mapping)]
    return [name for node in found for name in node.entries]


def _decided(context: click.Context) -> list[str]:
    """The keys that were decided, and the keys above them; none where the spec is not right."""
    from tracegen.catalogue import catalogue
    from tracegen.checking import check
    from tracegen.cli.pipeline import read
    from tracegen.problems import ProblemsFound
    from tracegen.source.files import CannotRead

    words = context.params.get("words") or ()
    spec = words[0] if words and os.path.isfile(words[0]) else nearest_spec()  # noqa: PTH113 (a name may be none)
    try:
        settings = check(read(spec), catalogue(), []).settings[None]
    except (ProblemsFound, CannotRead):
        return []
    parts = [each.path.split(".") for each in settings.origin.decisions]
    return list(dict.fromkeys(".".join(each[: count + 1]) for each in parts for count in range(len(each))))
