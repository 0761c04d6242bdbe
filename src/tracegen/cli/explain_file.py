"""`tracegen explain FILE`: where a file of the output comes from, and what became of it in the folder."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from textwrap import wrap
from typing import Any

from tracegen import __version__
from tracegen.catalogue import catalogue
from tracegen.cli.file_keys import keys_of, places_of
from tracegen.cli.pipeline import output_folder
from tracegen.compiler import Rendered
from tracegen.render import PlannedFile
from tracegen.write import Change, WriteRefused, plan_changes
from tracegen.write.memory import is_remembered, load_memory

#: How each verdict reads for somebody who only asks.
_STATES = {
    "create": "not written yet",
    "update": "as tracegen wrote it; the next render brings it up to date",
    "merge": "edited; the next render merges what is new into it",
    "edited": "edited; tracegen keeps that",
    "conflict": "edited where tracegen has something new too",
    "same": "as rendered",
    "yours": "deleted; tracegen keeps that",
}


def output_named(spec: str, word: str, environment: str | None) -> tuple[str, str | None]:
    """A path inside the output, and its environment, for a path as a shell completes it."""
    path = os.path.normpath(word) if "/" in word else word
    first, _, rest = path.removeprefix("env/").partition("/")
    if environment is None and path.startswith("env/") and is_remembered(output_folder(spec, None, first)):
        return rest, first
    return path, environment


def owner_of(path: str) -> str:
    """Whose a file is that no spec renders."""
    from tracegen.project.skeleton import paths_of

    if path in paths_of():
        return "yours, from the skeleton of the project; `tracegen update` brings it up to date"
    return "yours; tracegen does not render it"


@dataclass(frozen=True)
class Origin:
    """Where a rendered file comes from."""

    rendered: Rendered
    path: str
    state: str

    def as_data(self) -> dict[str, Any]:
        """Everything that is known, as plain data."""
        return {
            "file": self.path,
            "source": self._file.source,
            "tracegen": __version__,
            "images": self._images(),
            "keys": list(self._keys),
            "overrides": [{"path": path, "value": value, "said": said} for path, value, said in self._overrides()],
            "state": self.state,
        }

    def as_text(self) -> Iterator[str]:
        """The same in lines."""
        yield self.path
        yield f"    written by: {self._file.source}, tracegen {__version__}"
        for image, reader in self._images().items():
            yield f"    version: {image} ({reader})"
        yield from self._shaped_by()
        overrides = list(self._overrides())
        if overrides:
            yield "    overridden in the spec:"
        for path, value, said in overrides:
            yield f"        {path}: {'removed' if value is None else value} ({said})"
        if self.state:
            yield f"    in the folder: {self.state}"

    @property
    def _file(self) -> PlannedFile:
        return next(each for each in self.rendered.files if each.path == self.path)

    def _images(self) -> dict[str, str]:
        """The pinned images that it names, or that read it: reference and name of the pin."""
        text = self.rendered.tree[self.path].decode(errors="replace")
        readers = {
            each.image
            for each in self.rendered.system.components.values()
            if any(file.source == self.path for file in each.files)
        }
        pins = catalogue().images.values()
        found = {}
        for pin in pins:
            # A registry or a version of the spec's own stands in the system, not in the pin.
            used = [image for image in readers if f"/{pin.repository}:" in f"/{image}"]
            for reference in used or ([pin.reference] if pin.reference in text else []):
                found[reference] = pin.name
        return found

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        return keys_of(self._file, self.rendered)

    def _shaped_by(self) -> Iterator[str]:
        keys = [key for key in self._keys if not key.startswith("overrides.")]
        places = {key: places_of(key, self._file, self.rendered) for key in keys}
        if any(places.values()):
            yield "    shaped by the keys:"
        for key, (first, *more) in ((key, found) for key, found in places.items() if found):
            yield f"        {key} ({first.file}:{first.line}{f' and {len(more)} more' if more else ''})"
        unsaid = ", ".join(key for key in keys if not places[key])
        if unsaid:
            yield "    and, where they are said, by:"
            yield from wrap(unsaid, 110, initial_indent=" " * 8, subsequent_indent=" " * 8)

    def _overrides(self) -> Iterator[tuple[str, Any, str]]:
        """Path inside the file, value, and where it is said."""
        patch = self.rendered.system.overrides.get(self.path)
        for path, value in _leaves(patch, ()) if patch else ():
            place = self.rendered.settings.said.place("overrides", self.path, *path)
            yield ".".join(map(str, path)), value, f"{place.file}:{place.line}"


def origin(rendered: Rendered, path: str, spec: str, environment: str | None) -> Origin:
    """The origin of a file that is rendered."""
    return Origin(rendered, path, _state(rendered, path, spec, environment))


def _state(rendered: Rendered, path: str, spec: str, environment: str | None) -> str:
    root = output_folder(spec, None, environment)
    try:
        if environment and path not in load_memory(root).files:
            base = output_folder(spec, None, None)
            if path in load_memory(base).files:  # code that is the same in every environment
                root, environment = base, None
        changes = plan_changes(rendered.tree, root, environment)
    except WriteRefused:  # something stands in the way of a render, which is for `render` to tell
        return ""
    change: Change = next(each for each in changes if each.path == path)
    return _STATES[change.verdict]


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _leaves(each, (*path, key))
    else:
        yield path, value
