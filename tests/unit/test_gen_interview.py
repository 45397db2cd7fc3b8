"""`gen` at a terminal: its questions, wrong answers, and how to leave."""

from pathlib import Path

import pytest

from privreg_values.values import validate
from tests.unit.test_gen import HOST, hashes, load
from tests.unit.test_terminal import Terminal, terminal

EVERY_CHOICE = ("--ingress-class=a", "--ingress-preset=none", "--tls-secret=b", "--storage=emptyDir", "--namespace=c")


def answer(it: Terminal, *exchanges: tuple[str, str]) -> None:
    """Wait for each prompt and type the answer."""
    for prompt, text in exchanges:
        it.wait_for(prompt)
        it.type(f"{text}\n")


def test_the_host_must_be_said_and_enter_takes_all_else(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen") as it:
        answer(it, ("(--host): ", ""), ("(--host): ", "https://Registry.example.com"))
        it.wait_for('mean "registry.example.com"?')
        answer(it, ("(--host): ", "registry.example.com"), ("Answer [default]: ", ""), ("Answer [none]: ", ""))
        answer(it, ("Answer [secret]: ", ""), ("Answer [default]: ", ""), ("Answer [pvc]: ", ""), ("[20Gi]: ", ""))
        answer(it, ("(--namespace) [default]: ", ""))
        answer(it, ("Make values.yaml and credentials.yaml for registry.example.com [Y/n]: ", ""))
        assert it.end() == 0
    assert "no cluster was read: no-kubectl-in-this-test is not there" in it.seen
    assert list(hashes(tmp_path)) == ["admin", "ci", "cluster"]
    values = load(tmp_path / "values.yaml")
    assert values["ingress"] == {"className": "", "preset": "none"}
    assert values["tls"] == {"secretName": ""}
    assert values["storage"] == {"type": "pvc", "persistence": {"size": "20Gi"}}
    assert validate.validate([str(tmp_path / "values.yaml")]).problems == []


def test_a_wrong_answer_is_asked_again_with_the_reason(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", HOST) as it:
        answer(it, ("Answer [default]: ", "my class"))
        it.wait_for("'my class' cannot be used: expected lower-case letters, digits and dashes")
        answer(it, ("Answer [default]: ", "haproxy"))
        it.wait_for("haproxy: by the name of the class")
        answer(it, ("Answer [haproxy]: ", ""), ("Answer [secret]: ", "CERT-MANAGER"), ("[letsencrypt]: ", "prod"))
        answer(it, ("Answer [pvc]: ", "tape"))
        it.wait_for("'tape' is none of pvc, hostPath, nfs, s3, emptyDir")
        answer(it, ("Answer [pvc]: ", "nfs"), ("(--storage-server): ", ""), ("(--storage-server): ", "nas"))
        answer(it, ("(--storage-path): ", "images"), ("expected an absolute path", "/images"))
        answer(it, ("(--namespace) [default]: ", "team-a, Team_B"), ("'Team_B' cannot be used", "team-a"))
        answer(it, ("[Y/n]: ", "maybe"), ("[Y/n]: ", "y"))
        assert it.end() == 0
    values = load(tmp_path / "values.yaml")
    assert values["ingress"] == {"className": "haproxy", "preset": "haproxy"}
    assert values["tls"]["certManager"] == {"enabled": True, "issuerRef": {"name": "prod"}}
    assert values["storage"] == {"type": "nfs", "nfs": {"server": "nas", "path": "/images"}}
    assert values["pullSecrets"]["namespaces"] == ["team-a"]


def test_without_an_ingress_no_certificate_is_asked_for(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", HOST, "--profile=small") as it:
        answer(it, ("Answer [default]: ", "none"), ("(--namespace) [default]: ", ""), ("[Y/n]: ", ""))
        assert it.end() == 0
    assert "Certificate" not in it.seen
    assert load(tmp_path / "values.yaml")["ingress"]["enabled"] is False


@pytest.mark.parametrize(
    "arguments", [(HOST, *EVERY_CHOICE), (HOST, "--profile=seed", "--no-cluster", "--namespace=c")], ids=["all", "seed"]
)
def test_what_options_or_a_profile_say_is_not_asked(arguments: tuple[str, ...], tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", *arguments) as it:
        answer(it, ("[Y/n]: ", ""))
        assert it.end() == 0
    assert "Answer" not in it.seen
    assert it.seen.count("]: ") == 1


def test_what_a_file_says_is_not_asked_and_a_file_in_use_is_only_added_to(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(
        "ingress: {className: mine}\nstorage: {type: emptyDir}\ntls: {secretName: a}\n"
    )
    with terminal(tmp_path, "gen") as it:
        answer(it, ("(--host): ", "registry.example.com"), ("(--namespace) [default]: ", ""))
        answer(it, ("Add to values.yaml and make credentials.yaml for registry.example.com [Y/n]: ", ""))
        assert it.end() == 0
    assert load(tmp_path / "values.yaml")["ingress"] == {"className": "mine"}
    with terminal(tmp_path, "gen", "--user=alice") as it:
        answer(it, ("Add to values.yaml and credentials.yaml for registry.example.com [Y/n]: ", ""))
        assert it.end() == 0
    assert "Enter takes" not in it.seen
    assert "alice" in hashes(tmp_path)


def test_where_there_is_nothing_to_add_nothing_is_asked(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", HOST, *EVERY_CHOICE) as it:
        answer(it, ("[Y/n]: ", ""))
        assert it.end() == 0
    before = (tmp_path / "values.yaml").read_bytes()
    with terminal(tmp_path, "gen", HOST) as it:
        assert it.end() == 0
    assert "[Y/n]" not in it.seen
    assert "nothing to add" in it.seen
    assert (tmp_path / "values.yaml").read_bytes() == before


def test_a_lost_values_file_takes_its_host_from_the_credentials(tmp_path: Path) -> None:
    (tmp_path / "credentials.yaml").write_text("host: registry.example.com\n")
    with terminal(tmp_path, "gen", *EVERY_CHOICE) as it:
        answer(it, ("Add to credentials.yaml and make values.yaml for registry.example.com [Y/n]: ", ""))
        assert it.end() == 0


def test_whoever_says_no_gets_no_file(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", HOST, *EVERY_CHOICE) as it:
        answer(it, ("[Y/n]: ", "n"))
        assert it.end() == 1
    assert it.seen.endswith("\nnothing was changed\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize(
    ("arguments", "prompt"),
    [((), "(--host): "), ((HOST,), "Answer [default]: "), ((HOST, *EVERY_CHOICE), "[Y/n]: ")],
    ids=["first question", "another", "the last"],
)
def test_whoever_leaves_gets_no_file(arguments: tuple[str, ...], prompt: str, keys: str, tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", *arguments) as it:
        it.wait_for(prompt)
        it.type(keys)
        assert it.end() == 130
    assert it.seen.endswith("\ninterrupted\n")
    assert "Traceback" not in it.seen
    assert list(tmp_path.iterdir()) == []


def test_in_a_dumb_terminal_it_is_plain_text_of_80_columns(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", HOST, TERM="dumb") as it:
        answer(it, ("Answer [default]: ", "traefik"), ("Answer [traefik]: ", ""), ("Answer [secret]: ", ""))
        answer(it, ("Answer [default]: ", ""), ("Answer [pvc]: ", ""), ("[20Gi]: ", ""), ("[default]: ", ""))
        answer(it, ("[Y/n]: ", ""))
        assert it.end() == 0
    assert "\033" not in it.seen
    assert max(map(len, it.seen.splitlines())) <= 80


def test_a_bucket_is_asked_for_step_by_step_and_the_secret_of_its_key_is_not_shown(tmp_path: Path) -> None:
    known = ("--ingress-class=a", "--ingress-preset=none", "--tls-secret=b", "--namespace=c", "--no-cluster")
    with terminal(tmp_path, "gen", HOST, "--profile=ha-s3", *known) as it:
        answer(it, ("(--s3-bucket): ", "s3://images"), ("cannot be used: expected a bucket's name", "images"))
        answer(it, ("Answer [amazon]: ", "minio.example.com"), ("expected an address", ""))
        answer(it, ("(--s3-region): ", "eu-west-1"), ("Answer [role]: ", "keys"), ("(--s3-access-key): ", "AKIA"))
        answer(it, ("Secret key of AKIA: ", "sEcReT/kEy"), ("[Y/n]: ", ""))
        assert it.end() == 0
    assert "sEcReT/kEy" not in it.seen
    keys = {"accessKey": "AKIA", "secretKey": "sEcReT/kEy"}
    assert load(tmp_path / "values.yaml")["storage"]["s3"] == {"bucket": "images", "region": "eu-west-1", **keys}
