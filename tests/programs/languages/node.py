"""Node.js: the version of the rendered image, and the packages of the rendered lock file."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

from programs.build import _cache
from tracegen.catalogue import catalogue

TOOLS = ("npm", "node")
INSTALL_SECONDS = 600
MANIFESTS = ("package.json", "package-lock.json")
CHECKERS = Path(__file__).parent / "node_tools"


def build(folder: Path, cache: Path) -> list[str]:
    """The command of the Dockerfile, with the Node.js of its image."""
    (folder / "node_modules").symlink_to(packages(folder, cache) / "node_modules", target_is_directory=True)
    loaded = [name for name in ("tracing.mjs", "agent.mjs") if (folder / name).exists()]
    return [str(node(cache)), *(part for name in loaded for part in ("--import", f"./{name}")), "server.mjs"]


def checks(folder: Path) -> list[list[str]]:
    """prettier as it comes, eslint's recommended rules, and the test of the stub where there is one."""
    config = shutil.copy(CHECKERS / "eslint.config.mjs", packages(CHECKERS, _cached()))
    found = [
        [*tool("prettier/bin/prettier.cjs"), "--check", "."],
        [*tool("eslint/bin/eslint.js"), "--config", str(config), "--max-warnings=0", "."],
    ]
    return [*found, [str(node(_cached())), "--test"]] if (folder / "tracing.test.mjs").exists() else found


def tool(path: str) -> list[str]:
    """The command of a tool that checks JavaScript, by its file among the packages of `node_tools`."""
    return [str(node(_cached())), str(packages(CHECKERS, _cached()) / "node_modules" / path)]


def _cached() -> Path:
    return _cache() / "languages"


def node(cache: Path) -> Path:
    """The program of the version that the image has; the machine may have an older one."""
    version = catalogue().images["node"].version.split("-")[0]
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    package = f"node-{platform.system().lower()}-{machine}"
    made = cache / f"node-{version}"
    if not (made / "complete").exists():
        _fresh(made)
        (made / "package.json").write_text("{}", encoding="utf-8")
        _npm(made, ["install", f"{package}@{version}"], os.environ["PATH"])
        (made / "complete").touch()
    return made / "node_modules" / package / "bin" / "node"


def packages(folder: Path, cache: Path) -> Path:
    """The folder with the packages of a manifest, locked if it says so; once for all that have the same."""
    program = node(cache)
    manifests = [name for name in MANIFESTS if (folder / name).exists()]
    content = b"\0".join((folder / name).read_bytes() for name in manifests) + str(program).encode()
    made = cache / f"node-packages-{hashlib.sha256(content).hexdigest()[:16]}"
    if not (made / "complete").exists():
        _fresh(made)
        for name in manifests:
            shutil.copy(folder / name, made)
        command = "ci" if len(manifests) == len(MANIFESTS) else "install"
        _npm(made, [command, "--ignore-scripts"], f"{program.parent}:{os.environ['PATH']}")
        (made / "complete").touch()
    return made


def _fresh(made: Path) -> None:
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)


def _npm(folder: Path, arguments: list[str], path: str) -> None:
    command = ["npm", *arguments, "--no-audit", "--no-fund"]
    environment = {**os.environ, "PATH": path}
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=INSTALL_SECONDS)
