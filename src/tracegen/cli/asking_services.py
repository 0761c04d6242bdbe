"""The services on a terminal: one by one, or as a list that is pasted."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from tracegen.catalogue import catalogue
from tracegen.cli.asking import BACK, Judge, choose, choose_several, write
from tracegen.project.questions import Choice, Question, is_rendered
from tracegen.project.services import HOW, lawful, listed, parse

Services = dict[str, dict[str, Any]]

_ONE_BY_ONE = Choice("one", "one by one", "name, language and calls are asked for")
_LIST = Choice("list", "as a list", "to type or paste, such as: checkout python calls payment, payment go")
_EXAMPLE = Choice("example", "a generated example", "until it has an image of its own")
_WHERE = (
    Choice("image", "from an image", "tracegen's files run it"),
    Choice("elsewhere", "elsewhere", "it runs already; it gets its environment file"),
)


_ON = Choice("on", "go on", "nothing is taken back")


def ask_services(question: Question, begun: Mapping[str, Any], judge: Judge, keep: Callable[[Services], None]) -> Any:
    """The services by name, or BACK. `begun` are those of before; `keep` gets all after each new one."""
    typed = listed(begun or question.default)
    one_by_one = _OneByOne(judge, begun, keep)
    while True:
        way = choose(question.text, (_ONE_BY_ONE, _LIST), "one")
        if way is BACK:
            return BACK
        if way == "one":
            found = one_by_one.run()
        else:
            left: list[str] = []
            said = write("Services, between commas:", typed, judge, HOW, left.append)
            typed = left[-1] if left else typed
            found = said if said is BACK else parse(said)
        if found is not BACK:
            return found


class _OneByOne:
    """Services asked for one after the other; Escape takes back the last answer."""

    def __init__(self, judge: Judge, begun: Mapping[str, Any], keep: Callable[[Services], None]) -> None:
        self._judge, self._keep = judge, keep
        self._services: Services = {name: dict(each) for name, each in begun.items()}

    def run(self) -> Any:
        """The services, or BACK."""
        if self._services:
            click.echo(f"  so far: {listed(self._services)}")
        while True:
            name = write(*self._name_question())
            if name is BACK:
                if not self._services or self._goes_back():
                    return BACK
            elif name:
                self._add(lawful(name))
                self._keep(self._services)
            elif self._ask_calls():
                return self._services

    def _goes_back(self) -> bool:
        """Whether the question before is meant; nothing is taken back that a person did not name."""
        last = list(self._services)[-1]
        away = Choice("away", f"take {last} away", "the last one")
        before = Choice("before", "to the question before", "what is said here is kept")
        taken = choose("Back to what?", (_ON, away, before), "on")
        if taken == "away":
            del self._services[last]
            self._keep(self._services)
        return bool(taken == "before")

    def _name_question(self) -> tuple[str, str, Judge, str]:
        if self._services:
            return ("Another service?", "", self._judge_name, "its name; Enter when that is all")
        return ("Name of a service:", "", self._judge_name, "such as checkout")

    def _judge_name(self, name: str) -> str | None:
        if not name:
            return None if self._services else "name at least one service"
        name = lawful(name)
        if name in self._services:
            return f"{name!r} is there already"
        return self._judge({**self._services, name: {"language": next(iter(catalogue().languages))}})

    def _add(self, name: str) -> None:
        service: dict[str, Any] = {}
        asks: list[Callable[[dict[str, Any]], Any]] = [self._language, self._framework, self._place]
        step = 0
        while step < len(asks):
            if asks[step](service) is BACK:
                if step == 0:
                    return
                step = 0  # the language decides all that follows
            else:
                step += 1
        self._services[name] = service

    def _language(self, service: dict[str, Any]) -> Any:
        choices = tuple(Choice(each.name, each.title, each.description) for each in catalogue().languages.values())
        taken = choose("  In which language?", choices, choices[0].value)
        service.clear()
        service["language"] = taken
        return taken

    def _framework(self, service: dict[str, Any]) -> Any:
        frameworks = catalogue().languages[service["language"]].frameworks
        if len(frameworks) < 2 or not is_rendered("services.*.framework"):
            return None
        taken = choose("  With which framework?", tuple(Choice(each, each) for each in frameworks), frameworks[0])
        service["framework"] = taken
        return taken

    def _place(self, service: dict[str, Any]) -> Any:
        """Where it comes from; an example only where tracegen has one of the language."""
        has_example = self._judge({"service": service}) is None
        choices = (_EXAMPLE, *_WHERE) if has_example else _WHERE
        taken = choose("  Where does it come from?", choices, choices[0].value)
        if taken == "elsewhere":
            service["deploy"] = False
        elif taken == "image":
            trial = dict(service)
            taken = write("  Which image?", "", lambda said: self._judge({"service": {**trial, "image": said}}))
            service["image"] = taken
        return taken

    def _ask_calls(self) -> bool:
        """Whether all were answered; where not, services are asked for again."""
        names = list(self._services)
        for name in names if len(names) > 1 else ():
            others = tuple(Choice(each, each) for each in names if each != name)
            before = self._services[name].get("calls", [])
            calls = choose_several(f"Which services does {name} call?", others, before, lambda _: None)
            if calls is BACK:
                return False
            self._services[name].pop("calls", None)
            if calls:
                self._services[name]["calls"] = calls
        return True
