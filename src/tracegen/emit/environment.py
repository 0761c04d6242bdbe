"""Environment files that four readers read alike, and the escapes for what each reader would expand.

The rules, and where they were checked:

- `docker run --env-file` takes a line as it is (docker/cli `pkg/kvfile`; ran: the client 28.2, before a
  stand-in for the engine);
- Compose's `env_file:` removes quotes and comments and puts in variables (compose-go `dotenv`; ran:
  `docker-compose config` 5.6);
- systemd's `EnvironmentFile=` removes quotes and backslashes (systemd `src/basic/env-file.c`; ran: the
  environment generator of 252, which has the same parser);
- a shell reads it as a program (ran: `set -a; . file` in dash and bash).

Each ASCII character was given to each of them: alone, doubled, first, last, in the middle, after `:` and `=`.
"""

import re
from collections.abc import Mapping

from tracegen.emit.characters import HIDDEN_RANGES, comment_lines
from tracegen.emit.value import Commented

# What one of the four treats differently, and why. Quotes do not help: docker run keeps them in the value.
_NOT_PORTABLE = {
    " ": "a shell ends the value at a space",
    "\n\r": "the value ends with its line",
    "'\"": "docker run keeps quotes, the others remove them",
    "\\": "a shell and systemd remove a backslash, docker run and Compose keep it",
    "$": "a shell and Compose put a variable there, docker run and systemd do not",
    "`": "a shell runs what is between backticks",
    "&();<>|": "a shell ends the value there and runs the rest",
    "~": "a shell puts a home folder for it at the start and after a colon",
    "#": "Compose has cut values there, and still does after a space",
}
_FORBIDDEN = "".join(_NOT_PORTABLE)
_PORTABLE = re.compile(f"[^{re.escape(_FORBIDDEN)}{HIDDEN_RANGES}]*+")
_HIDDEN_REASON = "it cannot be seen, and Compose trims some such spaces"

# `docker run` reads lines of at most 64 KiB, the name included.
_LONGEST = 65_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
# Compose has taken `exporter=1` for `export er=1`; the others are read-only in bash, which stops at the line.
_TAKEN_NAME = re.compile(r"export|(?:UID|EUID|PPID|BASHOPTS|SHELLOPTS|BASH_VERSINFO)\Z")


class NotPortable(ValueError):
    """A variable that the readers of an environment file would read differently."""

    def __init__(self, name: str, value: str, reason: str) -> None:
        """`reason` is a clause that says which reader does what."""
        super().__init__(f"{name}={value!r} does not mean the same to all readers of an environment file: {reason}")
        self.name = name
        self.value = value
        self.reason = reason


def is_portable(value: str) -> bool:
    """Whether all four readers get `value` back from `NAME=value`."""
    return _PORTABLE.fullmatch(value) is not None and len(value.encode()) <= _LONGEST


def to_env_file(entries: Mapping[str, str | Commented], head: str = "") -> str:
    """Lines `NAME=value` in the order of `entries`, comments above them as `# …`; `head` comes first.

    The file means the same to `docker run --env-file`, Compose's `env_file:`, systemd's `EnvironmentFile=`
    and `set -a; . file` in a POSIX shell. Raises NotPortable for a name or value that has no spelling which
    all four read alike, TypeError for a value that is not a str.
    """
    lines = _comments(head)
    for name, entry in entries.items():
        value: object = entry
        while isinstance(value, Commented):
            lines += _comments(value.comment)
            value = value.value
        lines.append(_line(name, value))
    return "".join(f"{line}\n" for line in lines)


def compose_escape(text: str) -> str:
    """`text` for a string in a Compose file, where `$NAME` and `${NAME}` are variables and `$$` is a dollar.

    For values only: Compose expands no keys, so a dollar in a key is written as it is.
    """
    return text.replace("$", "$$")


def kubernetes_escape(text: str) -> str:
    """`text` for a variable, command or argument of a container, where `$(NAME)` is a variable and `$$` a dollar.

    Not for the command of a probe, which is taken as it is.
    """
    return text.replace("$", "$$")


def collector_escape(text: str) -> str:
    """`text` for a string value in a Collector, Jaeger or Tempo configuration, where `${…}` is expanded.

    In Collector and Jaeger keys are not expanded: there a dollar in a key is written as it is. Tempo (with
    `-config.expand-env=true`) expands the file's text, keys and comments too: see `tempo_escape`.
    """
    return text.replace("$", "$$")


def tempo_escape(document: str) -> str:
    r"""A whole emitted Tempo configuration, so that it survives `-config.expand-env=true`.

    The expansion (github.com/drone/envsubst 1.0.3, `parse/scan.go`) works on the file's text before YAML is
    read and turns `\\` into `\` and `\/` into `/`, with no `$` near: the pattern `"\\d"` becomes the YAML
    error `"\d"`. What this returns is right only for a Tempo that expands.
    """
    return _EATEN_BACKSLASHES.sub(r"\g<0>\g<0>", document)


_EATEN_BACKSLASHES = re.compile(r"\\{2,}|\\(?=/)")


def _comments(text: str) -> list[str]:
    # Before version 254, systemd took a comment that ends in a backslash to go on in the next line.
    return [line.rstrip("\\ ") for line in comment_lines(text)]


def _line(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name}: an environment variable is a str, not a {type(value).__name__}")
    if not _NAME.fullmatch(name):
        raise NotPortable(
            name, value, "a name is letters, digits and _, does not begin with a digit, and is not long"
        )
    if _TAKEN_NAME.match(name):
        raise NotPortable(name, value, "a shell or Compose keeps this name for itself")
    if not is_portable(value):
        raise NotPortable(name, value, _reason(value))
    return f"{name}={value}"


def _reason(value: str) -> str:
    """Why `value` is not portable, for the first character that makes it so."""
    end = _PORTABLE.match(value)
    at = end.end() if end else 0
    if at == len(value):
        return f"docker run reads no line longer than {_LONGEST} bytes"
    return next((why for those, why in _NOT_PORTABLE.items() if value[at] in those), _HIDDEN_REASON)
