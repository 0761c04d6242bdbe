"""A Said holds what the user said, valid against the schema; what is not said is not there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tracegen.problems import Place
from tracegen.source.node import Mapping as MappingNode
from tracegen.source.node import Path, dotted, find, place_of, plain
from tracegen.spec.merge import Dropped

__all__ = ["Path", "Said", "dotted"]


@dataclass(frozen=True)
class Said:
    """One layer stack, merged and in the long form.

    `value` is plain data that the schema accepts; `root` the same as nodes, for places; `environment` the
    layer's name or None for the base alone; `dropped` what the layers dropped; `layer` the environment's own
    layer in the long form; `base` what was written, with all environments.
    """

    value: Mapping[str, Any]
    root: MappingNode
    environment: str | None
    dropped: tuple[Dropped, ...]
    layer: MappingNode | None
    base: MappingNode

    def get(self, *path: str | int) -> Any:
        """What was said at a path, or None."""
        value: Any = self.value
        for part in path:
            if isinstance(value, list):
                value = value[part] if isinstance(part, int) and part < len(value) else None
            elif isinstance(value, dict):
                value = value.get(part)
            else:
                return None
        return value

    def place(self, *path: str | int) -> Place:
        """Where a path stands, or its nearest ancestor."""
        return place_of(self.root, path)

    def said_by_layer(self, *path: str | int) -> bool:
        """Whether the environment's own layer says something at a path."""
        return self.layer is not None and find(self.layer, path) is not None

    @cached_property
    def written(self) -> tuple[Any, ...]:
        """The base and each environment as they were written: not all are in the long form, nor checked."""
        base: dict[str, Any] = plain(self.base)
        environments = base.get("environments")
        return (base, *(environments.values() if isinstance(environments, dict) else ()))

    @cached_property
    def services(self) -> Mapping[str, Mapping[str, Any]]:
        """The services by name, in the order of the files, `service_defaults` merged in."""
        services: Mapping[str, Mapping[str, Any]] = self.value["services"]
        return services
