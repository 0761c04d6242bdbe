"""A text from a spec can never leave its string in PHP: run and read back."""

import subprocess
from pathlib import Path

from emit.hostile_texts import hostile_texts
from parsers import interpreter
from tracegen.catalogue import catalogue
from tracegen.emit import string_literal


def test_every_text_is_read_back(tmp_path: Path) -> None:
    texts = hostile_texts()
    style = catalogue().languages["php"].literal
    lines = "\n".join(f'echo bin2hex({string_literal(text, style)}), "\\n";' for text in texts)
    (tmp_path / "literals.php").write_text(f"<?php\n{lines}\n", encoding="utf-8")
    command = [*interpreter("php-cli", "php"), "-n", "literals.php"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert [bytes.fromhex(line).decode() for line in done.stdout.split("\n")[:-1]] == texts
