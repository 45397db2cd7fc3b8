"""credentials.py: names, passwords, hashes."""

import math
import re

import bcrypt
import pytest

from privreg_values.errors import CredentialError
from privreg_values.users import credentials


@pytest.mark.parametrize("name", ["admin", "a", "9", "Team.CI", "a@example.com", "x_y-z", "a" * 63])
def test_ordinary_user_names_are_accepted(name: str) -> None:
    credentials.check_user_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        ("admin:x", "colon"),
        ("jörg", "outside a to z"),
        ("a" * 200, "200 characters"),
        ("-a", "begins with a letter"),
        ("a b", "letters, digits"),
        ("a\n", "letters, digits"),
        ("#a", "letters, digits"),
    ],
)
def test_other_user_names_are_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(CredentialError, match=reason):
        credentials.check_user_name(name)


def test_a_generated_password_has_160_random_bits_of_letters_and_digits() -> None:
    password = credentials.generate_password()
    assert len(password) * math.log2(len(set(credentials.ALPHABET))) >= 160
    assert password.isascii()
    assert password.isalnum()
    assert password != credentials.generate_password()


def test_what_is_generated_always_has_letters_of_both_cases_and_digits_by_which_it_is_known() -> None:
    made = [credentials.generate_password() for _ in range(2000)]  # of letters and digits alone 17 would lack one
    assert all(re.search("[a-z]", it) and re.search("[A-Z]", it) and re.search("[0-9]", it) for it in made)


def test_a_generated_secret_is_longer_than_the_chart_demands() -> None:
    assert len(credentials.generate_secret()) >= 32
    assert credentials.generate_secret().isalnum()


def test_a_hash_has_the_prefix_that_every_reader_takes_and_the_cost_asked_for() -> None:
    hashed = credentials.hash_password("secret", 4)
    assert hashed.startswith("$2y$04$")
    assert credentials.is_hash(hashed)
    assert credentials.matches("secret", hashed)
    assert not credentials.matches("Secret", hashed)


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_a_hash_of_every_kind_matches_its_password(prefix: str) -> None:
    hashed = prefix + bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()[4:]
    assert credentials.is_hash(hashed)
    assert credentials.matches("secret", hashed)


@pytest.mark.parametrize(
    "text",
    ["", "secret", "$2x$04$" + "a" * 53, "$2y$03$" + "a" * 53, "$2y$31$" + "a" * 53, "$2y$04$" + "a" * 52, "$apr1$x"],
)
def test_other_texts_are_no_hashes(text: str) -> None:
    assert not credentials.is_hash(text)


def test_a_password_of_72_bytes_is_the_longest() -> None:
    credentials.check_password("a" * 72)
    with pytest.raises(CredentialError, match="73 bytes and bcrypt looks at the first 72"):
        credentials.check_password("a" * 73)


def test_bytes_are_counted_and_not_letters() -> None:
    credentials.check_password("é" * 36)
    with pytest.raises(CredentialError, match="74 bytes"):
        credentials.check_password("é" * 37)


@pytest.mark.parametrize("password", ["", "a\nb", "a\x00b", "\t"])
def test_passwords_that_could_not_be_typed_are_refused(password: str) -> None:
    with pytest.raises(CredentialError):
        credentials.check_password(password)


def test_a_refused_password_is_not_in_the_message() -> None:
    with pytest.raises(CredentialError) as caught:
        credentials.check_password("hunter2" * 20)
    assert "hunter2" not in str(caught.value)
