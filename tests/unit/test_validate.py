"""`privreg-values validate`: the verdict, the place, the words."""

import json
import re
from pathlib import Path

import pytest

from privreg_values.values import chart, schema
from privreg_values.values.nodes import plain
from tests.unit.conftest import Cli

HASH = "$2y$04$" + "a" * 53
GOOD = f"""\
host: registry.example.com
auth:
  users:
    - name: admin
      hash: {HASH}
      role: admin
httpSecret: {{value: {"s" * 32}}}
pullSecrets:
  enabled: false
"""


def verdict(cli: Cli, text: str | bytes) -> tuple[int, list[str]]:
    """Code and lines for the text of values.yaml; not those that show the place."""
    Path("values.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    ended = cli("validate", "values.yaml")
    return ended.code, said(ended.out)


def said(out: str) -> list[str]:
    return [line for line in out.splitlines() if not re.match(r" *\d* \| ", line)]


def test_good_values_are_said_to_be_good(cli: Cli) -> None:
    assert verdict(cli, GOOD) == (0, ["values.yaml: ok"])


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_a_hash_of_every_kind_is_good(prefix: str, cli: Cli) -> None:
    assert verdict(cli, GOOD.replace("$2y$", prefix))[0] == 0


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("replicsa: 1", '10:1: replicsa: is not a key of this chart; did you mean "replicas"?'),
        ("image: {pulPolicy: x}", '10:9: image.pulPolicy: is not a key of this chart; did you mean "pullPolicy"?'),
        (
            "accessModes: [x]",
            '10:1: accessModes: is not a key of this chart; did you mean "storage.persistence.accessModes"?',
        ),
        (
            "persistence: {}",
            "10:1: persistence: is not a key of this chart; set storage.type to pvc and move its keys to storage.",
        ),
        ("ingress: {hosts: [a.example.com]}", "10:11: ingress.hosts: is not a key of this chart; set host, at the top"),
        ("secrets: {htpasswd: x}", "10:1: secrets: is not a key of this chart; users are in auth.users: `privreg-"),
        ("storage: filesystem", '10:10: storage: expected a map, found the string "filesystem"; set storage.type to'),
        (
            "pullSecrets: {namespaces: a}",
            '10:27: pullSecrets.namespaces: expected a list, found the string "a"; did you',
        ),
        ("ingress: {className: A_b}", "ingress.className: expected the name of an IngressClass, in lower case; empty"),
        ("tls: {zzz: 1}", "10:7: tls.zzz: is not a key of this chart; expected secretName or certManager"),
        ("replicas: '2'", '10:11: replicas: expected an integer, found the string "2"; did you mean 2?'),
        ("replicas: two", '10:11: replicas: expected an integer, found the string "two"'),
        ("image: {tag: 3.1}", 'image.tag: expected a string, found the number 3.1; did you mean "3.1"?'),
        ("image: {tag: 3.0}", 'image.tag: expected a string, found the number 3; did you mean "3"?'),
        (
            "storage: {type: PVC}",
            'expected pvc, hostPath, nfs, s3 or emptyDir, found the string "PVC"; did you mean "pvc"?',
        ),
        ("storage: {type: tape}", 'expected pvc, hostPath, nfs, s3 or emptyDir, found the string "tape"'),
        ("storage: {delete: {enabled: 'true'}}", 'expected true or false, found the string "true"; did you mean true?'),
        ("ingress: {annotations: {a/b: on}}", 'ingress.annotations["a/b"]: expected a string or null, found true'),
        (
            "tls: {certManager: yes}",
            "expected a map, found true (yes and on mean that too); did you mean {enabled: true}?",
        ),
        ("service: {port: 0}", "service.port: expected at least 1, found the number 0"),
        ("service: {port: 70000}", "service.port: expected at most 65535"),
        (
            "ingress: {redirect: null}",
            "10:11: ingress.redirect: is empty (null), which takes the default away; remove",
        ),
        ("resources: {requests: {cpu: lots}}", "resources.requests.cpu: expected a quantity such as 100m or 300Mi"),
        ("extraEnv: {a: b}", "extraEnv: expected a list, found a map"),
        ("log:", "values.yaml:10:1: log: is empty (null), which takes the default away"),
        ("storage: {persistence: {accessModes: []}}", "expected at least 1 item, found a list"),
        ("pullSecrets: {namespaces: [a, a]}", "pullSecrets.namespaces: expected no item twice"),
        ("nameOverride: A_b", "nameOverride: expected an RFC 1123 label, or empty"),
    ],
)
def test_a_problem_is_named_with_its_place_and_what_was_meant(line: str, problem: str, cli: Cli) -> None:
    code, lines = verdict(cli, f"{GOOD}{line}\n")
    assert code == 1
    assert any(f"values.yaml:{problem}" in it or problem in it for it in lines), lines


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("''", "host: is required; set it to the name that clients use"),
        ("https://registry.example.com", 'a scheme (https://); did you mean "registry.example.com"?'),
        ("'registry.example.com:5000'", 'a port (:5000); did you mean "registry.example.com"?'),
        ("registry.example.com/x", 'a path (/x); did you mean "registry.example.com"?'),
        ("Registry.example.com", 'upper-case letters; did you mean "registry.example.com"?'),
        ("my_registry.example.com", 'an underscore; did you mean "my-registry.example.com"?'),
        ("registry", "has no dot"),
        ("10.0.0.7", "an address, and an Ingress"),
    ],
)
def test_a_bad_host_is_explained_in_words_with_the_corrected_spelling(host: str, words: str, cli: Cli) -> None:
    code, lines = verdict(cli, GOOD.replace("registry.example.com", host))
    assert code == 1
    assert len(lines) == 1
    assert words in lines[0]


def test_a_missing_host_is_pointed_out_in_the_file(cli: Cli) -> None:
    code, lines = verdict(cli, GOOD.partition("\n")[2])
    assert code == 1
    assert lines[0].startswith("values.yaml:1:1: host: is required; set it to")


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("{name: 'a:b', hash: H}", "auth.users[0].name: expected a user name such as ci; this one has a colon"),
        ("{name: jörg, hash: H}", "has letters outside a to z"),
        (f"{{name: {'a' * 200}, hash: H}}", "has 200 characters, and 63 are allowed"),
        ("{name: a, hash: hunter2}", "auth.users[0].hash: expected a bcrypt hash ($2y$...), never the password itself"),
        ("{name: a, hash: hunter2hunter2hunter2hunter2hunter2hunter2hunter2hunter2hunt}", "never the password itself"),
        ("{name: a, hash: 12345}", "auth.users[0].hash: expected a string, found a number; put it in quotes"),
        ("{name: a, hash: $2y$31$" + "a" * 53 + "}", "expected a bcrypt hash of cost 4 to 14; its cost of 31"),
        ("{name: a, hash: $2y$04$" + "a" * 50 + "}", "this one is cut short or has been changed"),
        ("{name: a}", "auth.users[0].hash: is missing"),
        ("{name: a, hash: H, password: hunter2}", "auth.users[0].password: is not a key of this chart"),
        ("a:hunter2", "auth.users[0]: expected a map, found a string"),
        ("{name: a, hash: H}, {name: a, hash: H}", "auth.users: the name a is there twice; keep one of them"),
    ],
)
def test_a_bad_user_is_explained_and_nothing_secret_is_shown(user: str, words: str, cli: Cli) -> None:
    text = GOOD.replace(f"    - name: admin\n      hash: {HASH}\n      role: admin", f"    [{user.replace('H', HASH)}]")
    code, lines = verdict(cli, text)
    assert code == 1
    assert any(words in line for line in lines), lines
    assert "hunter2" not in "\n".join(lines)
    assert "12345" not in "\n".join(lines)


@pytest.mark.parametrize(
    "line",
    ["httpSecret: {value: hunter2}", "httpSecret: hunter2", "pullSecrets: {credential: {password: 'hunter2\\x01'}}",
     "pullSecrets: {credential: hunter2}", "auth: hunter2"],
)  # fmt: skip
def test_a_secret_in_a_wrong_place_is_not_shown(line: str, cli: Cli) -> None:
    code, lines = verdict(cli, f"{line}\n")
    assert code == 1
    assert "hunter2" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"", "values.yaml:1:1: host: is required"),
        (b"- host\n", "values.yaml:1:1: expected a map of values, found a list"),
        (b"host:\n\tx: 1\n", "values.yaml:2:1: a tab cannot indent YAML; use spaces"),
        (b"\xff\xfeh\x00", "values.yaml:1:1: is UTF-16; save it as UTF-8"),
        (b"a: \xe9\n", "values.yaml:1:4: is not UTF-8; save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_map_of_values_is_refused_with_its_place(raw: bytes, line: str, cli: Cli) -> None:
    code, lines = verdict(cli, raw)
    assert code == 1
    assert lines[0].startswith(line)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        f"h: &h {HASH}\n".replace("h: ", "global: {h: ").replace("\n", "}\n") + GOOD.replace(HASH, "*h"),
        GOOD.replace("enabled: false", "enabled: off"),
        GOOD + "replicas: 0x1\n",
    ],
    ids=["a byte order mark", "Windows line ends", "an anchor", "a word for false", "another notation"],
)
def test_what_helm_accepts_is_accepted(text: str, cli: Cli) -> None:
    assert verdict(cli, text) == (0, ["values.yaml: ok"])


def test_a_key_that_comes_twice_is_accepted_as_helm_does_with_a_warning(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(GOOD + "replicas: 1\nreplicas: 1\n")
    ended = cli("validate", "values.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert said(ended.out) == [
        "values.yaml:11:1: warning: the key replicas is there again; Helm takes the last one",
        "values.yaml: ok (1 warning)",
    ]


def test_several_documents_in_a_file_are_merged_with_a_warning(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(GOOD + "---\nreplicas: 1\n")
    ended = cli("validate", "values.yaml")
    assert ended.code == 0
    assert "Helm 3 reads the first one only" in ended.out


def test_files_are_laid_over_each_other_and_each_problem_names_its_own(cli: Cli, folder: Path) -> None:
    (folder / "a.yaml").write_text(GOOD + "replicas: x\nlog: {level: x}\n")
    (folder / "b.yaml").write_text("replicas: 1\nimage:\n  tag: 1\n")
    ended = cli("validate", "a.yaml", "b.yaml")
    assert ended.code == 1
    places = [line.split(": ")[0] for line in said(ended.out)]
    assert places == ["a.yaml:11:14", "b.yaml:3:8"]


def test_of_three_files_each_problem_names_the_one_it_came_from(cli: Cli, folder: Path) -> None:
    (folder / "base.yaml").write_text(GOOD + "replicas: x\nservice:\n  port: 0\nlog: {level: loud}\n")
    (folder / "team.yaml").write_text("# the team's\n\nservice: {port: 80, nodePort: 1}\nextraEnv: [{name: A, x: 1}]\n")
    (folder / "cluster.yaml").write_text("extraEnv: [{name: B}]\nlog: {level: info}\nimage:\n  tag: 3\n")
    ended = cli("validate", "base.yaml", "-f", "team.yaml", "--values", "cluster.yaml")
    assert [line.partition(" ")[0] for line in said(ended.out)] == [
        "base.yaml:10:11:",  # replicas; port and level are replaced
        "team.yaml:3:31:",  # nodePort needs another type; the list extraEnv is replaced
        "cluster.yaml:4:8:",
    ]


def test_null_takes_a_default_away(cli: Cli, folder: Path) -> None:
    (folder / "a.yaml").write_text(GOOD + "resources: {requests: null}\nservice: {nodePort: 30000, type: NodePort}\n")
    (folder / "b.yaml").write_text("service: {nodePort: null}\n")
    assert cli("validate", "a.yaml", "b.yaml").code == 0


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("host: registry.example.com", "host: 0", "host: expected a string"),
        ("pullSecrets:\n  enabled: false", "pullSecrets: {enabled: true, credential: 0}", "credential: expected a map"),
    ],
)
def test_a_rule_is_not_said_to_be_broken_by_a_value_that_is_refused_anyway(
    old: str, new: str, problem: str, cli: Cli
) -> None:
    assert old in GOOD
    code, lines = verdict(cli, GOOD.replace(old, new))
    assert code == 1
    assert len(lines) == 1
    assert problem in lines[0]


def test_standard_input_is_read_as_helm_does(cli: Cli) -> None:
    assert cli("validate", "-", stdin=GOOD).out == "-: ok\n"


@pytest.mark.parametrize(("name", "words"), [("none.yaml", "no such file"), (".", "is a folder")])
def test_a_file_that_cannot_be_read_is_named(name: str, words: str, cli: Cli) -> None:
    ended = cli("validate", name)
    assert ended.code == 1
    assert ended.err.startswith(f"error: {name}: ")
    assert words in ended.err


def test_without_a_file_the_usage_is_wrong(cli: Cli) -> None:
    assert cli("validate").code == 2


def test_json_has_every_problem_with_its_place(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(GOOD + "replicsa: 1\nreplicas: 1\nreplicas: 1\n")
    ended = cli("validate", "values.yaml", "--json")
    assert ended.code == 1
    assert json.loads(ended.out) == {
        "files": ["values.yaml"],
        "ok": False,
        "problems": [
            {
                "file": "values.yaml",
                "line": 10,
                "column": 1,
                "path": "replicsa",
                "kind": "schema",
                "message": "is not a key of this chart",
                "suggestion": '"replicas"',
            }
        ],
        "warnings": [
            {
                "file": "values.yaml",
                "line": 12,
                "column": 1,
                "path": "",
                "kind": "duplicate-key",
                "message": "the key replicas is there again; Helm takes the last one",
                "suggestion": "",
            }
        ],
    }


# --- The schema's patterns, which Go's RE2 and Python's re read differently


def test_a_line_break_at_the_end_does_not_slip_through_a_pattern() -> None:
    values = plain(chart.defaults())
    values["host"] = "registry.example.com\n"
    assert [fault.path for fault in schema.check(values)] == [("host",)]


@pytest.mark.parametrize(
    ("pattern", "re2"),
    [
        ("^a$", r"^a\Z"),
        (r"^\$2[$]$", r"^\$2[$]\Z"),
        (r"(^$|x)", r"(^\Z|x)"),
        (r"[]$]$", r"[]$]\Z"),
        (r"[^\]$]", r"[^\]$]"),
    ],
)
def test_only_a_dollar_that_is_an_anchor_is_read_as_the_very_end(pattern: str, re2: str) -> None:
    assert schema._as_re2(pattern) == re2


def test_the_schema_uses_no_format_which_helm_and_jsonschema_read_differently() -> None:
    assert '"format":' not in json.dumps(chart.schema())
