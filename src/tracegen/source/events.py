"""The events of a YAML text: from libyaml where PyYAML has it, else from its pure twin."""

from collections.abc import Iterator
from typing import Any

# yaml is imported inside the functions: it costs a fifth of the start-up of a command that reads nothing.


def parse(text: str) -> Iterator[Any]:
    """All events in order; raises `yaml.MarkedYAMLError` where the text stops being YAML.

    Both parsers keep their state in a list and not on the call stack, so depth cannot crash them; they do get
    slower with it, so whoever walks the events stops at a depth.
    """
    from yaml import MarkedYAMLError

    parser = _parser(text)
    try:
        # Each parser says None after the end of the stream.
        yield from iter(parser.get_event, None)
    except (ValueError, OverflowError) as error:
        # The pure scanner calls chr() on any number an escape names.
        mark = parser.get_mark()
        raise MarkedYAMLError(
            "while parsing a quoted scalar", None, "found invalid Unicode character escape code", mark
        ) from error


def _parser(text: str) -> Any:
    try:
        from yaml._yaml import CParser
    except ImportError:
        return _pure(text)
    return CParser(text)


def _pure(text: str) -> Any:
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PureParser(Reader, Scanner, Parser):
        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)

    return PureParser(text)
