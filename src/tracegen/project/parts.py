"""The trees of a project: that of the base beside its spec, and that of an environment in `env/<name>` (ruling 2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tracegen.catalogue import catalogue
from tracegen.compiler import Rendered, build
from tracegen.decide import Settings
from tracegen.source.files import Document
from tracegen.write.memory import is_remembered

#: The folder of the trees of environments.
ENVIRONMENTS = "env"


@dataclass(frozen=True)
class Part:
    """One output folder of a project: of the base, or of an environment."""

    folder: Path
    environment: str | None
    rendered: Rendered

    @property
    def name(self) -> str:
        """The folder, from that of the base."""
        return f"{ENVIRONMENTS}/{self.environment}" if self.environment else "."

    @property
    def left(self) -> tuple[str, ...]:
        """The folders of code that it leaves to the base."""
        return tuple(each.stub for each in self.rendered.system.services.values() if each.shared)


def folder_of(root: Path, environment: str | None) -> Path:
    """Where the tree of an environment lies in a project."""
    return root / ENVIRONMENTS / environment if environment else root


def parts_of(
    document: Document, settings: Mapping[str | None, Settings], root: Path, environments: Iterable[str | None]
) -> list[Part]:
    """The trees of these environments (None: the base), each without what is there once for all of them."""
    return [
        Part(folder_of(root, name), name, build(document, settings[name], catalogue(), settings[None], whole=False))
        for name in environments
    ]


def without_a_base(parts: Iterable[Part], root: Path) -> bool:
    """Whether a tree leaves code to a base that was never rendered."""
    return any(part.left for part in parts) and not is_remembered(root)


def written_folders(root: Path) -> list[Path]:
    """The output folders that tracegen wrote into, whatever the spec says by now; the base first in any case."""
    return [root, *(each for each in sorted(root.glob(f"{ENVIRONMENTS}/*")) if is_remembered(each))]
