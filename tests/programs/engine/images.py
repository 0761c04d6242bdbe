"""Images under the names that are pinned, made from Debian's packages and from the programs that the tests build.

They hold what the tests of an engine need: the program at the path and under the user of the real image, and the
shell or `wget` that it is known to have. They are no judge of the real images themselves.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from programs.build import ProgramMissing, _cache, find
from programs.engine import NAME, Engine, debian
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
_JAEGER = """\
FROM tracegen/busybox
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


#: What stands in for a repository: its Dockerfile, and the files and folders beside it.
STAND_INS: Mapping[str, tuple[str, Callable[[], Mapping[str, Path]]]] = {
    "busybox": (_BUSYBOX, _none),
    "python": (_PYTHON, _none),
    "node": (_NODE, _node_files),
    "golang": (_GO, _go_files),
    "gcr.io/distroless/static-debian13": (_DISTROLESS, _none),
    "gcr.io/distroless/cc-debian12": (f"FROM {BASE}\nUSER 65532:65532\n", _none),
    "prom/prometheus": (_PROMETHEUS, _none),
    "jaegertracing/jaeger": (_JAEGER, lambda: {"jaeger": find("jaeger")}),
    "otel/opentelemetry-collector-contrib": (_COLLECTOR, lambda: {"collector": find("collector")}),
}
_BUILT_ON = {"jaegertracing/jaeger": "tracegen/busybox"}


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
    repository = next((each for each in STAND_INS if f"/{reference.rpartition(':')[0]}".endswith(f"/{each}")), None)
    if repository is None:
        raise ImageMissing(NAME, f"nothing stands in for {reference}")
    _base(engine)
    if under := _BUILT_ON.get(repository):
        build(engine, under, _BUSYBOX, {})
    dockerfile, files = STAND_INS[repository]
    build(engine, reference, dockerfile, files())


def build(engine: Engine, reference: str, dockerfile: str, files: Mapping[str, Path]) -> None:
    """An image of a Dockerfile and the files beside it; layers that were built before are not built again."""
    _base(engine)
    with tempfile.TemporaryDirectory(prefix="tracegen-image-") as folder:
        for name, path in files.items():
            if path.is_dir():
                shutil.copytree(path, Path(folder, name), symlinks=True)
            else:
                shutil.copyfile(path, Path(folder, name))
                Path(folder, name).chmod(0o755)
        Path(folder, "Dockerfile").write_text(dockerfile, encoding="utf-8")
        engine.docker("build", "--quiet", "--tag", reference, folder)


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
