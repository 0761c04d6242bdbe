"""Writers for every format that has a parser: YAML with comments, JSON, environment files. All pure."""

from tracegen.emit.environment import (
    NotPortable,
    collector_escape,
    compose_escape,
    is_portable,
    kubernetes_escape,
    tempo_escape,
    to_env_file,
)
from tracegen.emit.json import to_json
from tracegen.emit.literal import LiteralStyle, string_literal
from tracegen.emit.plain import OVERRIDDEN, merge_patch, plain
from tracegen.emit.yaml import Commented, Value, to_yaml

__all__ = [
    "OVERRIDDEN",
    "Commented",
    "LiteralStyle",
    "NotPortable",
    "Value",
    "collector_escape",
    "compose_escape",
    "is_portable",
    "kubernetes_escape",
    "merge_patch",
    "plain",
    "string_literal",
    "tempo_escape",
    "to_env_file",
    "to_json",
    "to_yaml",
]
