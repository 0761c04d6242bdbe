"""A text from a spec can never leave its string in Ruby: run and read back."""

import subprocess
from pathlib import Path

from emit.hostile_texts import hostile_texts
from parsers import interpreter
from tracegen.catalogue import catalogue
from tracegen.emit import string_literal


def test_every_text_is_read_back(tmp_path: Path) -> None:
    texts = hostile_texts()
    style = catalogue().languages["ruby"].literal
    program = "\n".join(f'puts {string_literal(text, style)}.unpack1("H*")' for text in texts)
    (tmp_path / "literals.rb").write_text(program, encoding="utf-8")
    command = [*interpreter("ruby", "ruby"), "--disable-all", "-Eutf-8", "literals.rb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert [bytes.fromhex(line).decode() for line in done.stdout.split("\n")[:-1]] == texts
