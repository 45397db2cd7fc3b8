"""Where the values of a release were written, and which of them an error of helm is about."""

import json
from pathlib import Path

import pytest

from privreg_values.cluster.kubectl import Object
from privreg_values.errors import UsageError
from privreg_values.release import hiding, sources
from privreg_values.values.paths import render


def read(folder: Path, *texts: str) -> sources.Sources:
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text)
    return sources.read([f"{number}.yaml" for number in range(len(texts))])


def test_later_files_win_and_each_difference_names_its_own_file_and_line(folder: Path) -> None:
    found = read(folder, "host: a.example.com\nlog:\n  level: debug\n  formatter: text\n", "log:\n  level: warn\n")
    told = [(str(it.mark), render(it.path), it.value, it.default) for it in sources.differences(found)]
    assert told == [("0.yaml:1:1", "host", "a.example.com", ""), ("1.yaml:2:3", "log.level", "warn", "info")]


def test_what_is_written_as_the_default_is_no_difference(folder: Path) -> None:
    assert sources.differences(read(folder, "replicas: 1\nstorage: {type: pvc}\nextraEnv: []\npodLabels: {}\n")) == []


def test_a_default_that_is_taken_away_is_a_difference(folder: Path) -> None:
    (it,) = sources.differences(read(folder, "resources: null\n"))
    assert (render(it.path), it.value) == ("resources", None)


def test_without_a_file_the_usual_one_is_read(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no values\.yaml here; name one, or make one"):
        sources.read([])
    (folder / "values.yaml").write_text("host: b.example.com\n")
    assert sources.read([]).values == {"host": "b.example.com"}


VALUES = """\
image: {tag: nope}
service:
  nodePort: 99
auth:
  users:
    - name: x
      hash: no
resources:
  limits: {cpu: "3", memory: "3"}
"""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("- at '/service/nodePort': got string, want integer", "0.yaml:3:13: service.nodePort"),
        ("- at '/auth/users/0/hash': 'no' does not match", "0.yaml:7:13: auth.users[0].hash"),
        ("execution error: \nprivreg: auth.users: x has no role; set it", "0.yaml:5:3: auth.users"),
        ('Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 99: out', "0.yaml:3:13: service.nodePort"),
        ("there is no image docker.io/library/registry:nope", "0.yaml:1:14: image.tag"),
    ],
)  # fmt: skip
def test_an_error_of_helm_is_traced_to_its_line(folder: Path, message: str, line: str) -> None:
    assert list(sources.causes(message, read(folder, VALUES).root)) == [line]


@pytest.mark.parametrize(
    "message", ["connection refused", 'x: Invalid value: "3": too much', 'x: Invalid value: "elsewhere": wrong']
)
def test_what_cannot_be_traced_to_one_line_is_not_guessed(folder: Path, message: str) -> None:
    assert list(sources.causes(message, read(folder, VALUES).root)) == []


def test_secrets_in_values_are_hidden_and_names_are_not() -> None:
    values = {
        "auth": {"users": [{"name": "ci", "hash": "$2y$05$abc", "role": "push"}], "existingSecret": "mine"},
        "httpSecret": {"value": "0123"},
        "pullSecrets": {"credential": {"username": "cluster", "password": "swordfish"}},
        "extraEnv": [{"name": "A", "value": "b"}],
        "token": {"realm": "https://auth.example.com"},
    }
    hidden = hiding.hide(values)
    assert hidden["auth"] == {
        "users": [{"name": "ci", "hash": "(hidden)", "role": "push"}],
        "existingSecret": "mine",
    }
    assert hidden["httpSecret"]["value"] == hidden["extraEnv"][0]["value"] == "(hidden)"
    assert hidden["pullSecrets"]["credential"] == {"username": "cluster", "password": "(hidden)"}
    assert hidden["token"] == values["token"]


def test_secrets_in_other_places_are_hidden_too() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "mine"}, "stringData": {"word": "swordfish"}}
    values = {"extraManifests": [secret, "kind: Secret"], "extraVolumes": ["registry.example.com:\nci:$2y$05$abc"]}
    hidden = hiding.hide(values)
    assert hidden["extraManifests"] == [{**secret, "stringData": {"word": "(hidden)"}}, "(hidden)"]
    assert hidden["extraVolumes"] == ["(hidden)"]


POD = {"containers": [{"env": [{"name": "DB_PASSWORD", "value": "swordfish"}, {"name": "GOGC", "value": "50"}]}]}
FILE = "# users\nci:$2y$05$abcdefgh\n"


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ({"kind": "Pod", "spec": POD}, [{"name": "DB_PASSWORD", "value": "(hidden)"}, {"name": "GOGC", "value": "50"}]),
        ({"kind": "ConfigMap", "data": {"users": FILE, "x": "y"}}, {"users": "# users\n(hidden)\n", "x": "y"}),
        ({"kind": "List", "items": [{"kind": "Secret", "data": {"x": "eA=="}}]}, {"x": "(hidden)"}),
    ],
)
def test_in_an_object_of_another_kind_what_is_secret_is_hidden_and_nothing_else(item: Object, shown: object) -> None:
    hidden = hiding.hide_in_object(item)
    assert json.dumps(shown) in json.dumps(hidden)
    assert hiding.hide({"extraManifests": [item]}) == {"extraManifests": [hidden]}


def test_that_a_hidden_line_is_another_one_is_said() -> None:
    before = {"kind": "ConfigMap", "data": {"users": FILE}}
    now = {"kind": "ConfigMap", "data": {"users": FILE + "jo:$2y$05$ijklmnop\n"}}
    assert hiding.hide_in_object(now, before)["data"] == {"users": "# users\n(hidden)\n(hidden, changed)\n"}
