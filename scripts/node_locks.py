"""Writes `templates/languages/node/parts/locks/`: what npm locks for each set of packages, as parts for a render.

    python scripts/node_locks.py        (needs npm and the registry; some minutes)

One file for each framework and kind of instrumentation, and for each package that only some services have, what it
adds to them. That a part adds the same to each and moves nothing is held here; that npm takes what is merged of them,
by the tests, which install from it.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tracegen.catalogue import catalogue
from tracegen.catalogue.stub_files import stub_files
from tracegen.render.template import render_template

NODE = catalogue().languages["node"]
LOCKS = NODE.folder / "parts" / "locks"
Entries = Mapping[str, Any]


class _Service:
    """As much of a service as the manifest's template reads."""

    def __init__(self, framework: str, instrumentation: str) -> None:
        self.framework, self.instrumentation, self.name = framework, instrumentation, "api"


def locked(framework: str, kind: str, **asked: Any) -> Entries:
    """The entries of npm's lock file, without those of the project itself and without addresses."""
    values = {"propagators": (), "grpc": False, "libraries": [], **asked, "example": True, "pack": NODE}
    source = stub_files(NODE, framework, kind, example=True)["package.json"]
    name = source.relative_to(NODE.folder).as_posix()
    with tempfile.TemporaryDirectory() as folder:
        manifest = render_template(name, {**values, "service": _Service(framework, kind)}, NODE.folder)
        (Path(folder) / "package.json").write_text(manifest, encoding="utf-8")
        command = ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=folder, check=True, timeout=600)
        packages = json.loads((Path(folder) / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    packages.pop("")
    for entry in packages.values():
        entry.pop("resolved", None)
    return packages  # type: ignore[no-any-return]


def parts() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name of a part, the kind of instrumentation that has it, and what asks for it."""
    yield "b3", "sdk", {"propagators": ("b3",)}
    yield "grpc-exporter", "sdk", {"grpc": True}
    for kind in ("sdk", "auto"):
        yield f"jaeger-{kind}", kind, {"propagators": ("jaeger",)}
    for library in NODE.libraries.values():
        if library.packages:
            yield library.name, "sdk", {"libraries": [library]}


def main() -> None:
    """Every part, each compared between the frameworks."""
    kinds = [(framework, kind) for framework in NODE.frameworks for kind in NODE.instrumentation]
    bases = {each: locked(*each) for each in kinds}
    for (framework, kind), entries in bases.items():
        _write(f"{framework}-{kind}", entries)
    for name, kind, asked in parts():
        added = []
        for framework in NODE.frameworks:
            base, entries = bases[framework, kind], locked(framework, kind, **asked)
            moved = [path for path in base if entries.get(path) != base[path]]
            if moved:
                raise SystemExit(f"{name} moves {moved} of {framework}-{kind}")
            added.append({path: entry for path, entry in entries.items() if path not in base})
        if any(each != added[0] for each in added):
            raise SystemExit(f"{name} adds other packages to one framework than to another")
        _write(name, added[0])


def _write(name: str, entries: Entries) -> None:
    LOCKS.mkdir(exist_ok=True)
    text = json.dumps(entries, indent=2, ensure_ascii=False)
    (LOCKS / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
