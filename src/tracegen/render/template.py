"""Files for people, from Jinja templates: a value is only ever written through a filter that makes it safe.

`finalize` refuses every value that did not come through one, so a template cannot forget.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracegen.catalogue.data import data_path
from tracegen.emit import string_literal
from tracegen.emit.characters import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context

_LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_IMAGE = re.compile(r"[a-zA-Z0-9][\w./:@-]*")
_PACKAGE = re.compile(r"[\w@][\w@./:+-]*")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


class Safe(str):
    """A text that a filter made safe for the place where it is written."""


class UnsafeValue(TypeError):
    """A template wrote a value without a filter: a bug in the template."""


def render_template(name: str, values: Mapping[str, Any], root: Path | None = None) -> str:
    """The text of a template below `root`, by default tracegen's own `templates/`; it may include what stands there.

    Raises on an undefined name and on an unfiltered value.
    """
    return _environment(root or data_path("templates")).get_template(name).render(values)


def markdown(value: object) -> Safe:
    """A text inside a line of Markdown."""
    return Safe(_MARKDOWN.sub(r"\\\1", visible(str(value).replace("\n", " "))))


def code(value: object) -> Safe:
    """A code span of Markdown, also inside a table."""
    text = visible(str(value).replace("\n", " ")).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return Safe(f"{fence}{pad}{text}{pad}{fence}")


def block(text: object, language: str) -> Safe:
    """A fenced block; the text is made safe for its language by whoever writes it."""
    lines = "\n".join(visible(line) for line in str(text).split("\n"))
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", lines)), default=0) + 1)
    return Safe(f"{fence}{language}\n{lines}\n{fence}")


def url(value: object) -> Safe:
    """An address as an autolink."""
    return Safe("<" + re.sub(r"[\s<>]", "", visible(str(value))) + ">")


def label(value: object) -> Safe:
    """A DNS label, such as the name of a service: letters, digits and hyphens mean nothing in any language."""
    return _matching(_LABEL, value)


def image(value: object) -> Safe:
    """The reference of an image, in a Dockerfile."""
    return _matching(_IMAGE, value)


def package(value: object) -> Safe:
    """The name or version of a package, or a name in its code, from a pack's data."""
    return _matching(_PACKAGE, value)


def _matching(pattern: re.Pattern[str], value: object) -> Safe:
    if not pattern.fullmatch(str(value)):
        raise UnsafeValue(f"a template writes {value!r} where only {pattern.pattern} is safe")
    return Safe(value)


def _finalize(_: "Context", value: Any) -> Safe:
    if not isinstance(value, Safe):
        raise UnsafeValue(f"a template writes {value!r} without a filter")
    return value


@cache
def _environment(root: Path) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context

    from tracegen.catalogue.compiled import Compiled

    @pass_context
    def literal(context: "Context", value: object) -> Safe:
        """A string literal of the language whose pack the template belongs to."""
        return Safe(string_literal(str(value), context["pack"].literal))

    def merged(names: Iterable[str]) -> Safe:
        """The members of the JSON objects in files below the root, sorted, as lines for within another object."""
        members: dict[str, Any] = {}
        for name in names:
            members |= json.loads(root.joinpath(name).read_text(encoding="utf-8"))
        lines = json.dumps(dict(sorted(members.items())), indent=2, ensure_ascii=False).splitlines()[1:-1]
        return Safe("\n".join(f"  {line}" for line in lines))

    environment = Environment(
        loader=FileSystemLoader([root, data_path("templates")]),
        undefined=StrictUndefined,
        # With its context, and not optimized: no filter runs while compiling, so the code depends on the text alone.
        finalize=pass_context(_finalize),
        optimized=False,
        bytecode_cache=Compiled(),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the files are Markdown and source code, not HTML
    )
    environment.filters |= {
        "markdown": markdown,
        "code": code,
        "url": url,
        "block": block,
        "label": label,
        "image": image,
        "package": package,
        "merged": merged,
        "literal": literal,
    }
    return environment
