"""Takes out of a text what is, or may well be, a secret: what is printed ends in the logs of a pipeline.

Here too much is taken rather than too little. Each step looks at a text once, so the time grows with its length only.
"""

import re

_GONE = "…"
_WORD = re.compile(r"\S+")

#: `password=…`, `client_secret=…`, `?api_key=…`.
_ASSIGNED = re.compile(
    r"((?:authorization|pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|private|secret)[-_]?key|credentials?)[\w-]{0,40}(?:=|:(?=[^\s/])))"
    r"[^\s&;,…]+",
    re.IGNORECASE,
)
#: `Bearer …`, `Basic …`; a word of prose has no digit in it.
_SCHEME = re.compile(r"\b(bearer|basic|apikey|api-token)\s{1,8}(?=[^\s'\",]*[0-9=+/_-])[^\s'\",]{6,}", re.IGNORECASE)

#: A key in a line of YAML after which a secret may stand, or a name that people take for the place of one.
_SECRET_KEY = re.compile(
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token|key|credentials?|authorization|bearer|basic|cookie|dsn|auth|team"
    r"|(?<![\w-])(?:env|file))[\"']?\s*:\s*(?=\S)",
    re.IGNORECASE,
)
#: What is not taken from such a line: the name of a variable, a word of structure.
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*|env|file|secret|name|key|true|false|null|none|~")
_VALUE = re.compile(r"[^\s{}\[\],:'\"]+")


def redacted(text: str) -> str:
    """A text without passwords in URLs, users before an `@`, and values that stand after the name of a secret."""
    if "@" in text:
        text = _WORD.sub(_without_login, text)
    if "=" in text or ":" in text:
        text = _ASSIGNED.sub(rf"\1{_GONE}", text)
    return _SCHEME.sub(rf"\1 {_GONE}", text)


def redacted_line(line: str) -> str:
    """A line of a spec without secrets: after a key that may carry one, only names of variables are left."""
    found = _SECRET_KEY.search(line)
    if found is None:
        return redacted(line)
    rest = _VALUE.sub(lambda value: value[0] if _NAME.fullmatch(value[0]) else _GONE, line[found.end() :])
    return redacted(line[: found.end()]) + rest


def _without_login(word: re.Match[str]) -> str:
    """`https://user:…@host` and `…@host`; a digest, `image@sha256:…`, names no user."""
    text = word.group()
    at = text.rfind("@")
    if text.startswith("sha256:", at + 1):
        at = text.rfind("@", 0, at)
    scheme = text.find("://", 0, max(at, 0))
    begin = scheme + 3 if scheme >= 0 else len(text) - len(text.lstrip("'\"`([{<"))
    if at <= begin or at + 1 == len(text.rstrip("'\"`)]}>,.;")):
        return text
    colon = text.find(":", begin, at)
    if colon >= 0:
        return f"{text[: colon + 1]}{_GONE}{text[at:]}"
    if scheme < 0 and "/" in text[begin:at]:
        return text
    return f"{text[:begin]}{_GONE}{text[at:]}"
