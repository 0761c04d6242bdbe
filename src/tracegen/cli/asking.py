"""One question on a terminal, by questionary; Escape answers it with BACK."""

from collections.abc import Callable, Sequence
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any, Final

import questionary
from prompt_toolkit import print_formatted_text
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings

from tracegen.project.questions import Choice, Question, in_words

#: What a question comes to when a person wants the one before it.
BACK: Final = object()

#: What is wrong with an answer, or None.
Judge = Callable[[Any], str | None]

#: Columns of the arrow before a choice, and the least that a description gets beside its choice.
_POINTER, _LEAST_BESIDE = 3, 24

_STYLE = questionary.Style([("instruction", "fg:ansibrightblack"), ("pointer", "bold"), ("highlighted", "bold")])


def ask(question: Question, default: Any, judge: Judge) -> Any:
    """The answer, or BACK. It is judged where it is given, and asked for until it is right."""
    if question.kind == "one":
        return choose(question.text, question.choices, default, judge)
    if question.kind == "several":
        return choose_several(question.text, question.choices, default, judge)
    shown = "" if default is None else in_words(question, default)
    hint = f"such as {question.example}" if question.example is not None else ""
    said = write(question.text, shown, judge, hint)
    return float(said) if question.kind == "number" and said is not BACK else said


def write(
    text: str, default: str, judge: Judge, hint: str = "", left: Callable[[str], None] = lambda text: None
) -> Any:
    """A text, or BACK, before which `left` gets what was typed so far."""
    return _answer(
        questionary.text(
            text,
            default=default,
            qmark="?",
            style=_STYLE,
            instruction=f"({hint}) " if hint else None,
            validate=lambda said: judge(said) or True,
        ),
        left,
    )


def choose(text: str, choices: Sequence[Choice], default: str | None, judge: Judge | None = None) -> Any:
    """The value of one choice, or BACK; one that is not right after the earlier answers is asked for again."""
    while True:
        taken = _answer(
            questionary.select(
                text,
                choices=[_shown(each, choices) for each in choices],
                default=default,
                style=_STYLE,
                instruction="(arrow keys)",
                use_jk_keys=False,
                erase_when_done=True,
            )
        )
        if taken is BACK:
            return BACK
        # In place of the list with its descriptions, which goes when it is answered.
        title = next(each.title for each in choices if each.value == taken)
        print_formatted_text(FormattedText([("bold", f"? {text} "), ("", title)]))
        wrong = judge(taken) if judge else None
        if wrong is None:
            return taken
        questionary.print(f"  {wrong}", style="fg:ansired")


def choose_several(text: str, choices: Sequence[Choice], default: Sequence[str], judge: Judge) -> Any:
    """The values of any number of choices, or BACK."""
    return _answer(
        questionary.checkbox(
            text,
            choices=[_shown(each, choices, each.value in default) for each in choices],
            style=_STYLE,
            instruction="(arrow keys, blank to choose)",
            validate=lambda said: judge(said) or True,
            use_jk_keys=False,
        )
    )


def _shown(choice: Choice, among: Sequence[Choice], checked: bool = False) -> questionary.Choice:
    width = max(len(each.title) for each in among)
    title = choice.title
    if choice.description:
        # Wrapped by hand: what is longer than a line would be cut at its end.
        room = get_terminal_size().columns - _POINTER
        beside = width + 2 + _LEAST_BESIDE <= room
        indent = width + 2 if beside else 2
        lines = wrap(choice.description, max(room - indent, 10))
        first = (
            f"{choice.title:<{width}}  {lines[0]}" if beside else f"{choice.title}\n{' ' * (_POINTER + 2)}{lines[0]}"
        )
        title = "\n".join([first, *(" " * (_POINTER + indent) + line for line in lines[1:])])
    return questionary.Choice(title, value=choice.value, checked=checked)


def _answer(question: questionary.Question, left: Callable[[str], None] = lambda text: None) -> Any:
    application: Any = question.application
    application.key_bindings = merge_key_bindings([application.key_bindings, _escape(left)])
    # How long to wait whether an escape sequence goes on: an arrow key sends its parts at once.
    application.ttimeoutlen = 0.1
    return question.unsafe_ask()


def _escape(left: Callable[[str], None]) -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("escape", eager=True)
    def _(event: KeyPressEvent) -> None:
        left(event.app.current_buffer.text)
        event.app.erase_when_done = True
        event.app.exit(result=BACK)

    return bindings
