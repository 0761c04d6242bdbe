"""All packs, found by listing folders: adding a folder is all that adding a pack takes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from tracegen.catalogue.data import data_path
from tracegen.catalogue.pack import (
    Added,
    BackendPack,
    Delivery,
    ExampleImage,
    Here,
    Image,
    Incomplete,
    KafkaClient,
    LanguagePack,
    Library,
    OperatorAgent,
    Pack,
    Refusal,
    Renamed,
    Seen,
    Sizing,
    StoragePack,
)
from tracegen.emit import LiteralStyle

P = TypeVar("P", bound=Pack)


def read_yaml(path: Path) -> Any:
    """Data of ours; specs of users go through `tracegen.source`, which tells places and has limits."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


@dataclass(frozen=True)
class Catalogue:
    """The packs with code below the folders `code`, and the languages and other data below the folder `templates`."""

    templates: Path
    code: tuple[Path, ...]

    @cached_property
    def languages(self) -> Mapping[str, LanguagePack]:
        """Language packs by name, in the order in which they are offered."""
        return _by_order(_language(common, data) for common, data in _packs(self.templates / "languages"))

    @cached_property
    def backends(self) -> Mapping[str, BackendPack]:
        """Backend packs by name, in the order in which they are offered."""
        return _by_order(_backend(common, data) for common, data in self._of_kind("backend"))

    @cached_property
    def storages(self) -> Mapping[str, StoragePack]:
        """Storage packs by name, in the order in which they are offered."""
        return _by_order(_storage(common, data) for common, data in self._of_kind("storage"))

    @cached_property
    def companions(self) -> Mapping[str, Pack]:
        """Packs of what runs beside a backend, by name, in the order in which they are asked."""
        return _by_order(Pack(**common) for common, _ in self._of_kind("companion"))

    @cached_property
    def images(self) -> Mapping[str, Image]:
        """Every pinned image by name, from all `versions.yaml`; packs may share one that they pin alike."""
        found: dict[str, Image] = {}
        for path in self.files("versions.yaml"):
            for name, entry in read_yaml(path).items():
                image = Image(
                    name=name,
                    repository=entry["repository"],
                    version=str(entry["version"]),
                    source=entry["source"],
                    tested=entry["tested"],
                    user=entry["user"],
                    oldest=str(entry.get("oldest", "")),
                    seen=_seen(entry["digest"]) if "digest" in entry else None,
                    renamed=tuple(_renamed(each) for each in entry.get("renamed", ())),
                    added=tuple(Added(tuple(each["path"]), str(each["since"])) for each in entry.get("added", ())),
                )
                if found.setdefault(name, image) != image:
                    raise ValueError(f"image {name} is pinned in two ways, once in {path}")
        return found

    @cached_property
    def patterns(self) -> Mapping[str, str]:
        """The built-in patterns of redaction: RE2 by name."""
        patterns: Mapping[str, str] = read_yaml(self.templates / "collector" / "patterns.yaml")
        return patterns

    def storages_of(self, backend: str) -> tuple[str, ...]:
        """Names of the storages that a backend can use, the default first."""
        return tuple(name for name, pack in self.storages.items() if backend in pack.backends)

    def files(self, name: str) -> list[Path]:
        """The files of a name in every pack, such as `versions.yaml`."""
        return [path for root in (*self.code, self.templates) for path in sorted(root.glob(f"**/{name}"))]

    def _of_kind(self, kind: str) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
        return ((common, data) for root in self.code for common, data in _packs(root) if data["kind"] == kind)


def _renamed(entry: Mapping[str, Any]) -> Renamed:
    return Renamed(entry["section"], entry["name"], entry["before"], str(entry["since"]))


def _seen(entry: Mapping[str, Any]) -> Seen:
    return Seen(digest=entry["is"], agree=entry["agree"], of=entry["of"], date=str(entry["seen"]))


def _packs(root: Path) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    for folder in sorted(root.iterdir()):
        if (folder / "pack.yaml").is_file():
            data = read_yaml(folder / "pack.yaml")
            yield _common(folder, data), data


def _language(common: dict[str, Any], data: Mapping[str, Any]) -> LanguagePack:
    return LanguagePack(
        **common,
        frameworks=tuple(data["frameworks"]),
        without_framework=data.get("without_framework"),
        instrumentation=tuple(data["instrumentation"]),
        propagators=tuple(data["propagators"]),
        remote_sampling=data["remote_sampling"],
        environment=data["environment"],
        variables=data.get("variables", {}),
        auto_needs=data.get("auto_needs"),
        operator_agent=_operator_agent(data) if "operator_agent" in data else None,
        settings=data.get("settings", {}),
        health_spans=tuple(data.get("health_spans", ())),
        literal=LiteralStyle(**data.get("literal", {"escape": "long"})),
        example=_example(data["example"]) if "example" in data else None,
        runs_in_tests=data.get("runs_in_tests", False),
        limits=tuple(data.get("limits", ())),
        libraries=_libraries(common["folder"] / "libraries.yaml"),
    )


def _libraries(path: Path) -> Mapping[str, Library]:
    if not path.is_file():
        return {}
    return {
        name: Library(
            name, each["title"], each.get("packages", {}), tuple(each.get("switch", ())), each.get("use", "")
        )
        for name, each in read_yaml(path).items()
    }


def _operator_agent(data: Mapping[str, Any]) -> OperatorAgent:
    agent, is_only = data["operator_agent"], data.get("auto_needs") == "operator"
    return OperatorAgent(agent["name"], agent.get("variable", ""), agent.get("annotation", ""), is_only)


def _backend(common: dict[str, Any], data: Mapping[str, Any]) -> BackendPack:
    kafka = data.get("kafka")
    return BackendPack(
        **common,
        modes=tuple(data["modes"]),
        roles=data["roles"],
        partition_owners=tuple(data.get("partition_owners", ())),
        fed_by=data.get("fed_by", {}),
        kafka=KafkaClient(kafka["tls"], tuple(kafka.get("mechanisms", ())), kafka["one_broker"]) if kafka else None,
        otlp_host=data["otlp_host"],
        default_storage=data["default_storage"],
        tenant_header=data.get("tenant_header", ""),
        no_tenants=_refusal(data, "no_tenants"),
        serves_strategies=data.get("serves_strategies", False),
        adaptive_sampling=data.get("adaptive_sampling", ""),
        sizing={role: _sizing(said) for role, said in data.get("sizing", {}).items()},
    )


def _storage(common: dict[str, Any], data: Mapping[str, Any]) -> StoragePack:
    incomplete = (
        Incomplete(each["option"], tuple(each["without"]), each["message"], each["hint"])
        for each in data.get("incomplete", ())
    )
    return StoragePack(
        **common,
        backends=tuple(data["backends"]),
        modes=tuple(data["modes"]),
        server_named_by=tuple(data.get("server_named_by", ())),
        inside_in_plain=data.get("inside_in_plain", False),
        incomplete=tuple(incomplete),
        text_only=tuple(data.get("text_only", ())),
        made_with_tables=tuple(data.get("made_with_tables", ())),
        daily_indices=data.get("daily_indices", False),
        no_retention=_refusal(data, "no_retention"),
        no_archive=_refusal(data, "no_archive"),
        keeps_sampling=data.get("keeps_sampling", True),
        process=_sizing(data["process"]),
        server=_sizing(data["server"]) if "server" in data else None,
        delivery=Delivery(**data.get("delivery", {})),
    )


def _sizing(data: Mapping[str, Any]) -> Sizing:
    """Steps are written as `{spans a second: MiB}`."""
    return Sizing(**{**data, "steps": tuple(sorted(data["steps"].items()))})


def _refusal(data: Mapping[str, Any], key: str) -> Refusal | None:
    return Refusal(**data[key]) if key in data else None


def _example(data: Mapping[str, Any]) -> ExampleImage:
    return ExampleImage(
        health=tuple(data["health"]),
        user=data["user"],
        writable=tuple(data["writable"]),
        memory=data["memory"],
        start=data.get("start", 60),
        here=_here(data["here"]) if "here" in data else None,
    )


def _here(data: Mapping[str, Any]) -> Here:
    return Here(tuple(data["needs"]), tuple(data["build"]), data.get("path", ""), data.get("folder", ""))


def _common(folder: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    options = folder / "options.json"
    return {
        "name": folder.name,
        "title": data["title"],
        "description": data["description"],
        "order": data["order"],
        "sources": tuple(data["sources"]),
        "folder": folder,
        "options": json.loads(options.read_text(encoding="utf-8")) if options.is_file() else {},
    }


def _by_order(packs: Iterator[P]) -> Mapping[str, P]:
    return {pack.name: pack for pack in sorted(packs, key=lambda pack: (pack.order, pack.name))}


@cache
def catalogue() -> Catalogue:
    """The packs that come with tracegen."""
    return Catalogue(data_path("templates"), (Path(__file__).resolve().parent.parent / "packs",))
