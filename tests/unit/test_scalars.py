"""scalars.py against the rules of go.yaml.in/yaml/v2; test_yaml_reader.py compares with Helm itself."""

import pytest

from privreg_values.values.scalars import is_plain_string, resolve


@pytest.mark.parametrize("text", ["y", "Yes", "TRUE", "on", "ON"])
def test_many_words_are_true(text: str) -> None:
    assert resolve(text) is True


@pytest.mark.parametrize("text", ["n", "No", "FALSE", "off", "False"])
def test_many_words_are_false(text: str) -> None:
    assert resolve(text) is False


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_some_words_are_nothing(text: str) -> None:
    assert resolve(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("+5", 5),
        ("0x1F", 31),
        ("-0x1f", -31),
        ("017", 15),
        ("0o17", 15),
        ("0b101", 5),
        ("-0b11", -3),
        ("1_000", 1000),
        ("9223372036854775808", 2**63),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_integers_come_in_four_bases(text: str, value: int) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is int


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("08", 8.0), ("18446744073709551616", 2**64)],
)
def test_what_is_no_integer_may_still_be_a_float(text: str, value: float) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is float


@pytest.mark.parametrize(
    "text",
    [
        "yEs",
        "nil",
        "1:30",
        "2001-01-01",
        "1e400",
        ".5_0",
        "0x",
        "0b2",
        "1.2.3",
        "-",
        "+",
        ".",
        "1_000a",
        "$2y$04$x",
        "<<",
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", ["admin", "registry.example.com", "$2y$04$abc./", "/srv/images", "20Gi", "a_b"])
def test_ordinary_words_need_no_quotes(text: str) -> None:
    assert is_plain_string(text)


@pytest.mark.parametrize(
    "text", ["", "on", "y", "null", "12", "1e5", "0x12", "2001-01-01", "a: b", "- a", "#x", "*x", "é", "a b", "@a"]
)
def test_words_that_some_reader_takes_for_something_else_need_quotes(text: str) -> None:
    assert not is_plain_string(text)
