"""Versions that do not go on where the one before stopped: what has to be done before they are started.

`breaking.yaml` beside a pack's `versions.yaml` lists them, each with its source.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tracegen.catalogue import Catalogue, numbers_of
from tracegen.catalogue.listing import read_yaml

_IMAGE = re.compile(r"^\s*(?:- )?image: \"?([^\s\"@]+):([\w.-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A move of a pin over a version that breaks: what to do before what was rendered is started."""

    image: str
    before: str
    after: str
    what: str
    steps: tuple[str, ...]
    source: str


def steps_between(old: Iterable[bytes], new: Iterable[bytes], packs: Catalogue) -> list[Step]:
    """What the moves between two sets of rendered files ask for, in the order of the images' names."""
    before, after = _pins(old, packs), _pins(new, packs)
    return [step for name in sorted(before.keys() & after.keys()) for step in _crossed(name, before, after, packs)]


def _crossed(name: str, before: Mapping[str, str], after: Mapping[str, str], packs: Catalogue) -> Iterator[Step]:
    for path in packs.files("breaking.yaml"):
        for entry in read_yaml(path):
            at = numbers_of(str(entry["at"]))
            if entry["image"] == name and numbers_of(before[name]) < at <= numbers_of(after[name]):
                yield Step(name, before[name], after[name], entry["what"], tuple(entry["steps"]), entry["source"])


def _pins(texts: Iterable[bytes], packs: Catalogue) -> dict[str, str]:
    """The version of each pinned image that rendered files name; the oldest where they name several."""
    found: dict[str, str] = {}
    for text in texts:
        for repository, version in _IMAGE.findall(text.decode(errors="replace")):
            for image in packs.images.values():
                # A registry of the site's own stands before the name.
                if f"/{repository}".endswith(f"/{image.repository}"):
                    found[image.name] = min(found.get(image.name, version), version, key=numbers_of)
    return found
