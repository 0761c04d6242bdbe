"""A text from a spec can never leave its string in Rust: compiled and read back."""

import shutil
import subprocess
from pathlib import Path

from emit.hostile_texts import hostile_texts
from programs.plugin import absent
from tracegen.catalogue import catalogue
from tracegen.emit import string_literal

#: Each text as the hexadecimal digits of its bytes, one a line: the standard library writes no JSON.
_PROGRAM = """fn main() {
    for text in [
%s
    ] {
        let digits: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        println!("{}", digits.concat());
    }
}
"""


def test_every_text_is_read_back(tmp_path: Path) -> None:
    if not shutil.which("rustc"):
        absent("rust", "rustc is not on PATH")
    texts = hostile_texts()
    style = catalogue().languages["rust"].literal
    lines = "\n".join(f"        {string_literal(text, style)}," for text in texts)
    (tmp_path / "main.rs").write_text(_PROGRAM % lines, encoding="utf-8")
    for command in (["rustc", "main.rs"], ["./main"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr.decode()
    assert [bytes.fromhex(line).decode() for line in done.stdout.decode().splitlines()] == texts
