"""Prints what a stage of the compiler makes of `tracegen.yaml` in the working directory; for the documentation.

As a script: `python -m stages STAGE [ENVIRONMENT] [PREFIX]`, with `src` and `tests` on PYTHONPATH.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

from tracegen import rules
from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.cli.file_keys import keys_of, places_of
from tracegen.compiler import Rendered, build
from tracegen.problems import Code
from tracegen.source import Mapping as MappingNode
from tracegen.source import Node, Scalar, dotted, load
from tracegen.spec.layers import base_of, stack

SPEC = "tracegen.yaml"


def nodes(environment: str | None) -> Iterator[str]:
    """What was written and where, before anybody asks what it means."""
    for path, node in _scalars(load(SPEC).root):
        written = node.text if node.plain else f'"{node.text}"'
        yield f"{node.place.line:>3}:{node.place.column:<3} {path} = {written}"


def layers(environment: str | None) -> Iterator[str]:
    """The merged layers; each value still knows the line it comes from."""
    base, _ = base_of(load(SPEC), catalogue())
    merged, _ = stack(base, environment, catalogue())
    for path, node in _scalars(merged.root):
        if not path.startswith("environments."):
            yield f"{node.place.line:>3}:{node.place.column:<3} {path} = {node.text}"
    for dropped in merged.dropped:
        yield f"dropped  {dropped.path}, said in line {dropped.place.line}: {dropped.because} does not know it"


def judged(environment: str | None) -> Iterator[str]:
    """The rules and what each of them can find."""
    for module in sorted(iter_modules(rules.__path__), key=lambda each: each.name):
        if not module.name.startswith("_"):
            rule = import_module(f"{rules.__name__}.{module.name}")
            found = {each.id for each in vars(rule).values() if isinstance(each, Code)}
            yield f"{module.name:<18} {', '.join(sorted(found))}"


def components(environment: str | None) -> Iterator[str]:
    """What will run, whatever runs it."""
    for each in _built(environment).system.components.values():
        ports = ", ".join(f"{port.name} {port.number}" for port in each.ports)
        yield f"{each.name}: {each.image}, {each.replicas} replica(s), waits for {', '.join(each.needs) or 'nothing'}"
        yield f"    ports: {ports}"
        for volume in each.volumes:
            yield f"    volume: {volume.size} at {volume.path}, holds {volume.why}"


def files(environment: str | None) -> Iterator[str]:
    """The plan: every file, who makes it, and which keys that the spec says shape it."""
    rendered = _built(environment)
    for each in rendered.files:
        said = [key for key in keys_of(each, rendered) if places_of(key, each, rendered)]
        yield f"{each.path}: {type(each).__name__.lower()} by {each.source}, from {', '.join(said)}"


STAGES: Mapping[str, Callable[[str | None], Iterator[str]]] = {
    each.__name__: each for each in (nodes, layers, judged, components, files)
}


def _built(environment: str | None) -> Rendered:
    document = load(SPEC)
    checked = check(document, catalogue(), [] if environment is None else [environment])
    return build(document, checked.settings[environment], catalogue())


def _scalars(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Scalar]]:
    if isinstance(node, Scalar):
        yield dotted(path), node
    elif isinstance(node, MappingNode):
        for key, entry in node.entries.items():
            yield from _scalars(entry.value, (*path, key))
    else:
        for index, item in enumerate(node.items):
            yield from _scalars(item, (*path, index))


def main(arguments: list[str]) -> None:
    """Print a stage, or those of its lines that hold a word."""
    stage, environment, word = [*arguments, "", ""][:3]
    for line in STAGES[stage](environment or None):
        if word in line:
            print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
