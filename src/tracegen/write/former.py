"""What earlier versions kept instead of the memory: read once more, and removed by the next run.

`.tracegen/base/<path>` held a text for each output, `.tracegen/state.json` their hashes and the environment. Git may
have merged both. A text is believed where a hash bears it out; one that git merged, where there are two hashes.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen.write.disk import standing
from tracegen.write.errors import CannotWrite, refusing
from tracegen.write.merge import sides
from tracegen.write.paths import FORMER_STATE, FORMER_TEXTS, digest, fault_of

_FORMAT = 1
# A line for one output. Git may have left two, those of both branches, with or without conflict markers around them.
_HASH_LINE = re.compile(r'^\s*("(?:[^"\\]|\\.)*"):\s*"([0-9a-f]{64})",?\s*$', re.MULTILINE)
_ENVIRONMENT_LINE = re.compile(r'^\s*"environment": (null|"[^"\\]*"),?$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Former:
    """The files of an earlier version with their texts, and what can be believed of them."""

    texts: Mapping[str, bytes]
    environments: tuple[str | None, ...]
    files: Mapping[str, tuple[bytes, ...]]


def load_former(root: Path) -> Former:
    """Reads what an earlier version left; empty where there is nothing. Raises CannotWrite."""
    state = standing(root, FORMER_STATE)
    bases = _load_bases(root)
    if state is None and not bases:
        return Former({}, (), {})
    environments, hashes = _parse(state)
    texts = {f"{FORMER_TEXTS}/{path}": text for path, text in bases.items()}
    if state is not None:
        texts[FORMER_STATE] = state
    files = {path: tuple(_believed(text, hashes.get(path, ()))) for path, text in bases.items()}
    return Former(texts, environments, {path: found for path, found in files.items() if found})


def _believed(text: bytes, hashes: tuple[str, ...]) -> Iterator[bytes]:
    borne_out = [each for each in (text, *(sides(text) or ())) if digest(each) in hashes]
    yield from borne_out or ([text] if len(hashes) > 1 else [])


def _parse(text: bytes | None) -> tuple[tuple[str | None, ...], dict[str, tuple[str, ...]]]:
    if text is None:
        return (), {}
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    said = document if isinstance(document, dict) else {}
    if isinstance(said.get("format"), int) and said["format"] > _FORMAT:
        raise CannotWrite(FORMER_STATE, f"was written by a newer tracegen (format {said['format']}, not {_FORMAT})")
    words = text.decode(errors="replace")
    environments = tuple(dict.fromkeys(json.loads(value) for value in _ENVIRONMENT_LINE.findall(words)))
    if not environments and isinstance(said.get("environment", 0), str | None):
        environments = (said["environment"],)
    listed = said.get("files")
    found: dict[str, dict[str, None]] = {}
    for name, known in (listed if isinstance(listed, dict) else {}).items():
        if isinstance(known, str):
            found[name] = {known: None}
    for name, known in _HASH_LINE.findall(words):
        with suppress(ValueError):
            found.setdefault(json.loads(name), {})[known] = None
    return environments, {path: tuple(known) for path, known in found.items() if fault_of(path) is None}


def _load_bases(root: Path) -> dict[str, bytes]:
    paths = []
    with refusing(FORMER_TEXTS):
        for folder, _, files in os.walk(root / FORMER_TEXTS):
            paths += [(Path(folder) / name).relative_to(root / FORMER_TEXTS).as_posix() for name in files]
    lawful = sorted(path for path in paths if fault_of(path) is None)
    texts = {path: standing(root, f"{FORMER_TEXTS}/{path}") for path in lawful}
    return {path: text for path, text in texts.items() if text is not None}
