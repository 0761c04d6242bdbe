"""What tracegen remembers of a folder: its spec, its environment, and the text last written of each output.

All of it is one file, `.tracegen/memory`, which is committed. A line of it is a layer: texts, compressed together,
after their own hash. The lowest layer holds all texts; a second one, if any, what has changed since, so that a small
change is a small commit. Git keeps the lines of both branches (`merge=union`), and the next render makes one of them.
What is damaged contradicts its hash and is as if it were lost: then what differs is a conflict, never overwritten.

Words of the texts are nowhere in it, so replacing a word in a whole repository cannot make an edit look like none.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from tracegen.write.disk import check_root, standing
from tracegen.write.errors import CannotWrite, OtherSpec, WrongEnvironment
from tracegen.write.merge import is_mixture
from tracegen.write.paths import FORMER_STATE, MEMORY, fault_of

FORMAT = 2

#: Path → the texts of which one was written there last: several only where two branches wrote it.
Files = Mapping[str, tuple[bytes, ...]]

_HEAD = b"# What tracegen wrote last, compressed; git merges it line by line. Edit the files themselves instead.\n"
_START, _END = b":", b":"
_HASH_LENGTH = 16
# What text tools would change, or would take for the end of a line or of all.
_ESCAPES = {b"=": b"=e", b"\0": b"=0", b"\n": b"=n", b"\r": b"=r"}
_ESCAPED = re.compile(rb"=([e0nr])")
_UNESCAPED = {escaped[1:]: plain for plain, escaped in _ESCAPES.items()}
#: More than any project has; a line that came with a repository must not fill the memory of the machine.
_MOST_BYTES = 512 * 1024 * 1024
# A second layer that holds more than this share of the first is no small change any more.
_SMALL = 0.25


@dataclass(frozen=True, slots=True)
class Memory:
    """All that `.tracegen/` says."""

    text: bytes | None = None  #: the file as it is
    environments: tuple[str | None, ...] = ()  #: none where nothing is remembered, several after a broken merge
    spec: str | None = None  #: the spec's path from this folder; None where it is not known
    files: Files = field(default_factory=dict)
    #: Files of an earlier version; the next run removes them.
    former: Mapping[str, bytes] = field(default_factory=dict)
    lowest: "_Layer | None" = None  #: the layer that a small change goes on top of
    is_whole: bool = True  #: whether it is as a run leaves it: nothing damaged, no lines of two branches

    def base(self, path: str, current: bytes | None) -> bytes | None:
        """What tracegen last wrote at `path`, or None where that is lost or was never.

        Where two branches wrote it, what git made of both counts as written if nobody had a part in it; else it is
        the text that the file is nearest to.
        """
        texts = self.files.get(path, ())
        if current is None or not texts:
            return texts[0] if texts else None
        if current in texts or (len(texts) > 1 and is_mixture(current, texts)):
            return current
        return min(texts, key=lambda text: _distance(text, current))

    def wrote(self, path: str, text: bytes) -> bool:
        """Whether these very bytes are what a run wrote at `path`, which is what removing it takes."""
        return text in self.files.get(path, ())

    def refuse_other(self, environment: str | None) -> None:
        """Raises WrongEnvironment unless the folder is fresh or remembers this environment."""
        if self.environments and environment not in self.environments:
            raise WrongEnvironment(self.environments[0], environment)

    def refuse_other_spec(self, root: Path, spec: str | None) -> None:
        """Raises OtherSpec where the folder holds the files of another spec that is still there."""
        if self.spec and spec and self.spec != spec and (root / self.spec).is_file():
            raise OtherSpec(root, self.spec, spec)


@dataclass(frozen=True, slots=True)
class _Layer:
    line: bytes
    name: str
    on: str  #: the name of the layer below; empty where it is the lowest
    environment: str | None
    spec: str | None
    files: Files  #: no texts: no longer remembered


def load_memory(root: Path) -> Memory:
    """Reads `.tracegen/`; raises CannotWrite where it cannot be read, leads elsewhere or is newer."""
    from tracegen.write.former import load_former

    check_root(root)
    text = standing(root, MEMORY)
    found = parse_memory(text) if text is not None else Memory()
    former = load_former(root)
    if not former.texts:
        return found
    files = {
        path: tuple(dict.fromkeys((*found.files.get(path, ()), *former.files.get(path, ()))))
        for path in [*found.files, *former.files]
    }
    environments = tuple(dict.fromkeys((*found.environments, *former.environments)))
    return Memory(text, environments, found.spec, files, former.texts, found.lowest, False)


def is_remembered(root: Path) -> bool:
    """Whether anything is remembered of a folder, be it in the way of an earlier version."""
    return any(os.path.lexists(root / place) for place in (MEMORY, FORMER_STATE))


def parse_memory(text: bytes) -> Memory:
    """What the file says, as far as it is whole."""
    lines = [line.rstrip(b"\r") for line in text.split(b"\n") if not line.startswith(b"#") and line.strip()]
    read = [_read(line) for line in lines]
    layers = {layer.name: layer for layer in read if layer}
    lowest = [layer for layer in layers.values() if not layer.on]
    above = [layer for layer in layers.values() if layer.on]
    is_whole = None not in read and len(lowest) == 1 and len(above) <= 1 and all(each.on in layers for each in above)
    top = above or lowest
    return Memory(
        text,
        tuple(dict.fromkeys(layer.environment for layer in top)),
        next((layer.spec for layer in reversed(top)), None),
        _together(lowest, above),
        lowest=lowest[0] if lowest else None,
        is_whole=is_whole,
    )


def memory_text(memory: Memory, files: Files, environment: str | None, spec: str | None) -> bytes:
    """What the file shall hold: the lowest layer as it was where the change is small, else a new one."""
    files = {path: texts for path, texts in sorted(files.items()) if texts}
    if memory.lowest is not None and memory.is_whole:
        below = memory.lowest.files
        changed: dict[str, tuple[bytes, ...]] = {
            path: files.get(path, ())
            for path in sorted({*files, *below})
            if files.get(path, ()) != below.get(path, ())
        }
        if not changed and (memory.lowest.environment, memory.lowest.spec) == (environment, spec):
            return _HEAD + memory.lowest.line + b"\n"
        forgotten = max(0, _size(below) - _size(files))
        if _size(changed) + forgotten <= _SMALL * _size(below):
            above = _write(changed, environment, spec, memory.lowest.name)
            return _HEAD + memory.lowest.line + b"\n" + above + b"\n"
    return _HEAD + _write(files, environment, spec, "") + b"\n"


def _together(lowest: Sequence[_Layer], above: Sequence[_Layer]) -> dict[str, tuple[bytes, ...]]:
    """The texts of all lines; what a branch changed takes the place of what both had."""
    found: dict[str, dict[bytes, None]] = {}
    for bottom in lowest or [_Layer(b"", "", "", None, None, {})]:
        tops = [layer for layer in above if layer.on == bottom.name or not lowest]
        changed = {path for layer in tops for path in layer.files}
        for path, texts in bottom.files.items():
            if path not in changed:
                found.setdefault(path, {}).update(dict.fromkeys(texts))
        for layer in tops:
            for path, texts in layer.files.items():
                found.setdefault(path, {}).update(dict.fromkeys(texts))
    return {path: tuple(texts) for path, texts in found.items() if texts}


def _write(files: Files, environment: str | None, spec: str | None, on: str) -> bytes:
    # Files of one name are alike, so they stand together.
    order = sorted(files, key=lambda path: (PurePosixPath(path).name, path))
    texts = list(dict.fromkeys(text for path in order for text in files[path]))
    places = {text: number for number, text in enumerate(texts)}
    said = {
        "format": FORMAT,
        "on": on,
        "environment": environment,
        "spec": spec,
        "lengths": [len(text) for text in texts],
        "files": {path: [places[text] for text in files[path]] for path in sorted(files)},
    }
    head = json.dumps(said, separators=(",", ":")).encode() + b"\n"
    payload = _compressed(b"".join([head, *texts]))
    line = sha256(payload).digest()[:_HASH_LENGTH] + payload
    for plain, escaped in _ESCAPES.items():
        line = line.replace(plain, escaped)
    return _START + line + _END


def _read(line: bytes) -> _Layer | None:
    """A layer, or None for a line that is damaged or none."""
    if not (line.startswith(_START) and line.endswith(_END)):
        return None
    plain = _ESCAPED.sub(lambda match: _UNESCAPED[match[1]], line[1:-1])
    known, payload = plain[:_HASH_LENGTH], plain[_HASH_LENGTH:]
    if sha256(payload).digest()[:_HASH_LENGTH] != known:
        return None
    head, _, rest = _decompressed(payload).partition(b"\n")
    try:
        said = json.loads(head)
    except (ValueError, RecursionError):
        return None
    if isinstance(said, dict) and isinstance(said.get("format"), int) and said["format"] > FORMAT:
        raise CannotWrite(MEMORY, f"was written by a newer tracegen (format {said['format']}, not {FORMAT})")
    try:
        return _layer(line, known.hex(), said, rest)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return None


def _layer(line: bytes, name: str, said: Any, rest: bytes) -> _Layer:
    texts = list(_cut(rest, said["lengths"]))
    # It comes out of a repository: a path in it must not lead a removal out of the root.
    files = {
        path: tuple(texts[number] for number in numbers)
        for path, numbers in said["files"].items()
        if fault_of(path) is None
    }
    on, environment, spec = said["on"], said["environment"], said["spec"]
    if not (isinstance(on, str) and isinstance(environment, str | None) and isinstance(spec, str | None)):
        raise TypeError("not of the form that tracegen writes")
    return _Layer(line, name, on, environment, spec, files)


def _cut(rest: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    start = 0
    for length in lengths:
        yield rest[start : start + length]
        start += length
    if start != len(rest):
        raise ValueError("the texts are not of these lengths")


def _compressed(plain: bytes) -> bytes:
    import lzma

    # Texts that are alike stand together, so a small window finds nearly all: a tenth of the time and of the memory.
    return lzma.compress(plain, format=lzma.FORMAT_XZ, check=lzma.CHECK_NONE, preset=2)


def _decompressed(payload: bytes) -> bytes:
    """Empty for what is not whole."""
    import lzma

    reader = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MOST_BYTES)
    try:
        plain = reader.decompress(payload, max_length=_MOST_BYTES)
    except (lzma.LZMAError, EOFError, MemoryError):
        return b""
    return plain if reader.eof else b""


def _size(files: Files) -> int:
    return sum(len(text) for text in {text for texts in files.values() for text in texts})


def _distance(text: bytes, other: bytes) -> tuple[int, bytes]:
    """How many lines differ, whatever their order; the text itself decides between equals."""
    from collections import Counter

    ours, theirs = Counter(text.splitlines()), Counter(other.splitlines())
    return ((ours - theirs) + (theirs - ours)).total(), text
