"""Templates as compiled code, kept as Python keeps its modules: in `__pycache__` beside them, if that can be written.

Compiling them takes longer than all else that a small render does. What is kept is taken only for the very text and
the very versions that it was made from. `PYTHONDONTWRITEBYTECODE` and `PYTHONPYCACHEPREFIX` count as for modules.
"""

import os
import sys
from contextlib import suppress
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """Finds and keeps the code of templates by their files."""

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The file itself."""
        return filename or name

    def get_source_checksum(self, source: str) -> str:
        """Of the text and of the compiler: a newer one may write other code."""
        return sha256(f"{jinja2.__version__}\n{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fills the bucket where something is kept; it refuses what is damaged or of another text."""
        with suppress(OSError), _place(bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps the code in one step, or not at all: a folder that nobody may write is no failure."""
        if sys.dont_write_bytecode:
            return
        place = _place(bucket)
        draft = place.with_name(f"{place.name}.{os.getpid()}")
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(bucket.bytecode_to_string())
            draft.replace(place)


def _place(bucket: Bucket) -> Path:
    return Path(cache_from_source(bucket.key))
