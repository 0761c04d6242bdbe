"""Said → tree: the pure stages in a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tracegen.build import build_system
from tracegen.build.code import CodePlaces
from tracegen.build.names import NameTaken
from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem, ProblemsFound
from tracegen.render import PlannedFile, UnknownOverride, planned_files, render
from tracegen.render.stubs import stubs_by_service
from tracegen.source.files import STDIN, Document
from tracegen.source.words import did_you_mean, some_of
from tracegen.system import System

NAME_TAKEN = Code("TG205", "Name is taken")
UNKNOWN_OVERRIDE = Code("TG121", "Override of a file that is not rendered")


@dataclass(frozen=True)
class Rendered:
    """Everything on the way from one spec and environment to a tree."""

    document: Document
    settings: Settings
    system: System
    files: tuple[PlannedFile, ...]
    tree: Mapping[str, bytes]

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that it was read from, the spec first; standard input stands for the spec in this folder."""
        names = [self.document.file, *(name for name, _ in self.document.included)]
        return tuple(Path("tracegen.yaml" if name == STDIN else name) for name in names)


def build(
    document: Document, settings: Settings, packs: Catalogue, base: Settings | None = None, *, whole: bool = True
) -> Rendered:
    """From valid settings to their tree. Raises ProblemsFound for what only the whole system can tell.

    `base`: the settings without an environment, where `settings` are those of one. Unless `whole`, code that is the
    same in both is left to the tree of the base, two folders up.
    """
    system, files = _planned(settings, packs, base, whole=whole, for_people=True)
    return Rendered(document, settings, system, files, render(files))


def judge(settings: Settings, packs: Catalogue) -> None:
    """What only the whole system can tell of valid settings, and nothing rendered. Raises ProblemsFound."""
    _planned(settings, packs, for_people=False)


def _planned(
    settings: Settings, packs: Catalogue, base: Settings | None = None, *, whole: bool = True, for_people: bool
) -> tuple[System, tuple[PlannedFile, ...]]:
    try:
        system = build_system(settings, packs)
        if base is not None and base is not settings:
            system = build_system(settings, packs, _code(system, build_system(base, packs), packs, whole=whole))
        return system, planned_files(system, packs, for_people=for_people)
    except NameTaken as error:
        raise ProblemsFound([_name_taken(error, settings)]) from error
    except UnknownOverride as error:
        raise ProblemsFound([_unknown_override(error, settings)]) from error


def _code(system: System, base: System, packs: Catalogue, *, whole: bool) -> CodePlaces:
    """Where the code of each service lies: with the base where it is the same there."""
    of_base = dict(stubs_by_service(base, packs))
    same = {name for name, files in stubs_by_service(system, packs) if files == of_base.get(name, [])}
    other = system.services.keys() - same
    return CodePlaces(frozenset() if whole else frozenset(same), frozenset(other))


def _name_taken(error: NameTaken, settings: Settings) -> Problem:
    path = ("services", error.name)
    where = f" with {error.target}" if error.target else ""
    message = f"service {error.name!r} has the name of something that tracegen runs{where}"
    hint = "give the service another name"
    return Problem.of(NAME_TAKEN, settings.said.place(*path), f"services.{error.name}", message, hint)


def _unknown_override(error: UnknownOverride, settings: Settings) -> Problem:
    hint = did_you_mean(error.path, error.known) or f"rendered are {some_of(error.known)}"
    message = f"{error.path} is not a YAML or JSON file that this spec renders"
    place = settings.said.place("overrides", error.path)
    return Problem.of(UNKNOWN_OVERRIDE, place, f"overrides.{error.path}", message, hint)
