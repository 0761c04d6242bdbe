"""Values of a wrong type, choice or form, and literals where a secret is referred to."""

import re
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from tracegen.problems import Problem
from tracegen.source.node import Path, Scalar, dotted, find
from tracegen.source.words import LONGEST_SHOWN, quoted, shortened
from tracegen.spec import codes
from tracegen.spec.complaints import certain, habits
from tracegen.spec.complaints.context import Context, for_example
from tracegen.spec.repair import fits, repaired
from tracegen.spec.schema import Schema
from tracegen.spec.secret_words import is_secret_header
from tracegen.spec.wording import a_noun, either, flow, shown, type_words


def wrong_type(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A value of another type than is wanted; a literal secret is one of them."""
    node = context.schema_at(path)
    is_scalar = isinstance(error.instance, str | int | float)
    if is_scalar and (node.get("x-secret") or _is_secret_header(path)):
        yield _literal_secret(path, node, context)
        return
    wanted = node.get("x-expected") or _words_or_keys(node) or type_words(error.validator_value)
    message = f"{_as_written(error.instance, path, context)} is not {wanted}"
    types = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    fix = certain.value(error.instance, _as_written(error.instance, path, context), types, node)
    yield context.problem(codes.WRONG_TYPE, path, message, _type_hint(error, path, node, context), fix=fix)


def _as_written(value: Any, path: Path, context: Context) -> str:
    """A number as it stands in the file: `1.10`, not `1.1`."""
    written = find(context.root, path)
    is_number = isinstance(value, int | float)
    return shortened(written.text) if is_number and isinstance(written, Scalar) else shown(value)


def _words_or_keys(node: Schema) -> str:
    """What fits where either a word or a mapping does."""
    words, keys = node.get("then", {}).get("enum", []), sorted(node.get("properties", {}))
    return f"{', '.join(words)} or a mapping with {either(keys)}" if words else ""


def _is_secret_header(path: Path) -> bool:
    return len(path) > 1 and path[-2] == "headers" and is_secret_header(str(path[-1]))


def _literal_secret(path: Path, node: Schema, context: Context) -> Problem:
    name = str(path[-1]).upper().replace("-", "_")
    example = next(iter(node.get("examples", [])), {"env": name})
    return context.problem(
        codes.LITERAL_SECRET,
        path,
        "this is no reference, and a secret is never written in the spec",
        f"refer to it, for example {flow(example)}, and change the secret if this file was shared",
    )


def _type_hint(error: Any, path: Path, node: Schema, context: Context) -> str:
    types = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    value = error.instance
    if len(str(value)) > LONGEST_SHOWN:
        return for_example(path, node)
    habit = _habit(value, types, path, context)
    if "string" in types and isinstance(value, bool | int | float) and "then" not in node:
        text = _as_written(value, path, context)
        meant = repaired(value, node)
        if fits(text, node):
            return f'write it in quotes: "{text}"'
        return f"did you mean {quoted(meant)}?" if meant else for_example(path, node)
    if isinstance(value, str) and {"integer", "number"} & set(types) and value.isdecimal():
        return f"write it without quotes: {value}"
    if isinstance(value, str) and {"integer", "number"} & set(types) and (known := _number_hint(value, types, node)):
        return known
    if isinstance(value, str) and types == ["boolean"]:
        meant = certain.value(value, value, types, node)
        return f"write {meant or 'true or false'}; yes, no, on and off are texts"
    if types == ["array"] and isinstance(value, str) and "," in value:
        return f"write it in brackets: {flow([item.strip() for item in value.split(',')])}"
    if types == ["array"] and not isinstance(value, Mapping):
        return f"write it in brackets: {flow([value])}"
    return habit or for_example(path, node)


def _habit(value: Any, types: list[str], path: Path, context: Context) -> str:
    """The hint for a scalar where a mapping is wanted, or for a placeholder, if it is one that people often need."""
    of_mapping = habits.under_its_name(path, context) if "object" in types else ""
    if not isinstance(value, str):
        return of_mapping
    if of_mapping or habits.placeholder(value) or "object" not in types:
        return of_mapping or habits.placeholder(value)
    return habits.glued(value) or habits.as_mapping(value, path, context)


def _number_hint(text: str, types: list[str], node: Schema) -> str:
    """The number that a text holds beside something else: a share in per cent, two ports."""
    if meant := certain.value(text, text, types, node):
        return f"write {meant}"
    ports = re.fullmatch(r"[\d.]*:?\d+:(\d+)", text)
    return f"the port inside the container is enough: {ports[1]}" if ports else ""


def wrong_choice(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A word that is none of the choices."""
    choices = [str(choice) for choice in error.validator_value if choice is not None]
    value = error.instance
    is_number = "integer" in context.schema_at(path).get("type", ())
    if is_number and isinstance(value, str) and not context.near(codes.WRONG_CHOICE, value, choices):
        yield from wrong_type(SimpleNamespace(instance=value, validator_value=["integer"]), path, context)
        return
    if len(choices) == 1 and isinstance(value, str):
        others = sorted(context.schema_at(path).get("properties", {}))
        beside = f", or a mapping with {either(others)}" if others else ""
        message = f"{shown(value)} is not {a_noun(path)}; the only word is {choices[0]}{beside}"
    else:
        message = f"{shown(value)} is not {a_noun(path)}; choose from {', '.join(choices)}"
    hint = fix = ""
    if isinstance(value, str):
        fix = certain.choice(value, choices)
        hint = habits.alias_of(value, choices) or habits.placeholder(value) or habits.storage_of(value, path, context)
        hint = hint or context.near(codes.WRONG_CHOICE, value, choices)
    yield context.problem(codes.WRONG_CHOICE, path, message, hint, fix=fix)


def wrong_const(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """The version of the format, which is the only constant."""
    yield context.problem(
        codes.WRONG_CHOICE,
        path,
        f"{shown(error.instance)} is not a version of the format that this tracegen reads",
        f"write {dotted(path)}: {error.validator_value}; a newer format needs a newer tracegen",
    )


def wrong_form(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A text or number that has the right type and not the right form."""
    node = {**context.schema_at(path), **_own_words(error)}
    value, wanted = error.instance, node.get("x-expected")
    if wanted:
        yield context.problem(
            codes.WRONG_FORM,
            path,
            f"{shown(value)} is not {wanted}",
            _form_hint(value, path, node),
            fix=certain.form(value, node),
        )
    else:
        yield context.problem(codes.WRONG_FORM, path, *_limit(error, path, node))


def _own_words(error: Any) -> Schema:
    return {"x-expected": error.schema["x-expected"]} if "x-expected" in error.schema else {}


def _form_hint(value: Any, path: Path, node: Schema) -> str:
    if isinstance(value, str) and len(value) > node.get("maxLength", len(value)):
        return f"it has {len(value)} characters"
    if isinstance(value, str) and len(value) < node.get("minLength", 0) > 1:
        return f"write at least {node['minLength']} characters"
    if isinstance(value, str) and habits.placeholder(value):
        return habits.placeholder(value)
    address = re.fullmatch(r"https?://[^/\s@]+(/[\w./-]+)", value) if isinstance(value, str) else None
    if address and fits(address[1], node):
        return f"the path alone: {address[1]}"
    meant = repaired(value, node)
    if meant:
        return f"did you mean {quoted(meant)}?"
    if isinstance(value, int | float) and 1 < value <= 100 and node.get("maximum") == 1:
        return f"for {flow(value)} per cent write {flow(value / 100)}"
    return for_example(path, node)


def _limit(error: Any, path: Path, node: Schema) -> tuple[str, str]:
    value, limit = shown(error.instance), error.validator_value
    messages = {
        "minimum": f"{value} is less than {limit}",
        "maximum": f"{value} is more than {limit}",
        "exclusiveMinimum": f"{value} is not more than {limit}",
        "exclusiveMaximum": f"{value} is not less than {limit}",
        "minLength": "the text is empty",
        "maxLength": f"the text is longer than {limit:,} characters" if isinstance(limit, int) else "",
    }
    message = messages.get(error.validator, f"{value} has not the right form")
    return message, _range(node) or for_example(path, node)


def _range(node: Schema) -> str:
    low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum", node.get("exclusiveMaximum"))
    if low is None or high is None:
        return ""
    if "minimum" in node:
        return f"write a number from {low:,} to {high:,}"
    return f"write a number more than {low} and {'less than' if 'exclusiveMaximum' in node else 'at most'} {high:,}"
