"""Regular expressions of redaction must compile in the collector, which uses RE2."""

import re
import warnings
from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at

NOT_A_PATTERN = Code("TG430", "Not a regular expression that the collector takes")

#: One piece of an expression: an escape, a class in brackets, the begin of a group, a repetition, or one character.
_PIECE = re.compile(
    r"(?P<escape>\\(?:[pP](?:\{\^?\w+\}|\w)|x\{[0-9A-Fa-f]+\}|.|$))"
    r"|(?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\[pP]\{\^?\w+\}|\\.|[^\]\\])*\])"
    r"|(?P<group>\((?:\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?[:)]|<?[=!]|P[=>]|.)?)?)"
    r"|(?P<repeat>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})[?+]?)"
    r"|(?P<other>.)",
    re.DOTALL,
)
#: Groups of RE2 (https://github.com/google/re2/wiki/Syntax); look-around and the others of Perl are none.
_GROUP = re.compile(r"\(|\(\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?[:)])")
_NAMED_CLASS = re.compile(r"\[:\^?\w+:\]|\\[pP](?:\{\^?\w+\}|\w)|\\x\{[0-9A-Fa-f]+\}")
_FLAGS = re.compile(r"\(\?[imsU-]+\)")
_MOST_REPEATS = 1_000
_NOT_IN_RE2 = "do not exist in RE2"


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Each pattern that the spec brings itself."""
    for index, pattern in enumerate(settings.collector.redact.patterns):
        if not isinstance(pattern, str):
            why = _refusal(pattern.regex)
            if why:
                path = ("collector", "redact", "patterns", index, "regex")
                yield at(settings, NOT_A_PATTERN, path, f"regex of {pattern.name}: {why}", _hint(why))


def _hint(why: str) -> str:
    if "empty text" in why:
        return "let it begin with what is always there, and use + where * stands"
    return "write it in the syntax of RE2, https://github.com/google/re2/wiki/Syntax"


def _refusal(regex: str) -> str:
    pieces = list(_PIECE.finditer(regex))
    why = next((why for piece in pieces if (why := _not_in_re2(piece))), "")
    if why:
        return why
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            compiled = re.compile("".join(map(_as_python, pieces)))
    except re.error as error:
        return error.msg
    except (RecursionError, OverflowError):
        return "it nests too deep"
    return "it matches the empty text, and so everything" if compiled.match("") else ""


def _not_in_re2(piece: re.Match[str]) -> str:
    text = piece.group()
    if piece["escape"] and text[1:2] in set("123456789k"):
        return f"back-references such as {text} {_NOT_IN_RE2}"
    if piece["escape"] and text[1:2] in set("ZGKRXghuNe"):
        return f"the escape {text} does not exist in RE2"
    if piece["group"] and not _GROUP.fullmatch(text):
        return f"groups such as {text}…) {_NOT_IN_RE2}: it has no look-around"
    if piece["repeat"] and text.endswith("+") and len(text) > 1:
        return f"possessive quantifiers such as {text} {_NOT_IN_RE2}"
    if piece["repeat"] and any(int(number) > _MOST_REPEATS for number in re.findall("[0-9]+", text)):
        return f"{text} repeats more than {_MOST_REPEATS:,} times, which RE2 refuses"
    return ""


def _as_python(piece: re.Match[str]) -> str:
    """What Python reads in its place; only the structure counts here, not which letters match."""
    text = piece.group()
    if piece["escape"]:
        kind = text[1:2]
        return {"p": r"\w", "P": r"\W", "z": r"\Z", "C": ".", "Q": "Q", "E": "E"}.get(
            kind, "x" if text.startswith(r"\x{") else text
        )
    if piece["class"]:
        return _NAMED_CLASS.sub("x", text)
    if piece["group"]:
        return "" if _FLAGS.fullmatch(text) else "(" if text == "(" else "(?:"
    return text
