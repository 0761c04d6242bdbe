"""Java: Maven builds it, as in the Dockerfile; what was built is kept by the content of the folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

TOOLS = ("java", "javac", "mvn")
BUILD_SECONDS = 600
FORMATTER = "com.google.googlejavaformat:google-java-format:1.28.0:jar:all-deps"
#: Where the formatter lies, found again by `checks`.
_FORMATTER_FILE = Path("target", "formatter.jar")


def build(folder: Path, cache: Path) -> list[str]:
    """The command of the Dockerfile's last line, with the jars where they are built."""
    for project in _projects(folder):
        _built(project, cache)
    shutil.copyfile(_formatter(cache), folder / _FORMATTER_FILE)
    # The image's working folder holds them all side by side.
    for jar in folder.glob("agent/target/*.jar"):
        shutil.copyfile(jar, folder / "target" / "app" / jar.name)
    (line,) = (
        each for each in (folder / "Dockerfile").read_text(encoding="utf-8").splitlines() if "ENTRYPOINT" in each
    )
    command = [str(each) for each in json.loads(line.removeprefix("ENTRYPOINT"))]
    return ["env", "--chdir", str(folder / "target" / "app"), *command]


def checks(folder: Path) -> list[list[str]]:
    """Google's formatter, and the tests; the compiler's warnings are errors already when it is built."""
    sources = sorted(str(path) for path in folder.rglob("*.java"))
    formatted = ["java", "-jar", str(folder / _FORMATTER_FILE), "--dry-run", "--set-exit-if-changed", *sources]
    tests = [["mvn", "-B", "-q", "-f", str(each / "pom.xml"), "test"] for each in _projects(folder)]
    return [formatted, *tests]


def _projects(folder: Path) -> list[Path]:
    return [path.parent for path in (folder / "agent" / "pom.xml", folder / "pom.xml") if path.exists()]


def _built(project: Path, cache: Path) -> None:
    """Fills the project's folder `target` by Maven, or from what the same files gave before."""
    whole = cache / f"java-{_digest(project)}"
    if not whole.exists():
        for command in _commands(project):
            subprocess.run(command, cwd=project, check=True, timeout=BUILD_SECONDS)
        shutil.rmtree(part := whole.with_suffix(".part"), ignore_errors=True)
        shutil.copytree(project / "target", part)
        part.replace(whole)
    shutil.copytree(whole, project / "target", dirs_exist_ok=True)


def _commands(project: Path) -> list[list[str]]:
    package = ["mvn", "-B", "-q", "-DskipTests", "package"]
    if "spring-boot" not in (project / "pom.xml").read_text(encoding="utf-8"):
        return [package]
    jar = "target/example.jar"
    return [package, ["java", "-Djarmode=tools", "-jar", jar, "extract", "--destination", "target/app"]]


def _digest(project: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([project / "pom.xml", *project.glob("src/**/*")]):
        if path.is_file():
            digest.update(f"{path.relative_to(project)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _formatter(cache: Path) -> Path:
    folder = cache / "java-formatter"
    name = FORMATTER.split(":")
    jar = folder / f"{name[1]}-{name[2]}-{name[4]}.jar"
    if not jar.exists():
        copy = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={FORMATTER}", f"-DoutputDirectory={folder}"]
        subprocess.run(copy, check=True, timeout=BUILD_SECONDS)
    return jar
