"""Environment files to the byte, what is refused and why, and the escapes."""

import pytest

from tracegen.emit import (
    Commented,
    NotPortable,
    collector_escape,
    compose_escape,
    is_portable,
    tempo_escape,
    to_env_file,
)

PORTABLE = [
    *(
        "",
        "x",
        "http://collector:4317",
        "service.name=shop,team=a%20b",
        "tracecontext,baggage",
        "0.25",
        "no",
        "=x",
        "x=",
    ),
    *("{a,b}", "[a-z]*", "a?b!", "a^b", "+-./:=@%_", "Grüße", "中文", "😀", "x" * 65_000),
]
NOT_PORTABLE = {
    "a b": "space",
    " ": "space",
    "a\nb": "line",
    "a\rb": "line",
    "'a'": "quotes",
    'a"b': "quotes",
    "a\\b": "backslash",
    "a$b": "variable",
    "$": "variable",
    "`id`": "backticks",
    "a;b": "runs the rest",
    "a&b": "runs the rest",
    "a|b": "runs the rest",
    "(a)": "runs the rest",
    "a>b": "runs the rest",
    "a<b": "runs the rest",
    "~": "home folder",
    "a:~/b": "home folder",
    "a#b": "Compose has cut",
    "a\tb": "cannot be seen",
    "a\xa0": "cannot be seen",
    "a\x00": "cannot be seen",
    "\ufeffa": "cannot be seen",
    "a\u202eb": "cannot be seen",
    "\ud800": "cannot be seen",
    "x" * 65_001: "65000 bytes",
    "é" * 32_501: "65000 bytes",
}


@pytest.mark.parametrize("value", PORTABLE)
def test_portable_values_are_written_as_they_are(value: str) -> None:
    assert is_portable(value)
    assert to_env_file({"NAME": value}) == f"NAME={value}\n"


@pytest.mark.parametrize(("value", "reason"), NOT_PORTABLE.items())
def test_other_values_are_refused_with_the_reason(value: str, reason: str) -> None:
    assert not is_portable(value)
    with pytest.raises(NotPortable) as caught:
        to_env_file({"NAME": value})
    assert (caught.value.name, caught.value.value) == ("NAME", value)
    assert reason in caught.value.reason
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "1A", "A B", "A-B", "A.B", "Ä", "A=B", "#A", "A\n", "UID", "PPID", "exporter", "A" * 256]
)
def test_names_that_a_reader_would_not_take_are_refused(name: str) -> None:
    with pytest.raises(NotPortable):
        to_env_file({name: "x"})


def test_lines_stand_in_order_with_head_and_comments() -> None:
    entries: dict[str, str | Commented] = {
        "B": "1",
        "_a2": Commented("x", "why\nand how\\"),
        "EMPTY": Commented(Commented("", "two"), "one"),
    }
    assert to_env_file(entries, head="Made by tracegen.\n\nC:\\") == (
        "# Made by tracegen.\n#\n# C:\nB=1\n# why\n# and how\n_a2=x\n# one\n# two\nEMPTY=\n"
    )
    assert to_env_file({}) == ""


def test_a_comment_cannot_become_a_line() -> None:
    assert to_env_file({"A": Commented("1", "x\rB=2\u2028C=3\x85D=4")}) == "# x\n# B=2\n# C=3\n# D=4\nA=1\n"


def test_a_value_that_is_not_a_str_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match=r"^PORT: an environment variable is a str, not a int$"):
        to_env_file({"PORT": 8080})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("pa$w", "pa$$w"), ("$$", "$$$$"), ("${X}", "$${X}"), ("$$${X}", "$$$$$${X}"), ("x", "x")],
)
def test_every_dollar_is_doubled(text: str, expected: str) -> None:
    assert compose_escape(text) == expected
    assert collector_escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'a: "\\d"', r'a: "\\\\d"'),
        (r'a: "\n\"\x07"', r'a: "\n\"\x07"'),
        (r'a: "\\"', r'a: "\\\\"'),
        (r"a: \/", r"a: \\/"),
        (r"a: \d/x", r"a: \d/x"),
        (r'a: "\\\n"', r'a: "\\\\\\n"'),
    ],
)
def test_backslashes_that_tempo_would_eat_are_doubled(text: str, expected: str) -> None:
    assert tempo_escape(text) == expected
