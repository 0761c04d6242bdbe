"""What a scalar means by the core rules of YAML 1.2, and only by those.

Of tags (`!!str`, `!foo`) a file may use the core ones, where they say what is so anyway.

PyYAML follows YAML 1.1, where `no` is false and `12:30` is 750. Who writes `country: no` means Norway.
"""

import re

from tracegen.source.words import quoted

Value = str | int | float | bool | None

_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBER_STARTS = frozenset("+-.0123456789")

#: Python refuses to print integers of more than 4,300 digits; nobody means a number of a hundred.
_LONGEST_NUMBER = 100

# A zero before a digit is left out of both: `012` is ten in YAML 1.1 and twelve in 1.2, so it stays text.
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")

_CORE_TAG = "tag:yaml.org,2002:"
_TAGGED: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}
_TAGGED_KINDS = {"map": "mapping", "seq": "list", "str": "text"}


def resolve(text: str) -> Value:
    """The value of a plain scalar; whatever is not plainly something else is a word."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS or len(text) > _LONGEST_NUMBER:
        return text
    return _number(text)


def _number(text: str) -> Value:
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    return text


class TagRefused(Exception):
    """A tag that may not stand where it stands; carries the message and the hint."""

    def __init__(self, message: str, hint: str) -> None:
        """Both become those of a problem."""
        self.message, self.hint = message, hint
        super().__init__(message)


def check_collection(tag: str, kind: str) -> None:
    """Refuse any tag on a `mapping` or `list` that is not its own."""
    name = _core_name(tag)
    if name not in _TAGGED_KINDS and name not in _TAGGED and tag != "!":
        raise _unknown(tag)
    if tag != "!" and _TAGGED_KINDS.get(name) != kind:
        raise TagRefused(f"the tag {shorthand(tag)} does not fit a {kind}", "remove the tag")


def scalar_is_plain(tag: str, text: str) -> bool:
    """Whether a tagged scalar is read by the core rules (True) or as text (False); refuse any other tag."""
    name = _core_name(tag)
    if tag == "!" or name == "str":
        return False
    wanted = _TAGGED.get(name)
    if wanted is None and name not in _TAGGED_KINDS:
        raise _unknown(tag)
    value = resolve(text)
    # In Python a boolean is an integer; in YAML it is not.
    if wanted is None or not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise TagRefused(
            f"the tag {shorthand(tag)} does not fit {quoted(text)}", "remove the tag, or change the value"
        )
    return True


def shorthand(tag: str) -> str:
    """A tag as people write it."""
    return f"!!{tag.removeprefix(_CORE_TAG)}" if tag.startswith(_CORE_TAG) else tag


def _unknown(tag: str) -> TagRefused:
    hint = "remove the tag; tracegen reads data only and never runs or builds what a tag names"
    return TagRefused(f"the tag {shorthand(tag)} is not allowed", hint)


def _core_name(tag: str) -> str:
    return tag.removeprefix(_CORE_TAG) if tag.startswith(_CORE_TAG) else ""
