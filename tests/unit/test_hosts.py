"""hosts.py: which names are usable, and what is said about the others."""

import pytest

from privreg_values.errors import HostError
from privreg_values.values import hosts


@pytest.mark.parametrize(
    "host", ["registry.example.com", "a.b", "r-1.x9.example.co", "xn--bcher-kva.example", "1.example.com"]
)
def test_a_lower_case_name_with_a_dot_is_usable(host: str) -> None:
    hosts.check(host)
    assert hosts.advise(host) is None


@pytest.mark.parametrize(
    ("host", "fault", "suggestion"),
    [
        ("https://registry.example.com", "a scheme (https://)", "registry.example.com"),
        ("registry.example.com:5000", "a port (:5000)", "registry.example.com"),
        ("registry.example.com/v2/", "a path (/v2/)", "registry.example.com"),
        ("Registry.Example.com", "upper-case letters", "registry.example.com"),
        ("my_registry.example.com", "an underscore", "my-registry.example.com"),
        ("registry.example.com.", "ends with a dot", "registry.example.com"),
        (" registry.example.com ", "spaces around it", "registry.example.com"),
        ("me@registry.example.com", "a user name before an @", "registry.example.com"),
        ("bücher.example", "letters that DNS does not know", "xn--bcher-kva.example"),
        ("registry", "no dot", None),
        ("reg istry.example.com", "a space in it", None),
        ("10.0.0.7", "is an address", None),
        ("[fd00::7]", "is an address", None),
        ("", "is empty", None),
        ("-a.example.com", "is not a DNS name", None),
        ("a..example.com", "is not a DNS name", None),
        (f"{'a' * 64}.example.com", "longer than 63", None),
        (".".join(["a" * 60] * 5), "longer than 253", None),
    ],
)
def test_what_is_wrong_is_said_in_words_with_the_corrected_spelling(
    host: str, fault: str, suggestion: str | None
) -> None:
    advice = hosts.advise(host)
    assert advice
    assert fault in str(advice)
    assert advice.suggestion == suggestion
    with pytest.raises(HostError, match="host: "):
        hosts.check(host)


def test_all_faults_are_named_at_once() -> None:
    advice = hosts.advise("HTTPS://My_Registry.Example.com:5000/x")
    assert (
        str(advice) == "it has a scheme (HTTPS://), a path (/x), a port (:5000), upper-case letters and an underscore"
    )
    assert advice
    assert advice.suggestion == "my-registry.example.com"


def test_a_suggestion_is_itself_usable() -> None:
    for host in ("https://A_b.example.com:1/x?y", "ÄÖ.example", "x.example.com:"):
        advice = hosts.advise(host)
        assert advice
        assert advice.suggestion is None or hosts.is_valid(advice.suggestion)
