"""connection.py and known.py: addresses, repositories, and what the files say."""

import ssl
from pathlib import Path

import pytest

from privreg_values.errors import FileError, UsageError
from privreg_values.registry.client import Client, Site
from privreg_values.registry.connection import check_repository, parse_address, trust
from privreg_values.users.known import read_known
from tests.cluster import pki
from tests.unit.scripted_server import Scripted, serving


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.7", ("10.0.0.7", 443)),
        ("10.0.0.7:30443", ("10.0.0.7", 30443)),
        ("node-1.example.com:8443", ("node-1.example.com", 8443)),
        ("fd00::7", ("fd00::7", 443)),
        ("[fd00::7]", ("fd00::7", 443)),
        ("[fd00::7]:30443", ("fd00::7", 30443)),
        ("[fe80::1%eth0]:443", ("fe80::1%eth0", 443)),
    ],
)
def test_an_address_may_have_a_port(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":443", "a:b", "a:", "https://a", "a/b", "a:0", "a:65536", "[a", "a b"])
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(UsageError):
        parse_address(text)


@pytest.mark.parametrize("name", ["a", "privreg/check", "a.b/c-d/e__f/g--h", "0/1"])
def test_repositories_have_the_names_that_the_specification_allows(name: str) -> None:
    check_repository(name)


@pytest.mark.parametrize("name", ["", "A", "a//b", "/a", "a/", "a..b", "-a", "a/../b", "a b", "a:1", "a" * 256])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_repository(name)


def test_without_files_nothing_is_known(folder: Path) -> None:
    known = read_known(None, None)
    assert (known.host, known.passwords) == ("", {})
    assert list(folder.iterdir()) == []


def test_the_host_of_the_values_wins_over_that_of_the_credentials(folder: Path) -> None:
    (folder / "credentials.yaml").write_text("host: b.example.com\nusers: {a: x}\n")
    assert read_known(None, None).host == "b.example.com"
    (folder / "values.yaml").write_text("host: a.example.com\n")
    assert read_known(None, None).host == "a.example.com"


def test_passwords_that_are_no_texts_are_named(folder: Path) -> None:
    (folder / "credentials.yaml").write_text("users: {a: 12}\n")
    with pytest.raises(FileError, match=r"credentials\.yaml: users: expected passwords"):
        read_known(None, None)


def test_a_private_authority_need_not_follow_every_rule_of_rfc_5280(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor do the clients of registries ask for it; Python does from 3.13 on, whatever this one is."""
    create = ssl.create_default_context

    def create_strict() -> ssl.SSLContext:
        context = create()
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", create_strict)
    authority = pki.Authority.create(tmp_path)
    authority.issue("server", "server", sans=("127.0.0.1",), plain=True)
    with serving(Scripted(401), certificates=tmp_path) as server:
        site = Site("127.0.0.1", "127.0.0.1", server.port, trust(str(tmp_path / "ca.crt")))
        assert Client(site).request("GET", "/v2/").status == 401
