"""A text from a spec can never leave its string in Java: compiled and read back."""

import shutil
import subprocess
from pathlib import Path

from emit.hostile_texts import hostile_texts
from programs.plugin import absent
from tracegen.catalogue import catalogue
from tracegen.emit import string_literal

_PROGRAM = """import java.nio.charset.StandardCharsets;

class Literals {
  static final String[] TEXTS = {
%s
  };

  public static void main(String[] arguments) {
    for (String text : TEXTS) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      System.out.println(java.util.HexFormat.of().formatHex(bytes));
    }
  }
}
"""


def test_every_text_is_read_back(tmp_path: Path) -> None:
    if not shutil.which("java"):
        absent("java", "java is not on PATH")
    texts = hostile_texts()
    style = catalogue().languages["java"].literal
    lines = "\n".join(f"    {string_literal(text, style)}," for text in texts)
    (tmp_path / "Literals.java").write_text(_PROGRAM % lines, encoding="utf-8")
    command = ["java", "-Dfile.encoding=UTF-8", "Literals.java"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()
    read = [bytes.fromhex(line).decode() for line in done.stdout.decode().split("\n")[:-1]]
    assert read == texts
