"""Records that are quick to define and to make: the keys of a spec come to sixty of them at every start.

A frozen dataclass writes and compiles its methods when its class is defined, which for these takes longer than all
else that `tracegen validate` does at its start; and it fills in its fields one by one.
"""

import inspect
from typing import Any, ClassVar, NoReturn, dataclass_transform


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Record:
    """A frozen record whose fields are the annotations of its class and of those above; all are given by name."""

    _names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._names = (*cls._names, *inspect.get_annotations(cls))

    def __init__(self, **values: Any) -> None:
        if len(values) != len(self._names) or not all(name in values for name in self._names):
            raise TypeError(f"{type(self).__name__} has {', '.join(self._names)}, and not {', '.join(values)}")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} does not change")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={self.__dict__[name]!r}' for name in self._names)})"

    def _values(self) -> tuple[Any, ...]:
        return tuple(self.__dict__[name] for name in self._names)


def names_of(record: Record | type[Record]) -> tuple[str, ...]:
    """The fields of a record, those of classes above first."""
    return record._names
