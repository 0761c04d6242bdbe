"""What many tests need: specs from text, trees, folders as trees, the command line in this process."""

import io
import subprocess
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.compiler import Rendered, build
from tracegen.problems import Problem, ProblemsFound
from tracegen.source.files import load

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def tracegen(*arguments: str | Path) -> Ran:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    from tracegen.cli.entry import run

    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(each) for each in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


def one_service(**said: Any) -> dict[str, Any]:
    """The smallest spec, with what is said in place of its keys or beside them."""
    return {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger"},
        "services": {"api": {"language": "go"}},
        **said,
    }


def development_certificates(folder: Path, *hosts: str) -> dict[str, Path]:
    """A private authority and a certificate for these hosts and this machine, by the script that the documents name.

    Returns the files by the path that a reference names.
    """
    command = ["sh", str(ROOT / "scripts" / "development-ca.sh"), str(folder), *hosts, "localhost", "127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return {f"certs/{name}": folder / name for name in ("ca.pem", "tls.crt", "tls.key")}


def compiled(folder: Path, spec: Mapping[str, Any] | str, environment: str | None = None) -> Rendered:
    """All pure stages over a spec, which is written into a folder first."""
    path = folder / "tracegen.yaml"
    path.write_text(spec if isinstance(spec, str) else yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    document = load(str(path), None)
    checked = check(document, catalogue(), [] if environment is None else [environment])
    return build(document, checked.settings[environment], catalogue())


def problems_of(path: Path) -> list[Problem]:
    """Everything that is said about a spec and all its environments."""
    try:
        document = load(str(path), None)
        checked = check(document, catalogue())
        found = list(checked.problems)
        for spec in checked.settings.values():
            build(document, spec, catalogue())
    except ProblemsFound as error:
        return list(error.problems)
    return found


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def assert_same_tree(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> None:
    """Names missing and unexpected files first, then the first lines that differ."""
    missing, unexpected = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    assert not missing and not unexpected, f"missing: {missing}, unexpected: {unexpected}"
    for path, content in found.items():
        assert content == expected[path] or _lines(content) == _lines(expected[path]), path


def _lines(content: bytes) -> list[str]:
    """As a person reads them; what is no text has bytes for letters."""
    return content.decode(errors="backslashreplace").splitlines()
