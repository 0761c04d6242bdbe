"""The questions of `tracegen new` on a terminal: arrow keys, defaults, Escape goes back."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from tracegen.cli.asking import BACK, ask, choose
from tracegen.cli.asking_services import ask_services
from tracegen.compiler import Rendered
from tracegen.project.create import preview
from tracegen.project.draft import draft
from tracegen.project.questions import (
    Choice,
    Question,
    complete,
    in_words,
    objection,
    questions,
    unanswered,
    understood,
)
from tracegen.project.saved_answers import forget, keep, kept, place_of
from tracegen.project.services import listed
from tracegen.project.target import occupied

_WRITE = Choice("write", "write it")
_CHANGE = Choice("change", "change an answer")
_SPEC = Choice("spec", "show the spec")
_FILES = Choice("files", "list the files")
#: What was begun of the services when a run was interrupted.
_BEGUN = "services_begun"
#: With the other answers and the choices below them, a review fits 24 lines.
_MOST_SERVICES = 5
#: Answers that are asked for again when the one that leads to them changes.
_LEADS_TO = {
    "backend": ("mode", "storage", "backend.", "storage."),
    "mode": ("storage", "storage."),
    "storage": ("storage.",),
    "sampling": ("sampling.",),
}
_STOP = Choice("stop", "stop", "the answers are kept")


def wizard(ahead: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Asks what was not answered ahead. Raises click.Abort where a person stops, with the answers kept."""
    dialogue = _Dialogue(ahead, folder)
    try:
        return dialogue.run()
    except (KeyboardInterrupt, EOFError, click.Abort):
        dialogue.part()
        raise click.Abort from None


class _Dialogue:
    """The answers so far, and the order in which they were given."""

    def __init__(self, ahead: Mapping[str, Any], folder: Path) -> None:
        self._ahead, self._folder = dict(ahead), folder
        self._given: dict[str, Any] = {}
        self._earlier: dict[str, Any] = {}  # offered again where a question comes again

    def run(self) -> dict[str, Any]:
        """Asks until all is answered and a person agrees."""
        self._greet()
        self._take_up()
        while True:
            waiting = unanswered(self._answers, self._folder)
            if waiting:
                self._ask(waiting[0])
            elif self._is_agreed():
                return complete(self._answers, self._folder)

    def part(self) -> None:
        """Says where the answers are."""
        if (self._given or self._earlier) and self._keep():
            click.echo(f"\nyour answers are kept in {place_of(self._folder)}", err=True)
            click.echo("the same command offers them again", err=True)

    @property
    def _answers(self) -> dict[str, Any]:
        return {**self._ahead, **self._given}

    def _greet(self) -> None:
        here = self._folder.resolve() if self._folder == Path() else self._folder
        click.echo(f"A new project in {here}")
        click.echo("Enter takes what is shown, Escape goes back, Ctrl-C stops and keeps the answers.\n")
        there = occupied(self._folder)
        if there:
            click.echo(f"Already there, and left as they are: {', '.join(there)}\n")

    def _take_up(self) -> None:
        """Offers what an interrupted run left, if it is still right."""
        found = {key: value for key, value in kept(self._folder).items() if key not in self._ahead}
        if not found:
            return
        begun = found.pop(_BEGUN, None)
        again = Choice("again", "go on with them", ", ".join([*found, *(begun or ())]))
        fresh = Choice("fresh", "begin anew")
        taken = choose("There are answers of an earlier run.", (again, fresh), "again")
        if taken == "again":
            self._restore(found)
            if begun and "services" not in self._given:
                self._earlier["services"] = begun
        elif taken == "fresh":
            forget(self._folder)

    def _restore(self, found: Mapping[str, Any]) -> None:
        for question in list(questions(complete({**self._ahead, **found}, self._folder), self._folder)):
            if question.key in found:
                try:
                    value = understood(question, found[question.key])
                except ValueError:
                    return
                if objection(self._answers, question, value, self._folder):
                    return
                self._given[question.key] = value
                click.echo(f"  {question.text} {in_words(question, value)}")

    def _ask(self, question: Question) -> None:
        if question.kind == "several" and len(question.choices) == 1:
            self._ahead[question.key] = question.default  # nothing to choose
            return
        default = self._offered(question)
        if question.kind == "services":
            begun = self._earlier.get("services", {})
            value = ask_services(question, begun, lambda said: self._objection(question, said), self._begin)
        else:
            value = ask(question, default, lambda said: self._objection(question, said))
        if value is BACK:
            self._go_back()
            return
        self._given[question.key] = value
        self._keep()

    def _begin(self, services: Mapping[str, Any]) -> None:
        self._earlier["services"] = {name: dict(each) for name, each in services.items()}
        self._keep()

    def _keep(self) -> bool:
        begun = self._earlier.get("services") if "services" not in self._given else None
        return keep({**self._answers, **({_BEGUN: begun} if begun else {})}, self._folder)

    def _objection(self, question: Question, said: Any) -> str | None:
        try:
            value = understood(question, said)
        except ValueError as error:
            return str(error)
        return objection(self._answers, question, value, self._folder)

    def _offered(self, question: Question) -> Any:
        earlier = self._earlier.get(question.key, question.default)
        if question.kind == "one" and earlier not in [each.value for each in question.choices]:
            return question.default
        return earlier

    def _go_back(self) -> None:
        if self._given:
            key, value = self._given.popitem()
            self._earlier[key] = value

    def _is_agreed(self) -> bool:
        drafted = draft(complete(self._answers, self._folder), self._folder)
        assert drafted.rendered, [each.message for each in drafted.errors]
        files = _preview(drafted.rendered, self._folder)
        count = sum(1 for _ in preview(drafted.rendered, self._folder))
        click.echo("\n" + "\n".join([*self._summary(), f"  files     {count}", ""]))
        while True:
            agreed = choose("Is that what you want?", (_WRITE, _CHANGE, _SPEC, _FILES, _STOP), "write")
            if agreed == "spec":
                click.echo(f"\n{drafted.text}")
            elif agreed == "files":
                click.echo("\n".join(files))
            elif agreed == "stop":
                raise click.Abort
            elif agreed == "change":
                self._change()
                return False
            elif agreed == "write":
                return True
            else:
                self._go_back()
                return False

    def _summary(self) -> Iterator[str]:
        """All answers, a line each; of services each has a line."""
        width = get_terminal_size().columns - 1
        for question in questions(complete(self._answers, self._folder), self._folder):
            value = complete(self._answers, self._folder)[question.key]
            words = in_words(question, value)
            shown = [words]
            if question.kind == "services":
                each = [listed({name: service}) for name, service in value.items()]
                shown = each[:_MOST_SERVICES]
                shown += [f"… and {len(each) - _MOST_SERVICES} more"] if len(each) > _MOST_SERVICES else []
            for number, text in enumerate(shown):
                line = f"  {'' if number else question.key:<9} {text}"
                yield line if len(line) <= width else f"{line[: width - 1]}…"

    def _change(self) -> None:
        """Opens one answer again, with those that it leads to."""
        every = questions(complete(self._answers, self._folder), self._folder)
        asked = [each for each in every if each.key in self._given]
        if not asked:
            return
        choices = tuple(Choice(each.key, each.text, in_words(each, self._given[each.key])) for each in asked)
        taken = choose("Which one?", choices, choices[-1].value)
        if taken is BACK:
            return
        for key in [key for key in self._given if key == taken or _comes_from(key, taken)]:
            self._earlier[key] = self._given.pop(key)


def _comes_from(key: str, other: str) -> bool:
    """Whether an answer is asked for because of another."""
    return any(key.startswith(each) if each.endswith(".") else key == each for each in _LEADS_TO.get(other, ()))


def _preview(rendered: Rendered, folder: Path) -> list[str]:
    """The tree that is going to be written."""
    lines, shown = [f"{folder.resolve().name}/"], set()
    for path in preview(rendered, folder):
        *above, name = path.split("/")
        for depth, part in enumerate(above):
            place = "/".join(above[: depth + 1])
            if place not in shown:
                shown.add(place)
                lines.append("  " * (depth + 1) + f"{part}/")
        lines.append("  " * (len(above) + 1) + name)
    return [*lines, ""]
