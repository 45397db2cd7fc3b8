"""`privreg-values gen --storage s3`: a bucket, and where its keys go."""

import base64
import stat
from pathlib import Path

import pytest

from privreg_values.values import validate
from tests.unit import echo_chart
from tests.unit.conftest import Cli
from tests.unit.test_gen import CHART, HOST, load

BUCKET = ("--storage=s3", "--s3-bucket=images", "--s3-endpoint=https://minio.example.com:9000")
ACCESS, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = (f"--s3-access-key={ACCESS}", "--s3-secret-key-stdin")
FILE = f"[default]\naws_access_key_id = {ACCESS}\naws_secret_access_key = {SECRET}\n"


def texts(folder: Path) -> dict[str, str]:
    return {str(it.relative_to(folder)): it.read_text() for it in folder.rglob("*") if it.is_file()}


def test_the_bucket_and_its_keys_are_in_the_values_and_nobody_else_can_read_them(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, *BUCKET, *KEYS, stdin=f"{SECRET}\n")
    assert ended.code == 0, ended.err
    assert load(folder / "values.yaml")["storage"] == {
        "type": "s3",
        "s3": {
            "bucket": "images",
            "regionEndpoint": "https://minio.example.com:9000",
            "accessKey": ACCESS,
            "secretKey": SECRET,
        },
    }
    assert stat.S_IMODE((folder / "values.yaml").stat().st_mode) == 0o600
    assert "keys of the bucket" in ended.out
    assert SECRET not in ended.out + ended.err
    assert validate.validate(["values.yaml"]).problems == []


def test_in_a_split_pair_the_keys_are_with_the_other_secrets(cli: Cli, folder: Path) -> None:
    assert cli("gen", HOST, "--split", *BUCKET, *KEYS, stdin=SECRET).code == 0
    assert "s3" in load(folder / "values.yaml")["storage"]
    assert load(folder / "secrets.yaml")["storage"] == {"s3": {"accessKey": ACCESS, "secretKey": SECRET}}
    assert [name for name, text in texts(folder).items() if SECRET in text or ACCESS in text] == ["secrets.yaml"]
    assert validate.validate(["values.yaml", "secrets.yaml"]).problems == []


def test_with_manifests_the_keys_are_a_credentials_file_in_a_secret_that_the_registry_reads(
    cli: Cli, folder: Path
) -> None:
    assert cli("gen", HOST, "--manifests=secrets", *BUCKET, *KEYS, stdin=SECRET).code == 0
    secret = load(folder / "secrets" / "privreg-s3.yaml")
    assert secret["stringData"] == {"credentials": FILE}
    assert load(folder / "values.yaml")["storage"]["s3"]["existingSecret"] == "privreg-s3"
    assert [name for name, text in texts(folder).items() if SECRET in text] == ["secrets/privreg-s3.yaml"]
    rendered = echo_chart.HELM.template(CHART, files=[folder / "values.yaml"])
    assert '"secretName": "privreg-s3"' in str(rendered).replace("'", '"')


@pytest.mark.parametrize("shape", [(), ("--split",), ("--manifests=secrets",)], ids=str)
def test_run_again_the_same_changes_nothing_and_other_keys_are_refused(
    shape: tuple[str, ...], cli: Cli, folder: Path
) -> None:
    cli("gen", HOST, *shape, *BUCKET, *KEYS, stdin=SECRET)
    before = texts(folder)
    ended = cli("gen", *shape, *BUCKET, *KEYS, stdin=SECRET)
    assert ended.code == 0, ended.err
    assert cli("gen").code == 0
    other = cli("gen", *shape, *BUCKET, *KEYS, stdin="another-secret-of-the-key")
    assert other.code == 1
    assert "edit the file, or leave --s3-access-key out" in other.err
    assert SECRET not in other.err
    assert "another-secret-of-the-key" not in other.err
    assert texts(folder) == before


def test_keys_are_added_to_a_file_that_has_none(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, *BUCKET)
    assert "accessKey" not in load(folder / "values.yaml")["storage"]["s3"]
    assert cli("gen", *BUCKET, *KEYS, stdin=SECRET).code == 0
    assert load(folder / "values.yaml")["storage"]["s3"]["secretKey"] == SECRET


def test_keys_are_not_put_beside_a_secret_of_somebodys_own(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, *BUCKET, "--s3-secret=mine")
    before = texts(folder)
    ended = cli("gen", *BUCKET, *KEYS, stdin=SECRET)
    assert ended.code == 1
    assert "storage.s3.existingSecret: is mine, and --s3-access-key asks for keys here" in ended.err
    assert texts(folder) == before


def test_the_secret_of_a_key_is_read_from_a_file(cli: Cli, folder: Path) -> None:
    (folder / "key").write_text(SECRET + "\n")
    assert cli("gen", HOST, *BUCKET, KEYS[0], "--s3-secret-key-file=key").code == 0
    assert load(folder / "values.yaml")["storage"]["s3"]["secretKey"] == SECRET


@pytest.mark.parametrize(
    ("options", "stdin", "message"),
    [
        ([*BUCKET, KEYS[0]], "", "--s3-access-key needs the secret of the key"),
        ([*BUCKET, KEYS[1]], SECRET, "the secret of a key was given, and no key"),
        ([*BUCKET, *KEYS, "--s3-secret=mine"], SECRET, "--s3-access-key and --s3-secret were given together"),
        ([*BUCKET, *KEYS, "--s3-secret-key-file=key"], SECRET, "were given together"),
        ([*BUCKET, *KEYS, "--user=jo", "--password-stdin"], SECRET, "were given together"),
        ([*BUCKET, *KEYS], "", "the secret key of the bucket is empty"),
        ([*BUCKET, *KEYS], "two words", "characters that no store makes"),
        ([*BUCKET, *KEYS], "#comment", "characters that no store makes"),
        ([*BUCKET, KEYS[0], "--s3-secret-key-file=none"], "", "none: the secret key cannot be read"),
        (["--storage=pvc", "--s3-bucket=images"], "", "--s3-bucket needs --storage s3"),
        (["--storage=s3", "--s3-bucket=images"], "", "--storage s3 needs --s3-region or --s3-endpoint"),
        (["--storage=s3", "--s3-region=eu-west-1"], "", "--storage s3 needs --s3-bucket"),
        ([*BUCKET[:2], "--s3-endpoint=minio.example.com"], "", "storage.s3.regionEndpoint"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_what_does_not_go_together_is_refused_and_nothing_is_written(
    options: list[str], stdin: str, message: str, cli: Cli, folder: Path
) -> None:
    ended = cli("gen", HOST, *options, stdin=stdin)
    assert ended.code in (1, 2)
    assert message in ended.err
    assert not stdin or stdin not in ended.err
    assert list(folder.iterdir()) == []


def test_a_script_is_told_that_a_bucket_without_keys_needs_some_or_a_role(cli: Cli) -> None:
    assert (
        "assumed: the role of the ServiceAccount or of the node"
        in cli("gen", HOST, *BUCKET[:2], "--s3-region=eu-west-1", "--ingress-class=a", "--tls-secret=b").err
    )
    other = cli("gen", HOST, *BUCKET, "-o", "b.yaml", "--credentials=c.yaml")
    assert "a store that is not Amazon's has no roles" in other.err
    assert "choose one with --s3-access-key, or --s3-secret" in other.err


def test_the_keys_are_hidden_wherever_values_are_shown(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, *BUCKET, *KEYS, stdin=SECRET)
    shown = cli("render")
    assert shown.code == 0, shown.err
    encoded = base64.b64encode(SECRET.encode()).decode()[4:-4]
    for text in (shown.out, shown.err):
        assert SECRET not in text
        assert encoded not in text
    path = folder / "values.yaml"
    path.write_text(path.read_text().replace("secretKey:", "secretkey:"))
    wrong = cli("validate", "values.yaml")
    assert "set storage.s3.secretKey" in wrong.err + wrong.out
    assert SECRET not in wrong.err + wrong.out
