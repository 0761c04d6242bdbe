"""Tests with the lowest and the newest versions of what tracegen is made from, and the list of what that is.

python tests/dependencies.py lowest      the versions that pyproject.toml names
python tests/dependencies.py newest      whatever the registry has today
python tests/dependencies.py sbom FILE   CycloneDX, of an environment with tracegen and nothing else

Each makes an environment of its own, so nothing that is installed here is changed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What uses the dependencies, each at least once: command line, YAML, schema, templates, merge, copier, OTLP, layout.
TESTS = (
    *(
        "tests/cli/test_command_line.py",
        "tests/source",
        "tests/spec/test_quick_check.py",
        "tests/write/test_merge.py",
    ),
    *("tests/render/test_compiled.py", "tests/project/test_new.py", "tests/project/test_update.py"),
    *("tests/traces/test_traces_reading.py", "tests/view/test_view_server.py"),
)
#: What tests need beside tracegen, in any version.
TOOLS = ("pytest", "hypothesis", "pexpect", "pyte")
SBOM_TOOL = "cyclonedx-bom>=7.5"


def lowest() -> list[str]:
    """Each dependency pinned to the version that pyproject.toml asks for at least."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [each.replace(">=", "==") for each in project["dependencies"]]


def environment(folder: Path, *packages: str) -> Path:
    """The Python of a new environment with these packages."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
    return python


def tested(python: Path) -> None:
    """Runs the tests on the sources of this checkout, and tells the versions."""
    _run(python, "-m", "pip", "list", "--format=freeze")
    _run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)


def _run(*command: str | Path) -> None:
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}/tests"})


def main(arguments: Sequence[str]) -> int:
    """Make what is asked for; raises where a step fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["lowest", "newest", "sbom"])
    parser.add_argument("file", nargs="?", type=Path, default=Path("sbom.json"))
    said = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if said.what == "sbom":
            described = environment(place / "tracegen", str(ROOT))
            tool = environment(place / "tool", SBOM_TOOL)
            _run(tool.with_name("cyclonedx-py"), "environment", described, "--output-file", said.file.resolve())
        else:
            wanted = lowest() if said.what == "lowest" else [each.split("==")[0] for each in lowest()]
            tested(environment(place / "tracegen", *wanted, *TOOLS))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
