"""All packs, found by listing folders: adding a folder is all that adding a pack takes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from tracegen.catalogue.data import data_path
from tracegen.catalogue.pack import BackendPack, ExampleImage, Image, LanguagePack, Library, Pack, StoragePack
from tracegen.emit import LiteralStyle

P = TypeVar("P", bound=Pack)


def read_yaml(path: Path) -> Any:
    """Data of ours; specs of users go through `tracegen.source`, which tells places and has limits."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


@dataclass(frozen=True)
class Catalogue:
    """The packs below one `templates` folder."""

    root: Path

    @cached_property
    def languages(self) -> Mapping[str, LanguagePack]:
        """Language packs by name, in the order in which they are offered."""
        return _by_order(_language(common, data) for common, data in self._packs("languages"))

    @cached_property
    def backends(self) -> Mapping[str, BackendPack]:
        """Backend packs by name, in the order in which they are offered."""
        packs = (
            BackendPack(
                **common,
                modes=tuple(data["modes"]),
                roles=data["roles"],
                partition_owners=tuple(data.get("partition_owners", ())),
                entrance=data["entrance"],
                kafka_over_tls=data.get("kafka_over_tls", False),
                default_storage=data["default_storage"],
            )
            for common, data in self._packs("backends")
        )
        return _by_order(packs)

    @cached_property
    def storages(self) -> Mapping[str, StoragePack]:
        """Storage packs by name, in the order in which they are offered."""
        packs = (
            StoragePack(
                **common,
                backends=tuple(data["backends"]),
                modes=tuple(data["modes"]),
                plain_unless=tuple(data.get("plain_unless", ())),
            )
            for common, data in self._packs("storage")
        )
        return _by_order(packs)

    @cached_property
    def images(self) -> Mapping[str, Image]:
        """Every pinned image by name, from all `versions.yaml` below the root."""
        found: dict[str, Image] = {}
        for path in sorted(self.root.glob("**/versions.yaml")):
            for name, entry in read_yaml(path).items():
                if name in found:
                    raise ValueError(f"image {name} is pinned twice, once in {path}")
                found[name] = Image(
                    name=name,
                    repository=entry["repository"],
                    version=str(entry["version"]),
                    source=entry["source"],
                    tested=entry["tested"],
                    user=entry["user"],
                )
        return found

    @cached_property
    def patterns(self) -> Mapping[str, str]:
        """The built-in patterns of redaction: RE2 by name."""
        patterns: Mapping[str, str] = read_yaml(self.root / "collector" / "patterns.yaml")
        return patterns

    def storages_of(self, backend: str) -> tuple[str, ...]:
        """Names of the storages that a backend can use, the default first."""
        return tuple(name for name, pack in self.storages.items() if backend in pack.backends)

    def _packs(self, kind: str) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
        for folder in sorted((self.root / kind).iterdir()):
            if (folder / "pack.yaml").is_file():
                data = read_yaml(folder / "pack.yaml")
                yield _common(folder, data), data


def _language(common: dict[str, Any], data: Mapping[str, Any]) -> LanguagePack:
    return LanguagePack(
        **common,
        frameworks=tuple(data["frameworks"]),
        instrumentation=tuple(data["instrumentation"]),
        propagators=tuple(data["propagators"]),
        remote_sampling=data["remote_sampling"],
        environment=data["environment"],
        variables=data.get("variables", {}),
        auto_needs=data.get("auto_needs"),
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
        name: Library(name, each["title"], each["packages"], tuple(each.get("switch", ())))
        for name, each in read_yaml(path).items()
    }


def _example(data: Mapping[str, Any]) -> ExampleImage:
    return ExampleImage(
        health=tuple(data["health"]), user=data["user"], writable=tuple(data["writable"]), memory=data["memory"]
    )


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
    return Catalogue(data_path("templates"))
