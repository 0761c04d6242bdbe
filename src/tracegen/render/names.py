"""Names of parts of a collector's configuration that several of its builders write."""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from tracegen.catalogue import Image
from tracegen.emit import Commented, Value
from tracegen.system import Destination

#: What a name of a component was before, by the section where it stands and the name.
_Former: TypeAlias = Mapping[tuple[str, str], str]


def exporter_name(destination: Destination) -> str:
    """The exporter of a destination."""
    kind = "load_balancing" if destination.by_trace else f"otlp_{destination.protocol}"
    return f"{kind}/{destination.name}"


def for_version(image: Image, config: Mapping[str, Value]) -> Value:
    """A configuration with the keys and names that the Collector of an image knows."""
    for each in image.added:
        config = _without(each.path, config) if image.is_before(each.since) else config
    return _named_for(image, config)


def _without(path: tuple[str, ...], config: Mapping[str, Value]) -> dict[str, Value]:
    key, *rest = path
    if not rest:
        return {name: value for name, value in config.items() if name != key}
    inner = config.get(key)
    return {**config, key: _without(tuple(rest), inner)} if isinstance(inner, Mapping) else dict(config)


def _named_for(image: Image, config: Mapping[str, Value]) -> Value:
    """Newer versions take the names of before too, and warn."""
    former = {(each.section, each.name): each.before for each in image.renamed if image.is_before(each.since)}
    if not former:
        return config
    sections = {section for section, _ in former}
    named: dict[str, Value] = {
        section: _named(former, (section,), content) if section in sections else content
        for section, content in config.items()
    }
    service = cast("Mapping[str, Any]", config["service"])
    pipelines = {name: _pipeline(former, pipeline) for name, pipeline in service["pipelines"].items()}
    return named | {"service": {**service, "pipelines": pipelines}}


def _pipeline(former: _Former, pipeline: Mapping[str, Any]) -> dict[str, Value]:
    """Connectors end one pipeline and begin another, so they stand among exporters and receivers."""
    return {
        section: [_former(former, (section, "connectors"), name) for name in names]
        for section, names in pipeline.items()
    }


def _named(former: _Former, sections: tuple[str, ...], content: Value) -> Value:
    if isinstance(content, Commented):
        return Commented(_named(former, sections, content.value), content.comment)
    components = cast("Mapping[str, Value]", content)
    return {_former(former, sections, name): value for name, value in components.items()}


def _former(former: _Former, sections: tuple[str, ...], name: str) -> str:
    kind, slash, rest = name.partition("/")
    known = (former[section, kind] for section in sections if (section, kind) in former)
    return f"{next(known, kind)}{slash}{rest}"
