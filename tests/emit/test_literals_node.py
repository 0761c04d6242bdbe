"""Whatever a value holds, Node.js reads it back from the literal that is written for it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from emit.strategies import NASTY
from programs.build import _cache
from programs.languages import node
from programs.plugin import absent
from tracegen.catalogue import catalogue
from tracegen.emit import string_literal

ENDS = [
    "*/",
    "//",
    "/*",
    "<!--",
    "-->",
    "${x}",
    "`${x}`",
    "'",
    '"',
    '\\"',
    "\\u0041",
    "</script>",
    "\u2029",
    "\u202e",
]
NODE_SECONDS = 60


def samples() -> list[str]:
    """The same on every run: what is known to break languages, alone and in pairs, and 2000 texts by chance."""
    chance = random.Random(5)
    points = [*range(0xD800), *range(0xE000, 0x110000)]
    by_chance = ["".join(map(chr, chance.choices(points, k=chance.randrange(12)))) for _ in range(1000)]
    low = ["".join(map(chr, chance.choices(range(0x100), k=chance.randrange(12)))) for _ in range(1000)]
    return [*NASTY, *ENDS, *(one + other for one in NASTY for other in ENDS), *by_chance, *low]


@pytest.mark.parametrize("suffix", [".mjs", ".cjs"])
def test_node_reads_every_literal_back(suffix: str, tmp_path: Path) -> None:
    if not shutil.which("npm"):
        absent("node", "npm is not on PATH")
    texts = samples()
    style = catalogue().languages["node"].literal
    literals = ",\n".join(f"  {string_literal(text, style)} /* {index} */" for index, text in enumerate(texts))
    program = tmp_path / f"literals{suffix}"
    program.write_text(f"const texts = [\n{literals},\n];\nconsole.log(JSON.stringify(texts));\n", encoding="utf-8")
    command = [str(node.node(_cache() / "languages")), str(program)]
    done = subprocess.run(command, capture_output=True, timeout=NODE_SECONDS, check=True)
    assert json.loads(done.stdout) == texts
