"""`make demo`: renders the examples into a temporary folder, shows one, and lets real programs judge them.

Only the standard library and tracegen; nothing is built, downloaded or left behind. The exit code is 1 when
anything that was tried failed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/tracegen.yaml"))
SHOWN = ("02-two-environments", "prod")
BIN = Path(sys.executable).parent
SECONDS = 60
COLUMNS = 100

sys.path[:0] = [str(ROOT / "tests")]
from programs import build  # noqa: E402 - found through the line above

#: Who reads a rendered file, by its name or the beginning of its path; `{}` is the folder below `services/`.
READERS: Mapping[str, str] = {
    "compose.yaml": "docker compose up --detach --wait",
    ".env.example": "you: copy it to .env and fill in the values",
    "TRACING.md": "the team: where to look, and what to do when no traces arrive",
    "collector/": "the OpenTelemetry Collector, --config",
    "jaeger/": "Jaeger, --config",
    "services/": "{}, however it runs: env_file, docker run --env-file, systemd, a shell",
    ".tracegen/": "tracegen: what it wrote last, so that your edits are never overwritten; commit it",
}

MISTAKE = ("language: node", "language: nodejs")

#: Parts of Jaeger's configuration that differ between the version that is built here and the pinned one.
DIFFERENT_IN_JAEGER = ("kafka:", "elasticsearch:", "opensearch:", "clickhouse:")
#: What the Collector says of a component that the build for tests does not have.
NOT_IN_COLLECTOR = "unknown type"


@dataclass(frozen=True)
class Rendered:
    """One rendered tree: the example, its environment (empty: none) and the folder."""

    example: str
    environment: str
    folder: Path

    @property
    def title(self) -> str:
        """The name of the example with its environment."""
        return self.example + (f" --env {self.environment}" if self.environment else "")


class Demo:
    """Runs the steps in a folder and remembers whether one failed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failures = 0

    def run(self) -> int:
        """All steps; the exit code."""
        print(f"tracegen {self.tracegen('--version').stdout.split()[-1]}: a demonstration in a temporary folder")
        trees = list(self.render_all())
        if not self.failures:
            self.show(next(tree for tree in trees if (tree.example, tree.environment) == SHOWN))
            self.show_mistake()
            self.judge(trees)
            self.see()
            say_next()
        if self.failures:
            print(f"\n{self.failures} step(s) failed, see above")
        return 1 if self.failures else 0

    def tracegen(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the command line as a user does."""
        command = [sys.executable, "-m", "tracegen", *arguments]
        return subprocess.run(command, cwd=folder or self.folder, capture_output=True, text=True, timeout=SECONDS)

    def render_all(self) -> Iterator[Rendered]:
        """Every example: checked with all its environments, then rendered with each."""
        heading("1. The examples, checked and rendered")
        for source in EXAMPLES:
            self.expect(self.tracegen("validate", folder=source), 0)
            for environment in ("", *environments(source)):
                tree = Rendered(source.name, environment, self.folder / source.name / (environment or "base"))
                arguments = ["--env", environment] if environment else []
                self.expect(self.tracegen("render", "-o", str(tree.folder), *arguments, folder=source), 0)
                files, said = list(files_of(tree.folder)), specs(source)
                print(
                    f"  {tree.title:<38} {lines_of(said):>4} lines of spec  ->  "
                    f"{len(files):>3} files, {lines_of(files):>6,} lines"
                )
                yield tree

    def show(self, tree: Rendered) -> None:
        """The files of one tree, each with who reads it."""
        heading(f"2. What `tracegen render` wrote for {tree.title}, and who reads it")
        for path in [*(path.relative_to(tree.folder).as_posix() for path in files_of(tree.folder)), ".tracegen/"]:
            print(f"  {path:<30} {reader(path)}")

    def show_mistake(self) -> None:
        """One wrong word, and what a person is told."""
        heading("3. One mistake, and what tracegen says")
        folder = self.folder / "mistake"
        folder.mkdir()
        spec = (ROOT / "examples" / SHOWN[0] / "tracegen.yaml").read_text(encoding="utf-8")
        (folder / "tracegen.yaml").write_text(spec.replace(*MISTAKE), encoding="utf-8")
        print(f"  written: `{MISTAKE[1]}` instead of `{MISTAKE[0]}`\n  $ tracegen validate")
        ended = self.tracegen("validate", folder=folder)
        self.expect(ended, 1)
        print(indented(ended.stdout), f"  exit code {ended.returncode}, and nothing would be rendered", sep="\n")

    def judge(self, trees: list[Rendered]) -> None:
        """What the real programs, where they are there already, say of every tree."""
        heading("4. Real programs that were here already, and what they said of all these files")
        self.judge_compose([tree for tree in trees if (tree.folder / "compose.yaml").is_file()])
        for name, pattern in (("jaeger", "jaeger/*.yaml"), ("collector", "collector/*.yaml")):
            self.judge_with(name, [(tree, path) for tree in trees for path in sorted(tree.folder.glob(pattern))])

    def judge_compose(self, trees: list[Rendered]) -> None:
        """`docker compose config` needs no engine."""
        command = compose()
        if command is None:
            absent("Docker Compose", "neither `docker-compose` nor `docker compose` is here")
            return
        version = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, timeout=SECONDS)
        for tree in trees:
            arguments = ["-f", str(tree.folder / "compose.yaml"), "config", "--quiet"]
            self.expect(run([*command, *arguments], tree), 0)
        used(f"Docker Compose {version.stdout.strip()}", f"`config` of {len(trees)} compose files")

    def judge_with(self, name: str, files: list[tuple[Rendered, Path]]) -> None:
        """`validate --config` of Jaeger and the Collector."""
        try:
            program = build.present(name)
            if program is None:
                absent(name.capitalize(), "`make programs` builds it, which takes Go and some minutes")
                return
            version = build.version(name, program)
        except build.ProgramMissing as missing:
            self.failures += 1
            absent(name.capitalize(), missing.reason)
            return
        judged = 0
        for tree, path in files:
            ended = run([str(program), "validate", "--config", str(path)], tree)
            if ended.returncode == 0 or not is_beyond(name, path, ended.stderr):
                self.expect(ended, 0)
                judged += 1
        rest = f"; {len(files) - judged} have parts that this build does not know" if judged < len(files) else ""
        used(f"{name.capitalize()} {version}", f"`validate --config` of {judged} configurations{rest}")

    def see(self) -> None:
        """Traces of a system that does not exist yet, taken in by the viewer, and the slowest of them."""
        heading("5. Traces made from a spec, received, and what one can ask of them (no Docker, no service yet)")
        spec, store = ROOT / "examples" / SHOWN[0] / "tracegen.yaml", self.folder / "spans.db"
        command = [sys.executable, "-m", "tracegen", "view", str(spec), "--no-browser", "--store", str(store)]
        free = ["--listen", "127.0.0.1:0", "--grpc-port", "0"]
        with subprocess.Popen(
            [*command, *free], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as viewer:
            try:
                address = next(word for line in viewer.stdout or () for word in line.split() if "://" in word)
                sent = self.tracegen("rehearse", str(spec), "--to", address.rstrip("/"), "--duration", "3s")
                self.expect(sent, 0)
                print(indented(sent.stdout))
            finally:
                viewer.send_signal(signal.SIGINT)
                viewer.communicate(timeout=SECONDS)
        for question in ("dependencies", "slow"):
            answer = self.tracegen("traces", "--store", str(store), "--show", question, "--limit", "3")
            self.expect(answer, 0)
            print(textwrap.indent(answer.stdout, "    "))

    def expect(self, ended: subprocess.CompletedProcess[str], code: int) -> None:
        """Show the output of a command that did not end as it should."""
        if ended.returncode != code:
            self.failures += 1
            print(f"  FAILED with exit code {ended.returncode}: {' '.join(map(str, ended.args))}")
            print(indented(ended.stdout + ended.stderr))


def environments(example: Path) -> list[str]:
    """The environments that an example is rendered with."""
    folder = example / "env"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def specs(folder: Path) -> list[Path]:
    """What a team wrote."""
    return [folder / "tracegen.yaml", *sorted(folder.glob("teams/*.yaml"))]


def files_of(folder: Path) -> Iterator[Path]:
    """What tracegen wrote into a folder, without its own records."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[0] != ".tracegen":
            yield path


def lines_of(paths: list[Path]) -> int:
    """The lines of text files."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def reader(path: str) -> str:
    """Who reads a rendered file."""
    for beginning, who in READERS.items():
        if path.startswith(beginning):
            return who.format(path.split("/")[1] if "/" in path else "")
    return "see `tracegen explain`"


def compose() -> list[str] | None:
    """The command of Docker Compose that is there, beside this Python or on PATH."""
    beside = shutil.which("docker-compose", path=str(BIN)) or shutil.which("docker-compose")
    if beside:
        return [beside]
    docker = shutil.which("docker")
    if docker is None:
        return None
    known = subprocess.run([docker, "compose", "version"], capture_output=True, timeout=SECONDS)
    return [docker, "compose"] if known.returncode == 0 else None


def run(command: list[str], tree: Rendered) -> subprocess.CompletedProcess[str]:
    """Run a real program, with a value for every variable that .env.example asks for."""
    example = tree.folder / ".env.example"
    lines = example.read_text(encoding="utf-8").splitlines() if example.is_file() else []
    names = [line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")]
    environment = {**os.environ, **dict.fromkeys(names, "demo")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)


def is_beyond(name: str, path: Path, words: str) -> bool:
    """Whether a program refuses a configuration for being older, or smaller, than the pinned image."""
    if name == "jaeger":
        return any(part in path.read_text(encoding="utf-8") for part in DIFFERENT_IN_JAEGER)
    return NOT_IN_COLLECTOR in words


def heading(text: str) -> None:
    """A line of its own, above what belongs to it."""
    print(f"\n{text}")


def used(program: str, what: str) -> None:
    """A program that was used."""
    print(f"  {program:<26} used    {what}")


def absent(program: str, why: str) -> None:
    """A program that was not."""
    print(f"  {program:<26} absent  {why}")


def indented(text: str) -> str:
    """The text of a program, set off from ours, in lines that fit a terminal."""
    lines = text.rstrip("\n").splitlines()
    return "\n".join(textwrap.fill(f"    {line}", COLUMNS, subsequent_indent=" " * 8) for line in lines)


def say_next() -> None:
    """Three commands that can be copied."""
    tracegen = BIN.relative_to(ROOT) / "tracegen" if BIN.is_relative_to(ROOT) else Path("tracegen")
    heading("6. Next, for example")
    print(f"  {tracegen} view examples/{SHOWN[0]}/tracegen.yaml      # the same in the browser, live")
    print(f"  {tracegen} rehearse examples/{SHOWN[0]}/tracegen.yaml  # in another terminal")
    print(f"  {tracegen} explain examples/{SHOWN[0]}/tracegen.yaml --env {SHOWN[1]}")
    print(f"  {tracegen} render examples/01-hello/tracegen.yaml -o hello")
    print("  docker compose --file hello/compose.yaml up --detach --wait")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tracegen-demo-") as temporary:
        sys.exit(Demo(Path(temporary)).run())
