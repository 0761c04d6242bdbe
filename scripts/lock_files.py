"""Write the manifests and lock files of a language's pack, with the conditions under which each line is needed.

    python scripts/lock_files.py go [MODULE@VERSION…]
    python scripts/lock_files.py rust

What a stub requires depends on what its service asks for: propagators, remote sampling, libraries. The language's own
tool settles each variant from the same pins, without a network; a line gets the features that need it as its
condition, and every variant is rendered again and compared with what the tool said.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from tracegen.catalogue import catalogue
from tracegen.catalogue.stub_files import TEMPLATE, stub_files
from tracegen.render.template import render_template

#: The feature of every stub; an example without one has none of the others either.
SDK = "sdk"
NOTE = "{# Written by scripts/lock_files.py. #}\n"
Features = frozenset[str]
#: A line with the block that it stands in, which tells equal lines apart.
Line = tuple[str, str]


@dataclass(frozen=True)
class Language:
    """`features` beside `sdk`; `settled` runs the tool in a folder and gives the lines of each file."""

    name: str
    features: tuple[str, ...]
    settled: Callable[[Path], Mapping[str, list[Line]]]


def main(name: str, asked: Sequence[str]) -> None:
    """Write the files of a language for each of its frameworks."""
    language = {"go": GO, "rust": RUST}[name]
    for framework in catalogue().languages[name].frameworks:
        pinned = _pinned(language, framework, asked)
        variants = {each: _settled(language, framework, each, pinned) for each in _variants(language.features)}
        for file in pinned:
            lines = {features: found[file] for features, found in variants.items()}
            target = _place(name, framework) / f"{file}{TEMPLATE}"
            target.write_text(NOTE + _template(lines), encoding="utf-8")
            print(target, len(variants), "variants")
        for features, found in variants.items():
            _check(language, framework, features, found)


def _variants(features: Sequence[str]) -> list[Features]:
    """Nothing, the bare stub, each feature, some pairs, and all: a line's condition shows in these."""
    pairs = [set(pair) for pair in zip(features, features[3:], strict=False)]
    several = [set[str](), *({each} for each in features), *pairs[::2], set(features)]
    return [frozenset(), *(frozenset({SDK, *each}) for each in several)]


def _place(language: str, framework: str) -> Path:
    parts = catalogue().languages[language].folder / "parts"
    own = parts / framework.replace("/", "-")
    return own if own.is_dir() else parts


def _pinned(language: Language, framework: str, asked: Sequence[str]) -> dict[str, str]:
    """The files with everything in them, from what is committed; `asked` are newer versions."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _write(language.name, framework, frozenset({SDK, *language.features}), folder)
        if asked:
            subprocess.run(["go", "get", *asked], cwd=folder, check=True)
            subprocess.run(["go", "mod", "tidy"], cwd=folder, check=True)
        return {file: (folder / file).read_text(encoding="utf-8") for file in language.settled(folder)}


def _settled(
    language: Language, framework: str, features: Features, pinned: Mapping[str, str]
) -> Mapping[str, list[Line]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        _write(language.name, framework, features, folder)
        for file, text in pinned.items():
            if file not in ("Cargo.toml",):
                (folder / file).write_text(text, encoding="utf-8")
        return language.settled(folder)


def _check(language: Language, framework: str, features: Features, found: Mapping[str, list[Line]]) -> None:
    """What is rendered is what the tool said; go.sum may have more."""
    with TemporaryDirectory() as name:
        _write(language.name, framework, features, Path(name))
        for file, lines in found.items():
            texts, said = _read(Path(name) / file), [text for _, text in lines]
            if texts != said and not (file == "go.sum" and set(said) <= set(texts)):
                raise SystemExit(f"{file} is not right for {framework} with {sorted(features)}")


def _write(language: str, framework: str, features: Features, folder: Path) -> None:
    """The example and stub of a service that asks for some features."""
    pack = catalogue().languages[language]
    kind = SDK if SDK in features else "none"
    service = SimpleNamespace(
        name="api", framework=framework, instrumentation=kind, needs=sorted(features), libraries=sorted(features)
    )
    images = SimpleNamespace(reference="image:1")
    values = {
        "service": service,
        "pack": pack,
        "images": dict.fromkeys(("golang", "distroless-static", "rust", "distroless-cc"), images),
        "example": True,
        "libraries": [],
    }
    for path, source in stub_files(pack, framework, kind, True).items():
        text = source.read_text(encoding="utf-8")
        if source.suffix == TEMPLATE:
            text = render_template(source.relative_to(pack.folder).as_posix(), values, pack.folder)
        if text.strip():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")


def _template(variants: Mapping[Features, list[Line]]) -> str:
    """One text for all variants: each run of lines below the condition that they share."""
    order: list[Line] = []
    for lines in sorted(variants.values(), key=len, reverse=True):
        _merge(order, lines)
    text, before = "", ""
    for line in order:
        condition = _condition(line, variants)
        if condition != before:
            text += ("{% endif %}\n" if before else "") + (f"{{% if {condition} %}}\n" if condition else "")
        text, before = f"{text}{line[1]}\n", condition
    return text + ("{% endif %}\n" if before else "")


def _merge(order: list[Line], lines: Iterable[Line]) -> None:
    """Puts lines that are new behind the one that they follow."""
    place = 0
    for line in lines:
        if line in order:
            place = order.index(line) + 1
        else:
            order.insert(place, line)
            place += 1


def _condition(line: Line, found: Mapping[Features, list[Line]]) -> str:
    """What is true in exactly the variants in which a line stands; nothing where it always stands.

    Where two features together need less than each of them, the line stays: go.sum may have more than is needed.
    """
    variants = set(found)
    present = {features for features, lines in found.items() if line in lines}
    if present == variants:
        return ""
    for wanted, form in ((present, "{}"), (variants - present, "not ({})")):
        if frozenset() not in wanted:
            alone = {SDK} if frozenset({SDK}) in wanted else set[str]()
            needed = alone or {each for some in wanted if len(some) == 2 for each in some if each != SDK}
            if {features for features in variants if features & needed} == wanted:
                return form.format(" or ".join(_asked(each) for each in sorted(needed)))
    needed = {each for some in present if len(some) == 2 for each in some if each != SDK}
    without = {each for some in variants - present if len(some) == 2 for each in some if each != SDK}
    if {features for features in variants if SDK in features and not features & without} == present:
        return f"{_asked(SDK)} and not ({' or '.join(_asked(each) for each in sorted(without))})"
    # A module that one feature needs through others is said in another way by one that uses it itself.
    said = [f for f in variants if len(f) == 2 and any(_subject(each) == _subject(line) for each in found[f])]
    for other in sorted({each for f in said for each in f if each != SDK} - needed):
        if {features for features in variants if features & needed and other not in features} == present:
            return f"({' or '.join(_asked(each) for each in sorted(needed))}) and not {_asked(other)}"
    if not present <= {features for features in variants if features & needed}:
        raise SystemExit(f"no condition for a line that stands in {sorted(map(sorted, present))}")
    return " or ".join(_asked(each) for each in sorted(needed))


def _subject(line: Line) -> str:
    return line[1].split()[0] if line[1].strip() else ""


def _asked(feature: str) -> str:
    sdk = 'service.instrumentation == "sdk"'
    if feature == SDK:
        return sdk
    if feature == "b3":
        return f'({sdk} and ("b3" in service.needs or "b3multi" in service.needs))'
    asked = "service.needs" if feature in ("jaeger", "remote_sampling", "otlp_grpc") else "service.libraries"
    return f'({sdk} and "{feature}" in {asked})'


def _go(folder: Path) -> Mapping[str, list[Line]]:
    offline = ["env", "GOFLAGS=-mod=mod", "GOPROXY=off"]
    subprocess.run([*offline, "go", "mod", "tidy"], cwd=folder, check=True)
    manifest, block = [], 0
    for line in (folder / "go.mod").read_text(encoding="utf-8").splitlines():
        block += not line
        manifest.append((str(block), line))
    return {"go.mod": manifest, "go.sum": [("", line) for line in _read(folder / "go.sum")]}


def _rust(folder: Path) -> Mapping[str, list[Line]]:
    command = ["cargo", "metadata", "--offline", "--format-version", "1"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    head, *packages = (folder / "Cargo.lock").read_text(encoding="utf-8").split("[[package]]\n")
    lines = [("", line) for line in head.splitlines()]
    for package in packages:
        name = " ".join(re.findall(r'^(?:name|version) = "(.*)"', package, re.MULTILINE))
        lines += [(name, line) for line in ("[[package]]\n" + package).splitlines()]
    return {"Cargo.lock": lines}


def _read(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


_LIBRARIES = ("database/sql", "pgx", "gorm", "redis", "franz-go", "grpc")
GO = Language("go", ("b3", "jaeger", "remote_sampling", *_LIBRARIES), _go)
RUST = Language("rust", ("otlp_grpc", "b3", "sqlx"), _rust)

if __name__ == "__main__":
    if sys.argv[1:2] not in (["go"], ["rust"]):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
