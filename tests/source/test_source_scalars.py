"""Plain scalars mean what YAML 1.2 says, which is not what PyYAML's own loader says."""

import math

import pytest

from source.reading import data
from tracegen.source.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-12", -12),
        ("0o17", 15),
        ("0xFf", 255),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("6.02E+23", 6.02e23),
        (".inf", math.inf),
        ("+.Inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_core_values(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_a_float(text: str) -> None:
    found = resolve(text)
    assert isinstance(found, float) and math.isnan(found)


WORDS = """
no yes on off y n No nULL tRUE 12:30 190:20:30 2024-01-31 1_000 1,000 0b11 0O17 0X1F -0x1F +0o7 0x 0o8
. - + e3 .e3 1e 1e+ +.nan inf nan 1.2.3 1.4-rc ١٢ = <<
"""


@pytest.mark.parametrize("text", WORDS.split())
def test_all_else_is_a_word(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", ["012", "-012", "+00", "00", "01.5", "007e1", "0999"])
def test_a_number_with_leading_zeros_stays_text(text: str) -> None:
    assert resolve(text) == text


def test_a_number_too_long_to_print_stays_text() -> None:
    for text in ("9" * 5000, "0x" + "f" * 5000, "0o" + "7" * 5000, "1." + "0" * 5000):
        assert resolve(text) == text


def test_quotes_make_text_of_anything() -> None:
    assert data("a: '1'\nb: \"true\"\nc: ''\nd: |\n  12\ne: >-\n  ~\n") == {
        "a": "1",
        "b": "true",
        "c": "",
        "d": "12\n",
        "e": "~",
    }
