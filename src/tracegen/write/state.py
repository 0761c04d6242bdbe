"""What tracegen remembers of a folder: its environment, and the pristine text of every output.

`.tracegen/base/<path>` holds the text, `.tracegen/state.json` its hash and the environment. Both are
committed, so git may bring them back half merged. A hash that contradicts its text means that somebody changed
the text, which is then not trusted; a state that cannot be read is rebuilt from the texts.
"""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen.write.disk import check_root, standing
from tracegen.write.errors import CannotWrite, WrongEnvironment, refusing
from tracegen.write.markers import sides
from tracegen.write.paths import BASE, STATE, base_of, fault_of
from tracegen.write.tree import digest

FORMAT = 1
# A line for one output. Git may leave two, those of both branches, with or without conflict markers around them.
_HASH_LINE = re.compile(r'^\s*("(?:[^"\\]|\\.)*"):\s*"([0-9a-f]{64})",?\s*$', re.MULTILINE)
# Finds the environment in a state that git left with conflict markers.
_ENVIRONMENT_LINE = re.compile(r'^\s*"environment": (null|"[^"\\]*"),?$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Records:
    """All that `.tracegen/` says."""

    text: bytes | None
    environments: tuple[str | None, ...]  #: none where nothing is remembered, several after a broken merge
    hashes: Mapping[str, tuple[str, ...]]  #: several for an output that two branches wrote
    bases: Mapping[str, bytes]

    @property
    def paths(self) -> frozenset[str]:
        """Every output that tracegen remembers to have written."""
        return frozenset(self.hashes) | frozenset(self.bases)

    def pristine(self, path: str, *candidates: bytes | None) -> bytes | None:
        """What tracegen last wrote at `path`, or None where that is lost or was never.

        A text that is missing or altered is rebuilt from a candidate with a remembered hash. One that git
        merged has none of the hashes of both branches, and is believed.
        """
        remembered, text = self.hashes.get(path, ()), self.bases.get(path)
        merged = (sides(text) if text is not None else None) or ()
        if not remembered or (merged and text in candidates):
            return text
        known = next((each for each in (text, *candidates, *merged) if digest(each) in remembered), None)
        return text if known is None and len(remembered) > 1 else known

    def remembered_hash(self, path: str) -> str | None:
        """The hash to keep for a path that is not written this time."""
        remembered = self.hashes.get(path, ())
        return remembered[0] if len(remembered) == 1 else digest(self.bases.get(path))

    def refuse_other(self, environment: str | None) -> None:
        """Raises WrongEnvironment unless the folder is fresh or remembers this environment."""
        if self.environments and environment not in self.environments:
            raise WrongEnvironment(self.environments[0], environment)


def load_records(root: Path) -> Records:
    """Reads `.tracegen/`; raises CannotWrite where it cannot be read, leads elsewhere or is newer."""
    check_root(root)
    text = standing(root, STATE)
    environments, hashes = parse_state(text)
    return Records(text, environments, hashes, _load_bases(root))


def dump_state(environment: str | None, hashes: Mapping[str, str]) -> bytes:
    """The bytes of `state.json`: of these arguments alone, and one path a line so that git can merge it."""
    document = {"environment": environment, "files": dict(hashes), "format": FORMAT}
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def parse_state(text: bytes | None) -> tuple[tuple[str | None, ...], dict[str, tuple[str, ...]]]:
    """The remembered environments and hashes; what is not a state yields what can be saved of it."""
    if text is None:
        return (), {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not _is_state(document):
        return _salvaged_environments(text), _hashes(text, {})
    if document["format"] > FORMAT:
        raise CannotWrite(STATE, f"was written by a newer tracegen (format {document['format']}, not {FORMAT})")
    return (document["environment"],), _hashes(text, document["files"])


def _hashes(text: bytes, files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Every hash of every output; the text is read too, since JSON keeps one of two lines."""
    found: dict[str, dict[str, None]] = {path: {known: None} for path, known in files.items()}
    for name, known in _HASH_LINE.findall(text.decode(errors="replace")):
        with suppress(ValueError):
            found.setdefault(json.loads(name), {})[known] = None
    # The file comes out of a repository: a path in it must not lead a removal out of the root.
    return {path: tuple(known) for path, known in found.items() if fault_of(path) is None}


def _is_state(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("format"), int)
        and isinstance(document.get("environment", 0), str | None)
        and isinstance(document.get("files"), dict)
        and all(isinstance(known, str) for known in document["files"].values())
    )


def _salvaged_environments(text: bytes) -> tuple[str | None, ...]:
    found = _ENVIRONMENT_LINE.findall(text.decode(errors="replace"))
    return tuple(dict.fromkeys(json.loads(value) for value in found))


def _load_bases(root: Path) -> dict[str, bytes]:
    paths = []
    with refusing(BASE):
        for folder, _, files in os.walk(root / BASE):
            paths += [(Path(folder) / name).relative_to(root / BASE).as_posix() for name in files]
    lawful = sorted(path for path in paths if fault_of(path) is None)
    texts = {path: standing(root, base_of(path)) for path in lawful}
    return {path: text for path, text in texts.items() if text is not None}
