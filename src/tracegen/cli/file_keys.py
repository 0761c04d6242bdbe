"""Which keys of a spec shape a file: a table that a test makes by changing every key and looking at what changes.

`file_keys.json` is a list of `{"files": [pattern], "keys": [key]}`; no builder says by itself what it reads. In a
pattern, `*` is a service, and a file of a stub stands as the language's (`languages/go/Dockerfile`). Of the keys,
`services.*.port` is that service's (any one's, where the file is of none), `services.<other>.port` another one's.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from tracegen.compiler import Rendered
from tracegen.decide import Settings
from tracegen.problems import Place
from tracegen.render import PlannedFile
from tracegen.system import System

TABLE = "file_keys.json"
ANY, OTHER = "*", "<other>"

_COPY = "kubernetes/configuration/"
_OF_A_SERVICE = re.compile(r"((?:kubernetes/(?:configuration/)?)?services|kubernetes/components)/([^/]+)/(.+)")
_NAMED_BY_THE_SPEC = re.compile(r"(kubernetes/external-secrets)/[^/]+(\.yaml)")


def pattern_of(file: PlannedFile, system: System) -> tuple[str, str]:
    """The pattern of a file, and the service that it is of, or nothing."""
    if file.source.startswith("languages/"):
        owners = [each for each in system.services.values() if file.path.startswith(f"{each.stub}/")]
        owner = max(owners, key=lambda each: len(each.stub))
        return f"{file.source}/{file.path.removeprefix(f'{owner.stub}/')}", owner.name
    found = _OF_A_SERVICE.fullmatch(file.path)
    if found is not None:
        return f"{found[1]}/*/{found[3]}", found[2]
    return _NAMED_BY_THE_SPEC.sub(r"\1/*\2", file.path), ""


def keys_of(file: PlannedFile, rendered: Rendered) -> tuple[str, ...]:
    """The keys that shape a file; those that the chosen backend does not have are left out."""
    pattern, service = pattern_of(file, rendered.system)
    shaping = [key for key in table().get(pattern, ()) if _has_a_meaning(key, rendered.settings)]
    named = [key.replace(f"services.{ANY}.", f"services.{service}.") if service else key for key in shaping]
    paths = dict.fromkeys((file.path, file.path.removeprefix(_COPY)))
    overridden = [f"overrides.{path}" for path in paths if path in rendered.system.overrides]
    return (*named, *_defaults(shaping, rendered.settings), *overridden)


def places_of(key: str, file: PlannedFile, rendered: Rendered) -> list[Place]:
    """Where the spec says something of a key."""
    said = rendered.settings.said
    top, *rest = key.split(".", 1 if key.startswith("overrides.") else -1)  # a file's name has dots of its own
    paths = [(top, *rest)]
    if top == "services":
        own = pattern_of(file, rendered.system)[1]
        others = [name for name in rendered.system.services if rest[0] != OTHER or name != own]
        paths = [(top, name, *rest[1:]) for name in (others if rest[0] in (ANY, OTHER) else rest[:1])]
    return [said.place(*path) for path in paths if said.get(*path) is not None]


@cache
def table() -> Mapping[str, tuple[str, ...]]:
    """The keys by the pattern of a file."""
    groups = json.loads((files(__package__) / TABLE).read_text(encoding="utf-8"))
    return {pattern: tuple(group["keys"]) for group in groups for pattern in group["files"]}


def _defaults(shaping: list[str], settings: Settings) -> Iterator[str]:
    """What is said of a service can be said of all of them."""
    below = {key.rsplit(".", 1)[1] for key in shaping if key.startswith("services.")}
    yield from (f"service_defaults.{key}" for key in settings.said.get("service_defaults") or {} if key in below)


def _has_a_meaning(key: str, settings: Settings) -> bool:
    """Whether a key is one of the chosen backend's, if it is a backend's."""
    top, *rest = key.split(".")
    node, value = settings.origin.plan.keys()[top], settings.origin.values[top]
    return not node.chooser or not rest or rest[0] in node.keys(value[node.chooser])
