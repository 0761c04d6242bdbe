"""Existing systems to specs: Compose files, manifests and traces are read, what they say is guessed at and told.

    found = from_files([Path("compose.yaml")])      # services, edges, stores, and the tracing that is there
    found = from_spans(read("spans.json"))          # the same, of what services did
    text = spec_text(found, name="shop")            # a spec with a comment for each guess: how sure, and why

Nothing is changed where it is read. CannotImport is raised where a source is none that is known; its text can be
shown to people.
"""

from tracegen.importing.facts import CannotImport, Edge, Found, Guess, Sure, Unit
from tracegen.importing.files import from_files
from tracegen.importing.spans import from_spans
from tracegen.importing.spec_text import spec_text
from tracegen.source.kinds import Kind, kind_of_mapping

__all__ = [
    "CannotImport",
    "Edge",
    "Found",
    "Guess",
    "Kind",
    "Sure",
    "Unit",
    "from_files",
    "from_spans",
    "kind_of_mapping",
    "spec_text",
]
