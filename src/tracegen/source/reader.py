"""From the bytes of one file to its root mapping: UTF-8 without anything that a reader would not see, then nodes."""

import re
from itertools import islice

from tracegen.problems import Place, Problem, ProblemsFound
from tracegen.source.composer import compose
from tracegen.source.node import Mapping, Node, Scalar, Sequence
from tracegen.source.words import NOT_A_MAPPING, NOT_TEXT, TOO_LARGE, quoted

#: Far more than a spec of a thousand services, far less than what makes a machine slow.
LARGEST_FILE = 4 * 1024 * 1024

_BOM = "\ufeff"
_ENCODINGS = (  # the longer marks first: UTF-32's begins with UTF-16's
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_MAGIC = (
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"%PDF-", "a PDF document"),
)
_SAVE_AS_UTF8 = "save the file as UTF-8"

#: All that YAML calls unprintable, a second byte order mark, and the three line separators where YAML 1.1 ends a
#: line and editors do not: a reviewer would read as a comment what a parser reads as a key.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n|\r|\n")

#: Somebody who saved a file in the wrong program does not need to see each line of it.
_MOST_SHOWN = 20

_COLON_WITHOUT_SPACE = re.compile(r"[\w.-]+:(?!\s|//)\S")
_EQUALS = re.compile(r"([\w.-]+)\s*=\s*(\S+)")
_BEGIN = "write `key: value` lines; `tracegen new` writes a spec to begin with"


def read(data: bytes, file: str) -> Mapping:
    """The root mapping of a file; raises `ProblemsFound` and nothing else. `file` is its name in problems."""
    if len(data) > LARGEST_FILE:
        message = f"the file is larger than {LARGEST_FILE // 1024 // 1024} MiB"
        hint = "is this the right file? a spec may be split with `include`"
        raise ProblemsFound([Problem.of(TOO_LARGE, Place(file), "", message, hint)])
    text = decode(data, file)
    root = compose(text, file)
    if not isinstance(root, Mapping):
        raise ProblemsFound([_root_problem(root, text, file)])
    return root


def decode(data: bytes, file: str) -> str:
    """The text of a file, or the problems that make it none."""
    _refuse_other_encodings(data, file)
    _refuse_binary(data, file)
    text = _utf8(data, file)
    found = [_refused(text, match, file) for match in islice(_REFUSED.finditer(text), _MOST_SHOWN)]
    if found:
        raise ProblemsFound(found)
    return text


def _utf8(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        byte = data[error.start]
        message = f"the byte 0x{byte:02x} is not UTF-8"
        hint = f"{_SAVE_AS_UTF8}; in Latin-1 this byte is {bytes([byte]).decode('latin-1')!r}"
        # The decoder counts a byte order mark as a character; no editor shows it as a column.
        before = data[: error.start].decode("utf-8").removeprefix(_BOM)
        raise _not_text(_end_of(before, file), message, hint) from None


def _refuse_other_encodings(data: bytes, file: str) -> None:
    for mark, name in _ENCODINGS:
        if data.startswith(mark):
            hint = f"{_SAVE_AS_UTF8}; PowerShell's `>` writes UTF-16, `Out-File -Encoding utf8` does not"
            raise _not_text(Place(file), f"the file is {name}, not UTF-8", hint)


def _refuse_binary(data: bytes, file: str) -> None:
    for magic, name in _MAGIC:
        if data.startswith(magic):
            raise _not_text(Place(file), f"this is a binary file ({name})", "is this the right file?")
    position = data.find(b"\0")
    if position < 0:
        return
    if any(data[:64:2]) != any(data[1:64:2]):  # every other byte is NUL
        raise _not_text(Place(file), "the file looks like UTF-16, not UTF-8", _SAVE_AS_UTF8)
    place = _end_of(data[:position].decode("utf-8", errors="replace").removeprefix(_BOM), file)
    raise _not_text(place, "this is a binary file: it holds a NUL byte", "is this the right file?")


def _refused(text: str, match: re.Match[str], file: str) -> Problem:
    number = ord(match.group())
    escape = f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
    message = f"the invisible character U+{number:04X} is not allowed"
    hint = f'remove it, or write it as "{escape}" in double quotes'
    return Problem.of(NOT_TEXT, _end_of(text[: match.start()], file), "", message, hint)


def _not_text(place: Place, message: str, hint: str) -> ProblemsFound:
    return ProblemsFound([Problem.of(NOT_TEXT, place, "", message, hint)])


def _end_of(before: str, file: str) -> Place:
    """The place right after a text, counted as YAML and editors count."""
    lines = _LINE_END.split(before)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _root_problem(node: Node | None, text: str, file: str) -> Problem:
    """The problem of a root that is no mapping."""
    if isinstance(node, Sequence):
        message, hint = (
            "the top level is a list, not a mapping",
            "remove the leading `- `, or name the list with a key",
        )
        return Problem.of(NOT_A_MAPPING, node.place, "", message, hint)
    if isinstance(node, Scalar) and (node.text or not node.plain):
        return Problem.of(NOT_A_MAPPING, node.place, "", *_lonely(node))
    message = "the file holds only comments" if text.strip() else "the file is empty"
    return Problem.of(NOT_A_MAPPING, Place(file), "", message, _BEGIN)


def _lonely(node: Scalar) -> tuple[str, str]:
    message = f"the top level is the text {quoted(node.text)}, not a mapping"
    if node.plain and _COLON_WITHOUT_SPACE.match(node.text):
        return message, "put a space after the colon"
    if node.plain and (found := _EQUALS.match(node.text)):
        return message, f"write a colon in place of the equals sign: `{found[1]}: {found[2]}`"
    return message, _BEGIN
