"""A render of a project with 40 edited files beside `copier update` of the same files: `make benchmark`.

Both start from the same texts, with the same edit in each of 40 files, and both have to merge each with a change of
the line in its middle. Runs are interleaved and their medians compared.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark import SOURCES, seconds

EDITED = 40
ROUNDS = 5
#: The render takes at most this share of the time of copier.
PROMISE = 0.143

_SPEC = """\
tracegen: 1
name: shop
targets: []
backend: {type: jaeger, retention: 3d}
attributes: {team: TEAM}
services:
"""
_EDIT = b"\n# Ask Maria before you change this.\nOUR_OWN_SETTING=1\n"
_GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "benchmark"), ("EMAIL", "benchmark@example.com"))
}


@dataclass(frozen=True)
class Compared:
    """Median seconds of both, with the same work done."""

    tracegen: float
    copier: float

    @property
    def share(self) -> float:
        """What the render takes of the time of copier."""
        return self.tracegen / self.copier


def compare(rounds: int = ROUNDS) -> Compared:
    """Prepares both projects, then runs both in turns, each time in a fresh copy."""
    with tempfile.TemporaryDirectory() as place:
        both = _Both(Path(place))
        times = [both.round(number) for number in range(rounds + 1)][1:]  # the first compiles modules
        return Compared(*(statistics.median(column) for column in zip(*times, strict=True)))


class _Both:
    """The two projects, ready to be brought up to date."""

    def __init__(self, place: Path) -> None:
        self.place, self.environment = place, _environment(place)
        self.ours, self.theirs, self.template = place / "ours", place / "theirs", place / "template"
        self.ours.mkdir()
        self._spec(self.ours, "red")
        self._run("-m", "tracegen", "render", cwd=self.ours)
        self._release("1")
        self._run("-m", "copier", "copy", "--quiet", str(self.template), str(self.theirs))
        self._edit(self.ours)
        self._edit(self.theirs)
        self._commit(self.theirs)
        self._wanted()

    def round(self, number: int) -> tuple[float, float]:
        """Seconds of a render and of an update, whose results are looked at."""
        ours, theirs = self.place / f"ours-{number}", self.place / f"theirs-{number}"
        shutil.copytree(self.ours, ours)
        shutil.copytree(self.theirs, theirs)
        update = ["update", "--quiet", "--defaults", str(theirs)]
        times = (
            seconds([sys.executable, "-m", "tracegen", "render", str(ours / "tracegen.yaml")], self.environment),
            seconds([sys.executable, "-m", "copier", *update], self.environment),
        )
        for name in _names():
            merged = (ours / name).read_bytes()
            assert b"blue" in merged and merged.endswith(_EDIT), name
            assert merged == (theirs / name).read_bytes(), name
        return times

    def _wanted(self) -> None:
        """The next version of both: of the template, what tracegen renders from the changed spec."""
        fresh = self.place / "fresh"
        fresh.mkdir()
        self._spec(fresh, "blue")
        self._run("-m", "tracegen", "render", cwd=fresh)
        self._spec(self.ours, "blue")
        self._release("2", fresh)

    def _release(self, version: str, source: Path | None = None) -> None:
        """Makes the rendered files a version of a template."""
        ignored = shutil.ignore_patterns(".tracegen", "tracegen.yaml")
        shutil.copytree(source or self.ours, self.template, ignore=ignored, dirs_exist_ok=True)
        (self.template / "[[ _copier_conf.answers_file ]].jinja").write_text("[[ _copier_answers|to_nice_yaml ]]")
        delimiters = "{variable_start_string: '[[', variable_end_string: ']]'}"
        (self.template / "copier.yml").write_text(f"_envops: {delimiters}\n")
        self._commit(self.template)
        self._git(self.template, "tag", f"v{version}")

    def _spec(self, folder: Path, team: str) -> None:
        services = "".join(f"  service-{number}: {{language: other, image: 'a/b:1'}}\n" for number in range(EDITED))
        (folder / "tracegen.yaml").write_text(_SPEC.replace("TEAM", team) + services, encoding="utf-8")

    def _edit(self, folder: Path) -> None:
        for name in _names():
            with (folder / name).open("ab") as file:
                file.write(_EDIT)

    def _commit(self, folder: Path) -> None:
        for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
            self._git(folder, *arguments)

    def _git(self, folder: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, env=self.environment, check=True, capture_output=True)

    def _run(self, *arguments: str, cwd: Path | None = None) -> None:
        subprocess.run([sys.executable, *arguments], cwd=cwd, env=self.environment, check=True, capture_output=True)


def _names() -> list[str]:
    return [f"services/service-{number}/otel.env" for number in range(EDITED)]


def _environment(place: Path) -> Mapping[str, str]:
    environment = {**os.environ, **_GIT, "PYTHONPATH": str(SOURCES), "PYTHONPYCACHEPREFIX": str(place / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def lines(compared: Compared) -> str:
    """The comparison as a Markdown table."""
    return "\n".join(
        [
            f"| with {EDITED} edited files | milliseconds | share |",
            "|---|--:|--:|",
            f"| `copier update` | {compared.copier * 1000:.0f} | 1 |",
            f"| `tracegen render` | {compared.tracegen * 1000:.0f} | {compared.share:.3f} |",
        ]
    )


def main() -> int:
    """Print the comparison; 1 when the promise is not kept."""
    compared = compare()
    print(lines(compared))
    return int(compared.share > PROMISE)


if __name__ == "__main__":
    sys.exit(main())
