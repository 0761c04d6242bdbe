"""A text from a spec can never leave its string in Go: compiled and read back."""

import json
import shutil
import subprocess
from pathlib import Path

from emit.hostile_texts import hostile_texts
from programs.plugin import absent
from tracegen.catalogue import catalogue
from tracegen.emit import string_literal

_PROGRAM = """package main

import (
	"encoding/json"
	"os"
)

func main() {
	_ = json.NewEncoder(os.Stdout).Encode([]string{
%s
	})
}
"""


def test_every_text_is_read_back(tmp_path: Path) -> None:
    if not shutil.which("go"):
        absent("go", "go is not on PATH")
    texts = hostile_texts()
    style = catalogue().languages["go"].literal
    lines = "\n".join(f"\t\t{string_literal(text, style)}," for text in texts)
    (tmp_path / "main.go").write_text(_PROGRAM % lines, encoding="utf-8")
    (tmp_path / "go.mod").write_text("module example.com/literals\n", encoding="utf-8")
    done = subprocess.run(["go", "run", "."], cwd=tmp_path, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == texts
