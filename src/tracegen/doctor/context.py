"""What the checks of one target share: its world, what the spec says, and which files somebody edited."""

from dataclasses import dataclass, field
from functools import cached_property

from tracegen.doctor.documents import Document, Unreadable, read_yaml_text
from tracegen.doctor.expected import Expected
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.world import World


@dataclass
class Context:
    """Used by every check; `target` names the world in findings."""

    expected: Expected
    world: World
    _parsed: dict[str, Document | None] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """compose, kubernetes or files."""
        return self.world.target

    @cached_property
    def _edited(self) -> dict[str, bool]:
        return {}

    def edited(self, file: str) -> bool:
        """Whether a file is not as it is rendered; what is not rendered belongs to somebody, and counts as edited."""
        if file not in self._edited:
            try:
                there = (self.world.folder / file).read_bytes()
            except OSError:
                there = b""
            self._edited[file] = self.expected.tree.get(file) != there
        return self._edited[file]

    def rendered(self, file: str) -> Document | None:
        """A YAML file as it is rendered; of a custom resource, the configuration in it."""
        if file not in self._parsed:
            data = self.expected.tree.get(file)
            try:
                found = read_yaml_text(data.decode(), file) if data is not None else []
            except Unreadable:
                found = []
            document = next(iter(found), None)
            inline = document is not None and document.at("kind") == "OpenTelemetryCollector"
            self._parsed[file] = document.part("spec", "config") if document and inline else document
        return self._parsed[file]

    def finding(self, hop: str, mark: Mark, words: str) -> Finding:
        """A broken hop of this target."""
        return Finding(hop, mark, words, "", self.target)

    def blamed(self, first: Mark, *others: Mark) -> Mark:
        """Of places that do not fit together, the one that somebody edited."""
        return next((each for each in (first, *others) if self.edited(each.file)), first)
