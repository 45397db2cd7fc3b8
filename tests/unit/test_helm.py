"""helm.py: the facade over pyhelm3 and the helm binary."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from privreg_values.cluster import helm
from privreg_values.cluster.helm import Helm
from privreg_values.errors import HelmError
from tests.cluster.paths import BIN, ROOT
from tests.unit import echo_chart

MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
data:
  version: {{ .Capabilities.KubeVersion.Version | quote }}
  word: {{ .Values.word | quote }}
  upgrade: {{ .Release.IsUpgrade | quote }}
  monitoring: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" | quote }}
  equals: "="
"""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = echo_chart.make(tmp_path / "echo", "word: default\n")
    (folder / "templates" / "values.txt").unlink()
    (folder / "templates" / "a.yaml").write_text(MANIFEST)
    (folder / "templates" / "b.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n---\n# empty\n")
    return folder


@pytest.fixture(params=["helm", "helm3"])
def binary(request: pytest.FixtureRequest) -> Helm:
    return Helm(str(BIN / request.param))


def test_a_chart_is_rendered_to_objects(binary: Helm, chart: Path) -> None:
    kinds = [it["kind"] for it in binary.template(chart)]
    assert sorted(kinds) == ["ConfigMap", "Secret"]


def test_every_option_reaches_helm(binary: Helm, chart: Path, tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("word: file\n")
    options = {"release": "r", "namespace": "n", "kube_version": "1.33.1", "is_upgrade": True}
    (item,) = binary.template(
        chart,
        files=[tmp_path / "file.yaml"],
        show_only=["templates/a.yaml"],
        api_versions=["monitoring.coreos.com/v1"],
        **options,
    )
    assert item["metadata"] == {"name": "r", "namespace": "n"}
    assert item["data"] == {
        "version": "v1.33.1",
        "word": "file",
        "upgrade": "true",
        "monitoring": "true",
        "equals": "=",
    }


def test_values_win_over_files_and_never_are_arguments(
    binary: Helm, chart: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file.yaml").write_text("word: file\n")
    caplog.set_level(logging.DEBUG)
    items = binary.template(chart, files=[tmp_path / "file.yaml"], values={"word": "it's; $(secret)"})
    assert next(it for it in items if it["kind"] == "ConfigMap")["data"]["word"] == "it's; $(secret)"
    assert "secret" not in caplog.text


def test_a_chart_that_helm_refuses_is_an_error_with_helms_words(binary: Helm, chart: Path) -> None:
    (chart / "templates" / "a.yaml").write_text('{{ fail "host: is required" }}')
    with pytest.raises(HelmError, match="host: is required"):
        binary.template(chart)


def test_a_failure_is_raised_and_not_logged_as_well(chart: Path) -> None:
    script = (
        "import sys; from privreg_values.cluster.helm import Helm, HelmError\n"
        "try: Helm(sys.argv[1]).template_text(sys.argv[2] + '/none')\n"
        "except HelmError: print('raised')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(BIN / "helm"), str(chart)],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert (ended.stdout, ended.stderr) == ("raised\n", "")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("printf 'Error: UPGRADE FAILED: caf\\351\\n' >&2; exit 1", "^caf\N{REPLACEMENT CHARACTER}$"),
        ("exit 3", "^helm failed with exit code 3 and said nothing$"),
        ("kill -KILL $$", "^helm failed with exit code -9 and said nothing$"),
    ],
)
def test_a_failure_that_pyhelm3_does_not_foresee_is_one_all_the_same(script: str, words: str, tmp_path: Path) -> None:
    failing = script_of_helm(tmp_path, script)
    with pytest.raises(HelmError, match=words):
        failing.version()
    operation = failing.upgrade("privreg", "registry", tmp_path, {})
    with pytest.raises(HelmError, match=words):
        operation.wait(10)


def test_a_helm_that_cannot_be_started_has_failed(tmp_path: Path) -> None:
    enough = script_of_helm(tmp_path, "exit 0")
    too_long = Helm(enough.binary, context="x" * 2**18)  # more than the kernel takes as one argument: E2BIG
    with pytest.raises(HelmError, match=r"^helm could not be run to its end: .*Argument list too long"):
        too_long.version()
    operation = too_long.rollback("privreg", "registry", 1)
    with pytest.raises(HelmError, match=r"^helm could not be run to its end: .*Argument list too long"):
        operation.wait(10)


def test_an_answer_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HelmError, match="what `helm version` prints is not UTF-8"):
        script_of_helm(tmp_path, "printf 'caf\\351'").version()


def script_of_helm(folder: Path, script: str) -> Helm:
    (folder / "helm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "helm").chmod(0o755)
    return Helm(str(folder / "helm"))


def test_lint_passes_and_fails_as_helm_says(binary: Helm, chart: Path) -> None:
    assert "0 chart(s) failed" in binary.lint(chart, kube_version="1.36.0")
    (chart / "templates" / "a.yaml").write_text("{{ .Values.none.deep }}")
    with pytest.raises(HelmError, match="nil pointer"):
        binary.lint(chart, values={})


def test_the_version_is_the_binarys(binary: Helm) -> None:
    assert binary.version().startswith("v3." if binary.binary.endswith("3") else "v4.")


def test_a_missing_binary_is_named_with_the_way_to_name_another() -> None:
    with pytest.raises(HelmError, match="no-such-helm is not there; install helm, or name its binary in PRIVREG_HELM"):
        Helm("no-such-helm").version()


def test_the_binary_can_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Helm().binary == "helm"
    monkeypatch.setenv("PRIVREG_HELM", "/opt/helm")
    assert Helm().binary == "/opt/helm"


def test_only_this_module_knows_pyhelm3_and_only_one_knows_ruamel() -> None:
    sources = {path.name: path.read_text() for path in (ROOT / "tools").rglob("*.py")}
    assert [name for name, text in sources.items() if "import pyhelm3" in text or "from pyhelm3" in text] == ["helm.py"]
    assert [
        name for name, text in sources.items() if "ruamel" in text and "import" in text and "from ruamel" in text
    ] == ["yaml_reader.py"]


def test_importing_it_does_not_run_helm() -> None:
    subprocess.run(
        [sys.executable, "-c", "import privreg_values.cluster.helm"],
        env={"PATH": "", "PYTHONPATH": ":".join(sys.path)},
        check=True,
    )
    assert helm.VARIABLE == "PRIVREG_HELM"


def test_a_helm_that_is_ended_is_waited_for_also_by_who_was_interrupted(tmp_path: Path) -> None:
    slow = script_of_helm(
        tmp_path,
        f"trap 'sleep 0.5; touch {tmp_path}/ended; exit 1' TERM\ntouch {tmp_path}/begun\n"
        "cat >/dev/null\nwhile :; do sleep 0.05; done",
    )
    operation = slow.upgrade("privreg", "registry", tmp_path, {})
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        operation.wait(10)
    operation.cancel()
    assert (tmp_path / "ended").exists()
