"""Which tags (`!!str`, `!foo`) a file may use: the core ones, where they say what is so anyway."""

from tracegen.source.scalars import resolve
from tracegen.source.words import quoted

_CORE = "tag:yaml.org,2002:"
_SCALARS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}
_KINDS = {"map": "mapping", "seq": "list", "str": "text"}


class TagRefused(Exception):
    """A tag that may not stand where it stands; carries the message and the hint."""

    def __init__(self, message: str, hint: str) -> None:
        """Both become those of a problem."""
        self.message, self.hint = message, hint
        super().__init__(message)


def check_collection(tag: str, kind: str) -> None:
    """Refuse any tag on a `mapping` or `list` that is not its own."""
    name = _core_name(tag)
    if name not in _KINDS and name not in _SCALARS and tag != "!":
        raise _unknown(tag)
    if tag != "!" and _KINDS.get(name) != kind:
        raise TagRefused(f"the tag {shorthand(tag)} does not fit a {kind}", "remove the tag")


def scalar_is_plain(tag: str, text: str) -> bool:
    """Whether a tagged scalar is read by the core rules (True) or as text (False); refuse any other tag."""
    name = _core_name(tag)
    if tag == "!" or name == "str":
        return False
    wanted = _SCALARS.get(name)
    if wanted is None and name not in _KINDS:
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
    return f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag


def _unknown(tag: str) -> TagRefused:
    hint = "remove the tag; tracegen reads data only and never runs or builds what a tag names"
    return TagRefused(f"the tag {shorthand(tag)} is not allowed", hint)


def _core_name(tag: str) -> str:
    return tag.removeprefix(_CORE) if tag.startswith(_CORE) else ""
