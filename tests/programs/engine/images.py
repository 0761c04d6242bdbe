"""Images under the names that are pinned, made from Debian's packages and from the programs that the tests build.

They hold what the tests of an engine need: the program at the path and under the user of the real image, and the
shell or `wget` that it is known to have. They are no judge of the real images themselves.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from programs.build import ProgramMissing, _cache, find
from programs.engine import NAME, Engine, debian, servers
from programs.engine.servers import Beside
from programs.languages import node

BASE = "tracegen/base"
TAR_SECONDS = 300
#: Debian's smallest system, as a folder in the cache.
BASE_PACKAGES = "ca-certificates"
_INSTALL = "RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends"
_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

# A busybox that resolves names: Debian's static one ends with an error at the first, since glibc cannot do it alone.
_BUSYBOX = f"""\
FROM {BASE} AS made
{_INSTALL} busybox
RUN mkdir /made /made/tmp && chmod 1777 /made/tmp \\
 && cp --parents --dereference /bin/busybox $(ldd /bin/busybox | grep -o '/[^ ]*') {_AUTHORITIES} /made
FROM scratch
COPY --from=made /made /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
"""
_PYTHON = f"""\
FROM {BASE}
{_INSTALL} python3 python3-venv python3-pip && ln -s python3 /usr/bin/python
ENV PIP_CERT={_AUTHORITIES}
CMD ["python3"]
"""
_NODE = f"""\
FROM {BASE}
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/npm
RUN ln -s ../lib/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_EXTRA_CA_CERTS={_AUTHORITIES}
CMD ["node"]
"""
_GO = f"""\
FROM {BASE}
COPY go /usr/local/go
ENV PATH=/usr/local/go/bin:/usr/bin:/bin GOTOOLCHAIN=local GOFLAGS=-modcacherw
"""
# The libraries of a service come through this machine's authorities, which Java keeps in a file of its own.
_JAVA_AUTHORITIES = "/etc/ssl/certs/java/cacerts"
_TEMURIN = f"""\
FROM {BASE}
{_INSTALL} openjdk-25-jre-headless busybox && ln -s busybox /usr/bin/wget
CMD ["java"]
"""
_MAVEN = f"""\
FROM {BASE}
{_INSTALL} openjdk-25-jdk-headless maven
COPY cacerts {_JAVA_AUTHORITIES}
CMD ["mvn"]
"""
_RUST = f"""\
FROM {BASE}
{_INSTALL} gcc libc6-dev
COPY bin /usr/local/bin
COPY lib /usr/local/lib
ENV CARGO_HTTP_CAINFO={_AUTHORITIES} CARGO_HOME=/usr/local/cargo
"""
_DISTROLESS = f"""\
FROM {BASE} AS made
FROM scratch
COPY --from=made {_AUTHORITIES} {_AUTHORITIES}
USER 65532:65532
"""
_PROMETHEUS = f"""\
FROM {BASE}
{_INSTALL} prometheus busybox && ln -s /usr/bin/prometheus /bin/prometheus; ln -s busybox /usr/bin/wget
USER 65534
ENTRYPOINT ["/usr/bin/prometheus"]
"""
_SHELL = "tracegen/busybox"
_JAEGER = f"""\
FROM {_SHELL}
COPY jaeger /cmd/jaeger/jaeger-linux
USER 10001
ENTRYPOINT ["/cmd/jaeger/jaeger-linux"]
"""
_COLLECTOR = """\
FROM scratch
COPY collector /otelcol-contrib
USER 10001:10001
ENTRYPOINT ["/otelcol-contrib"]
CMD ["--config", "/etc/otelcol-contrib/config.yaml"]
"""


def _none() -> Mapping[str, Path]:
    return {}


def _node_files() -> Mapping[str, Path]:
    npm = shutil.which("npm")
    if npm is None:
        raise ProgramMissing(NAME, "npm is not installed")
    return {"node": node.node(_cache() / "languages"), "npm": Path(npm).resolve().parent.parent}


def _go_files() -> Mapping[str, Path]:
    go = shutil.which("go")
    if go is None:
        raise ProgramMissing(NAME, "Go is not installed")
    return {"go": Path(subprocess.check_output([go, "env", "GOROOT"], text=True).strip())}


def _rust_files() -> Mapping[str, Path]:
    rustc = shutil.which("rustc")
    if rustc is None:
        raise ProgramMissing(NAME, "Rust is not installed")
    root = Path(subprocess.check_output([rustc, "--print", "sysroot"], text=True).strip())
    return {"bin": root / "bin", "lib": root / "lib"}


def _java_files() -> Mapping[str, Path]:
    if not Path(_JAVA_AUTHORITIES).is_file():
        raise ProgramMissing(NAME, "this machine's Java has no file of authorities")
    return {"cacerts": Path(_JAVA_AUTHORITIES)}


#: What stands in for a repository: its Dockerfile, and the files and folders beside it.
STAND_INS: Mapping[str, tuple[str, Callable[[], Mapping[str, Path]]]] = {
    "busybox": (_BUSYBOX, _none),
    "python": (_PYTHON, _none),
    "node": (_NODE, _node_files),
    "golang": (_GO, _go_files),
    "rust": (_RUST, _rust_files),
    "maven": (_MAVEN, _java_files),
    "eclipse-temurin": (_TEMURIN, _none),
    "gcr.io/distroless/static-debian13": (_DISTROLESS, _none),
    "gcr.io/distroless/cc-debian12": (f"FROM {BASE}\nUSER 65532:65532\n", _none),
    "prom/prometheus": (_PROMETHEUS, _none),
    "jaegertracing/jaeger": (_JAEGER, lambda: {"jaeger": find("jaeger")}),
    "otel/opentelemetry-collector-contrib": (_COLLECTOR, lambda: {"collector": find("collector")}),
}
#: The same of servers, by what begins their Dockerfiles.
SERVERS: Mapping[str, Callable[[str], tuple[str, Beside]]] = {
    "apache/kafka": servers.kafka,
    "opensearchproject/opensearch": servers.opensearch,
    "elasticsearch/elasticsearch": servers.elasticsearch,
    "cassandra": servers.cassandra_server,
    "jaegertracing/jaeger-es-index-cleaner": servers.index_cleaner,
    "spark-dependencies/spark-dependencies": servers.dependencies,
}


class ImageMissing(ProgramMissing):
    """An image that can neither be pulled nor made here; the reason names it."""


def provide(engine: Engine, references: set[str]) -> None:
    """Have these images on the engine. Raises ImageMissing for one that cannot be had."""
    there = set(engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split())
    for reference in sorted(references - (set() if engine.ours else there)):
        if engine.ours:
            _make(engine, reference)
        else:
            _pull(engine, reference)


def _pull(engine: Engine, reference: str) -> None:
    """On somebody's own engine nothing stands in for a real image."""
    try:
        engine.docker("pull", "--quiet", reference)
    except AssertionError as error:
        raise ImageMissing(NAME, f"{reference} cannot be pulled: {error}") from error


def _make(engine: Engine, reference: str) -> None:
    names = {**STAND_INS, **SERVERS}
    repository = next((each for each in names if f"/{reference.rpartition(':')[0]}".endswith(f"/{each}")), None)
    if repository is None:
        raise ImageMissing(NAME, f"nothing stands in for {reference}")
    if repository in STAND_INS:
        dockerfile, files = STAND_INS[repository]
        beside: Beside = files()
    else:
        dockerfile, beside = SERVERS[repository](f"FROM {BASE}\n{_INSTALL}")
    if dockerfile.startswith(f"FROM {_SHELL}"):
        build(engine, _SHELL, _BUSYBOX, {})
    build(engine, reference, dockerfile, beside)


def build(engine: Engine, reference: str, dockerfile: str, beside: Beside) -> None:
    """An image of a Dockerfile and what lies beside it, unless it is there, made of the same."""
    label = f"tracegen.made={_digest(dockerfile, beside)}"
    if engine.docker("images", "--quiet", "--filter", f"reference={reference}", "--filter", f"label={label}"):
        return
    _base(engine)
    with tempfile.TemporaryDirectory(prefix="tracegen-image-") as folder:
        for name, content in beside.items():
            _put(content, Path(folder, name))
        Path(folder, "Dockerfile").write_text(dockerfile, encoding="utf-8")
        engine.docker("build", "--quiet", "--label", label, "--tag", reference, folder)


def _put(content: Path | str, target: Path) -> None:
    if isinstance(content, Path) and content.is_dir():
        shutil.copytree(content, target, symlinks=True)
        return
    if isinstance(content, Path):
        shutil.copyfile(content, target)
    else:
        target.write_text(content, encoding="utf-8")
    target.chmod(0o755)


def _digest(dockerfile: str, beside: Beside) -> str:
    """Of texts as they are, and of files by name, size and time: reading a toolchain takes as long as copying it."""
    digest = hashlib.sha256(dockerfile.encode())
    for name, content in sorted(beside.items()):
        if isinstance(content, str):
            digest.update(f"{name}\n{content}".encode())
            continue
        for file in sorted(content.rglob("*")) if content.is_dir() else [content]:
            state = file.lstat()
            digest.update(f"{name} {file} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _base(engine: Engine) -> None:
    if engine.docker("images", "--quiet", BASE):
        return
    root = debian("base-trixie", BASE_PACKAGES)
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "base.tar")
        exclude = ["--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./dev/*"]
        subprocess.run(["tar", "-C", root, *exclude, "-cf", archive, "."], check=True, timeout=TAR_SECONDS)
        engine.docker("import", archive, BASE)


def named_in(dockerfiles: list[Path]) -> set[str]:
    """Images that Dockerfiles begin with, without digests, by which nothing here can be named."""
    found = set()
    for file in dockerfiles:
        text = file.read_text(encoding="utf-8")
        stages = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
        found |= {each.partition("@")[0] for each in re.findall(r"^FROM (\S+)", text, re.MULTILINE)} - stages
    return found


def without_digests(dockerfile: Path) -> None:
    """The one thing that is not as rendered: an image made here has another digest than the real one."""
    text = dockerfile.read_text(encoding="utf-8")
    dockerfile.write_text(re.sub(r"(?m)^(FROM [^@\s]+)@sha256:\w+", r"\1", text), encoding="utf-8")
