"""YAML as others write it, read with patience: duplicate keys, unknown tags and templates do not stop it."""

import io
from pathlib import Path
from typing import Any

from tracegen.importing.facts import CannotImport

#: What is larger or deeper is nobody's system, but a way to make a reader slow.
_LARGEST = 16 * 1024 * 1024
_DEEPEST = 100
_MOST_NODES = 2_000_000
_MOST_ALIASES = 2_000


class Tagged:
    """What a tag of Compose says of a value: `!reset` takes away what was before, `!override` replaces it."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag, self.value = tag, value


def read_text(path: Path) -> str:
    """The text of a file of people. Raises CannotImport."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise CannotImport(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > _LARGEST:
        raise CannotImport(f"{path} is larger than {_LARGEST // 1024 // 1024} MiB")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def documents(text: str, name: str) -> list[Any]:
    """The documents of a text, empty ones left out. Raises CannotImport where it is no YAML.

    Of a Helm chart's templates, which are no YAML, the message says how they become it.
    """
    import yaml

    _check_size(text, name)
    try:
        found = list(yaml.load_all(io.StringIO(text.replace("\t", "  ")), _loader()))
    except (yaml.YAMLError, ValueError, OverflowError, TypeError, AttributeError, RecursionError) as error:
        hint = ""
        if "{{" in text:
            hint = "a template of Helm is no YAML yet: `helm template . > rendered.yaml`, then --from rendered.yaml"
        reason = " ".join(str(error).split())[:200]
        raise CannotImport(f"cannot read {name}: {reason}", hint) from error
    return [each for each in found if each is not None]


def _check_size(text: str, name: str) -> None:
    """Walks the events before anything is composed: depth and aliases cost nothing there."""
    import yaml

    from tracegen.source.composer import parse

    depth = nodes = aliases = 0
    try:
        for event in parse(text.replace("\t", "  ")):
            kind = type(event)
            if kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
                depth += 1
            elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
                depth -= 1
            aliases += kind is yaml.AliasEvent
            nodes += 1
            if depth > _DEEPEST or nodes > _MOST_NODES or aliases > _MOST_ALIASES:
                raise CannotImport(f"cannot read {name}: it is nested too deeply, or has too many nodes or aliases")
    except yaml.YAMLError:
        return  # told by who reads it


def _loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Reads dates and the like as the text that they are."""

    def other(loader: Any, suffix: str, node: Any) -> Any:
        value = _plain(loader, node)
        return Tagged(suffix, value) if suffix in ("reset", "override") else value

    Loader.add_multi_constructor("!", other)
    Loader.add_multi_constructor("tag:yaml.org,2002:python", other)
    for tag in ("timestamp", "binary", "value", "set", "omap", "pairs"):
        Loader.add_constructor(f"tag:yaml.org,2002:{tag}", _plain)
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":timestamp", ":value"))]
        for first, pairs in base.yaml_implicit_resolvers.items()
    }
    return Loader


def _plain(loader: Any, node: Any) -> Any:
    kind = node.id
    if kind == "mapping":
        return loader.construct_mapping(node, deep=True)
    if kind == "sequence":
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


def text_of(value: Any) -> str:
    """A scalar as its source would be written; '' for nothing and for what is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, (dict, list, Tagged)) else str(value)


def mapping(value: Any) -> dict[str, Any]:
    """A mapping with text for keys, or an empty one in place of anything else."""
    if isinstance(value, Tagged):
        value = value.value
    return {text_of(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A list, or an empty one in place of anything else."""
    if isinstance(value, Tagged):
        value = value.value
    return value if isinstance(value, list) else []
