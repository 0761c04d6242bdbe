"""A Said holds what the user said, valid against the schema; what is not said is not there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tracegen.problems import Place
from tracegen.source.node import Mapping as MappingNode
from tracegen.source.node import Path, dotted, find, place_of, plain
from tracegen.spec.merge import Dropped
from tracegen.spec.paths import Paths

__all__ = ["Path", "Said", "dotted"]


@dataclass(frozen=True)
class Said:
    """One layer stack, merged and in the long form.

    `value` is plain data that the schema accepts; `root` the same as nodes, for places; `environment` the
    layer's name or None for the base alone; `dropped` what the layers dropped; `layer` the environment's own
    layer in the long form; `base` what was written, with all environments. `paths` are those of the schema: to ask
    for another is a mistake in the code, and raises LookupError.
    """

    value: Mapping[str, Any]
    root: MappingNode
    environment: str | None
    dropped: tuple[Dropped, ...]
    layer: MappingNode | None
    base: MappingNode
    paths: Paths

    def get(self, *path: str | int) -> Any:
        """What was said at a path, or None."""
        self._known(path)
        return _at(self.value, path)

    def place(self, *path: str | int) -> Place:
        """Where a path stands, or its nearest ancestor."""
        self._known(path)
        return place_of(self.root, path)

    def said_by_layer(self, *path: str | int) -> bool:
        """Whether the environment's own layer says something at a path."""
        self._known(path)
        return self.layer is not None and find(self.layer, path) is not None

    def written(self, *path: str | int) -> list[Any]:
        """What the base and each environment wrote at a path: not all of it is in the long form, nor checked."""
        self._known(path)
        return [value for layer in self._layers if (value := _at(layer, path)) is not None]

    def written_by_base(self, *path: str | int) -> bool:
        """Whether the base wrote something at a path, whatever environments do."""
        self._known(path)
        return _at(self._layers[0], path) is not None

    @cached_property
    def _layers(self) -> tuple[Any, ...]:
        base: dict[str, Any] = plain(self.base)
        environments = base.get("environments")
        return (base, *(environments.values() if isinstance(environments, dict) else ()))

    def _known(self, path: Path) -> None:
        if path not in self.paths:
            raise LookupError(f"the schema has no {dotted(path)}")

    @cached_property
    def services(self) -> Mapping[str, Mapping[str, Any]]:
        """The services by name, in the order of the files, `service_defaults` merged in."""
        services: Mapping[str, Mapping[str, Any]] = self.value["services"]
        return services


def _at(value: Any, path: Path) -> Any:
    """What stands at a path of plain data; None where nothing does, or another layer's mistake."""
    for part in path:
        if isinstance(value, list):
            value = value[part] if isinstance(part, int) and part < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value
