"""`gen` with profiles, and in a script where no cluster answers."""

from pathlib import Path

import pytest

from privreg_values.values import validate
from tests.unit import echo_chart
from tests.unit.conftest import Cli
from tests.unit.test_gen import CHART, HOST, load


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (
            "seed",
            {
                "ingress": {"className": "haproxy", "preset": "haproxy"},
                "tls": {"secretName": "", "certManager": {"enabled": True, "issuerRef": {"name": "letsencrypt"}}},
                "storage": {"type": "hostPath", "hostPath": {"path": "/var/lib/privreg"}},
            },
        ),
        ("small", {"ingress": {"className": ""}, "storage": {"type": "pvc", "persistence": {"size": "10Gi"}}}),
        ("local", {"tls": {"secretName": ""}, "storage": {"type": "pvc", "persistence": {"size": "5Gi"}}}),
    ],
)
def test_a_profile_is_in_the_values_and_helm_renders_it(
    profile: str, expected: dict[str, object], cli: Cli, folder: Path
) -> None:
    ended = cli("gen", HOST, f"--profile={profile}")
    assert ended.code == 0, ended.err
    values = load(folder / "values.yaml")
    assert {key: values[key] for key in expected} == expected
    assert validate.validate(["values.yaml"]).problems == []
    assert echo_chart.HELM.template(CHART, files=[folder / "values.yaml"])
    assert f"note: profile {profile}: --storage " in ended.err


def test_options_win_over_the_profile(cli: Cli, folder: Path) -> None:
    options = ["--storage=emptyDir", "--ingress-class=other", "--ingress-preset=none", "--issuer=prod"]
    assert cli("gen", HOST, "--profile=seed", *options).code == 0
    values = load(folder / "values.yaml")
    assert values["storage"] == {"type": "emptyDir"}
    assert values["ingress"] == {"className": "other", "preset": "none"}
    assert values["tls"]["certManager"]["issuerRef"] == {"name": "prod"}


def test_run_again_a_profile_changes_nothing_even_where_the_file_was_edited(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, "--profile=small")
    path = folder / "values.yaml"
    path.write_text(path.read_text().replace("10Gi", "99Gi"))
    before = path.read_bytes()
    ended = cli("gen", HOST, "--profile=small")
    assert ended.code == 0
    assert "note: values.yaml is in use: what it says stays" in ended.err
    assert path.read_bytes() == before


def test_a_profile_fills_the_blocks_that_a_file_does_not_have(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("storage: {type: nfs, nfs: {server: nas, path: /x}}\n")
    assert cli("gen", HOST, "--profile=seed").code == 0
    values = load(folder / "values.yaml")
    assert values["storage"] == {"type": "nfs", "nfs": {"server": "nas", "path": "/x"}}
    assert values["ingress"] == {"className": "haproxy", "preset": "haproxy"}


def test_two_registries_over_a_bucket_go_to_different_nodes_and_one_of_them_stays(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--profile=ha-s3", "--s3-bucket=images", "--s3-region=eu-west-1", "--s3-secret=mine")
    assert ended.code == 0, ended.err
    assert "note: profile ha-s3: --storage s3 --replicas 2\n" in ended.err
    values = load(folder / "values.yaml")
    bucket = {"bucket": "images", "region": "eu-west-1", "existingSecret": "mine"}
    assert values["storage"] == {"type": "s3", "s3": bucket}
    objects = {it["kind"]: it for it in echo_chart.HELM.template(CHART, files=[folder / "values.yaml"])}
    deployment = next(
        it
        for it in echo_chart.HELM.template(CHART, files=[folder / "values.yaml"])
        if it["kind"] == "Deployment" and it["metadata"]["labels"]["app.kubernetes.io/component"] == "registry"
    )
    assert deployment["spec"]["replicas"] == 2
    (spread,) = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    assert objects["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert len(values["httpSecret"]["value"]) >= 32


def test_a_profile_says_what_it_needs_to_know_and_writes_nothing(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--profile=ha-s3", "--no-cluster")
    assert (ended.code, ended.out) == (2, "")
    assert "--storage s3 needs --s3-bucket" in ended.err
    assert list(folder.iterdir()) == []


def test_several_registries_need_storage_that_they_can_share(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--replicas=2", "--storage=hostPath")
    assert ended.code == 1
    assert "set replicas to 1, storage.type to s3 or nfs" in ended.err
    assert list(folder.iterdir()) == []


def test_without_an_ingress_none_is_made_and_no_certificate_is_asked_for(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--no-ingress")
    assert ended.code == 0, ended.err
    assert load(folder / "values.yaml")["ingress"]["enabled"] is False
    assert "Certificate" not in ended.err
    kinds = [it["kind"] for it in echo_chart.HELM.template(CHART, files=[folder / "values.yaml"])]
    assert "Ingress" not in kinds
    assert cli("gen", HOST, "--no-ingress", "--ingress-class=a", "-o", "b.yaml", "--credentials=c.yaml").code == 2


# --- Without a cluster


def test_a_script_is_told_in_two_lines_that_no_cluster_was_read_and_what_was_assumed(cli: Cli) -> None:
    ended = cli("gen", HOST)
    assert ended.code == 0
    assert ended.err.splitlines() == [
        "note: no cluster was read: no-kubectl-in-this-test is not there",
        "note: assumed: the cluster's default class (--ingress-class, or --no-ingress); "
        "a TLS Secret that you make (--cert-manager --issuer, or --tls-secret); a volume claim (--storage)",
    ]


def test_who_says_that_there_is_no_cluster_hears_only_what_was_assumed(cli: Cli) -> None:
    ended = cli("gen", HOST, "--no-cluster")
    assert ended.err.startswith("note: assumed: the cluster's default class")
    assert ended.err.count("\n") == 1


def test_where_every_choice_is_made_no_cluster_is_looked_for(cli: Cli) -> None:
    choices = ["--ingress-class=a", "--ingress-preset=none", "--tls-secret=b", "--storage=hostPath"]
    assert cli("gen", HOST, *choices).err == ""
    assert cli("gen", "--user=alice").err == ""


def test_the_preset_follows_from_the_name_of_a_class_that_nobody_can_look_up(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--ingress-class=nginx")
    assert load(folder / "values.yaml")["ingress"] == {"className": "nginx", "preset": "nginx"}
    assert "note: Ingress controller nginx: by the name of the class (--ingress-preset)" in ended.err
