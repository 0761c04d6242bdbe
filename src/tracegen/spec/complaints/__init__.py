"""What the schema has against a spec, in our own words: a failure of jsonschema becomes problems with a place.

A function for each keyword that can fail; the context holds the spec and the schema on the way down to the failure.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tracegen.problems import Problem
from tracegen.source.node import Path
from tracegen.spec import codes
from tracegen.spec.complaints import keys, references, sizes, values
from tracegen.spec.complaints.context import Context

__all__ = ["Context", "explain"]


def explain(error: Any, context: Context) -> Iterator[Problem]:
    """The problems behind one failure."""
    path: Path = tuple(error.absolute_path)
    if error.instance is None:
        hint = "give it a value, or delete the item" if isinstance(path[-1], int) else codes.GIVE_IT_A_VALUE
        yield context.problem(codes.EMPTY_VALUE, path, codes.NO_VALUE, hint)
    elif error.validator in _OF_A_VALUE and references.is_inside(path, context):
        yield from references.wrong_value(error, path, context)
    elif error.validator == "additionalProperties" and references.is_inside((*path, ""), context):
        yield from references.wrong_keys(error, path, context)
    elif "propertyNames" in error.absolute_schema_path:
        yield keys.wrong_name(error, path, context)
    else:
        yield from _EXPLANATIONS.get(error.validator, values.wrong_form)(error, path, context)


#: Keywords of which the explanation repeats the value.
_OF_A_VALUE = ("type", "pattern", "minLength", "maxLength", "enum", "const")

_EXPLANATIONS: Mapping[str, Callable[[Any, Path, Context], Iterator[Problem]]] = {
    "additionalProperties": keys.unknown_key,
    "required": keys.missing_key,
    "not": keys.meaningless_key,
    "type": values.wrong_type,
    "enum": values.wrong_choice,
    "const": values.wrong_const,
    "minItems": sizes.too_few_items,
    "uniqueItems": sizes.item_twice,
    "minProperties": sizes.too_few_keys,
    "maxProperties": sizes.too_many_keys,
}
