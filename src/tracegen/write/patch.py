"""Two texts as the lines of a unified diff, as `git apply` and `patch` take them. Pure."""

from collections.abc import Iterable, Iterator


def patch(path: str, old: bytes | None, new: bytes | None, encoding: str = "utf-8") -> Iterator[str]:
    """The lines between two contents of `path`, headings included; None is no file."""
    sides = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
    old_lines, new_lines = _lines(old, encoding), _lines(new, encoding)
    if old_lines is None or new_lines is None:
        yield f"Binary files {sides[0]} and {sides[1]} differ\n"
    else:
        yield from _text_diff(sides, old_lines, new_lines)


def _text_diff(sides: tuple[str, str], old: list[str], new: list[str]) -> Iterator[str]:
    import difflib

    # Without the tab, `patch` and `git apply` end a name at its first space.
    old_name, new_name = (f"{side}\t" if " " in side else side for side in sides)
    lines = difflib.unified_diff(old, new, old_name, new_name)
    return (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(content: bytes | None, encoding: str) -> list[str] | None:
    """The lines, each with its line feed; None for what is not text."""
    try:
        text = (content or b"").decode(encoding)
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    return [line for line in _split(text) if line]


def _split(text: str) -> Iterable[str]:
    # Not `splitlines`, which also splits at form feeds and others that are part of a line to everyone else.
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), rest]
