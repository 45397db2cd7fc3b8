"""What `make outdated` lists."""

import pytest

from tests.cluster import outdated
from tests.cluster.outdated import NotAnswered, Pin, newest_like


def test_each_kind_of_pin_is_listed_with_its_version() -> None:
    found = {(pin.kind, pin.name): pin.version for pin in outdated.pins()}
    assert found["Go module", "k8s.io/kubernetes"].startswith("v1.")
    assert found["Go module", "helm.sh/helm/v4"].startswith("v4.")
    assert found["Python package", "ruamel-yaml"]
    assert found["image", "docker.io/library/haproxy"].endswith("-alpine")
    assert found["GitHub action", "actions/checkout"].startswith("v")
    assert found["Kubernetes", "kubeVersion of the chart"] == "1.31.0"
    assert len([kind for kind, _ in found if kind == "Python package"]) == 18


@pytest.mark.parametrize(
    ("version", "names", "newest"),
    [
        ("3.2-alpine", ["latest", "3.2-alpine", "3.10-alpine", "3.9-alpine", "3.11", "3.11.1-alpine"], "3.10-alpine"),
        ("3.1.2", ["3.1.2", "3.1.10", "3.2", "4.0.0-rc.1"], "3.1.10"),
        ("v6", ["v6", "v7", "v7.1.0", "main"], "v7"),
        ("release/v1", ["release/v1", "unstable/v2", "v1.13.0"], "release/v1"),
    ],
)
def test_the_newest_is_looked_for_among_names_of_the_same_shape(version: str, names: list[str], newest: str) -> None:
    assert newest_like(version, names) == newest


def test_a_version_that_cannot_be_looked_up_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise NotAnswered("no network")

    line = Pin("image", "docker.io/library/haproxy", "3.2-alpine", refuse).line()
    assert line.endswith("3.2-alpine           not looked up: no network")
    assert Pin("image", "a", "1", lambda: "1").line().endswith(" 1")
    assert Pin("image", "a", "1", lambda: "2").line().split()[-2:] == ["1", "2"]
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NotAnswered, match="crane"):
        outdated._ask("crane-of-nobody")
