"""What a colleague needs to look at it too, without what nobody should see."""

import base64
import json
import platform
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from tracegen import __version__
from tracegen.doctor.documents import LARGEST, Unreadable, read_variables
from tracegen.doctor.expected import Expected

MASK = "***"
_SHORTEST = 4
_FILES = (
    *("compose*.yaml", "compose*.yml", "services/*/otel.env", "collector/*", "jaeger/*", "tempo/*"),
    *("prometheus/*", "kubernetes/**/*", "TRACING.md", ".env", ".env.example"),
)
#: Keys whose values are secrets wherever they stand, unless they only refer to one.
_WORDS = (
    *("password", "passwd", "secret", "token", "api[-_]?key", "access[-_]?key", "credential", "authorization"),
    *("htpasswd", "private[-_]?key"),
)
_KEYS = rf"[\w.-]*(?:{'|'.join(_WORDS)})[\w.-]*"
_LITERAL = re.compile(
    rf"(?im)^(?P<key>[ \t]*(?:[-#][ \t]+)?[\"']?{_KEYS}[\"']?[ \t]*[:=][ \t]*)(?P<value>[^\s#][^\n]*)$"
)
_INLINE = re.compile(
    rf"(?i)(?<!\$\{{)(?<![\w.-])(?P<key>{_KEYS}[ \t]*[=:][ \t]*)"
    r"(?P<value>(?!\$|(?:bearer|basic)(?:%20|[ \t])\$)[^\s,;\"'{}]+(?:%20[^\s,;\"'{}]+)?)"
)
_IN_URL = re.compile(r"(?P<before>://[^\s/:@]*:)[^\s/@]+@")
_BEARER = re.compile(r"(?i)\b(?P<kind>bearer|basic)(?P<blank>\s+|%20)(?!\$)[^\s\"',]+")
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_OPENERS = ("{", "[", "|", ">", "|-", ">-")
_REFERENCE = re.compile(r"^[\"']?(?:(?:Bearer|Basic)(?:\s|%20))?\$\{?[\w:?. -]+\}?[\"']?$", re.IGNORECASE)


def write_bundle(
    path: Path,
    expected: Expected,
    folder: Path,
    spec: Path,
    diagnosis: Mapping[str, object],
    environment: Mapping[str, str],
) -> list[str]:
    """Write a zip file; returns the names in it. Raises OSError when it cannot be written."""
    hide = Hiding(_secrets(expected, folder, environment))
    contents = {name: hide.text(text) for name, text in _texts(folder, spec)}
    contents["doctor.json"] = hide.text(json.dumps(diagnosis, indent=2))
    contents["about.txt"] = f"tracegen {__version__}\nPython {platform.python_version()}\n{platform.platform()}\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(contents.items()):
            # Without the times of this machine: the same content is the same file.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return sorted(contents)


class Hiding:
    """Takes secrets out of texts: values that are known, and what stands where secrets stand."""

    def __init__(self, values: Iterable[str]) -> None:
        found = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
        self._values = sorted(found, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without them."""
        for value in self._values:
            text = text.replace(value, MASK)
        text = _PEM.sub(MASK, text)
        text = _IN_URL.sub(rf"\g<before>{MASK}@", text)
        text = _BEARER.sub(rf"\g<kind>\g<blank>{MASK}", text)
        text = _LITERAL.sub(_literal, text)
        return _INLINE.sub(_literal, text)


def _literal(match: re.Match[str]) -> str:
    """A value that only refers to a secret, or says in which file it is, stays."""
    value, key = match["value"].strip(), match["key"].lower()
    path = value.lstrip("\"'").startswith("/") and ("file" in key or "path" in key)
    kept = path or MASK in value or value in _OPENERS or value.startswith(("${", "{")) or _REFERENCE.match(value)
    return match[0] if kept else f"{match['key']}{MASK}"


def _forms(value: str) -> Iterator[str]:
    """As it is, percent-encoded, and as a Secret of Kubernetes has it."""
    yield value
    yield quote(value, safe="")
    yield base64.b64encode(value.encode()).decode().rstrip("=")


def _secrets(expected: Expected, folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    with suppress(Unreadable):
        yield from (value for value, _ in read_variables(folder, ".env").values())
    yield from (environment[name] for name in expected.secrets if name in environment)


def _texts(folder: Path, spec: Path) -> Iterator[tuple[str, str]]:
    if spec.is_file():
        yield "spec/tracegen.yaml", _read(spec)
    for pattern in _FILES:
        for path in folder.glob(pattern):
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST:
                name = path.relative_to(folder).as_posix()
                yield name, _variables(_read(path)) if name == ".env" else _secret_objects(_read(path))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _variables(text: str) -> str:
    """The names in a file of variables, and whether they have a value."""
    return re.sub(r"(?m)^([^#=\n]+)=(.+)$", rf"\1={MASK}", text)


def _secret_objects(text: str) -> str:
    """Without the data of a Kubernetes Secret."""
    if not re.search(r"(?m)^kind:\s*[\"']?Secret[\"']?\s*$", text):
        return text
    return re.sub(r"(?m)^(\s+[\w.-]+:\s*)\S.*$", rf"\1{MASK}", text)
