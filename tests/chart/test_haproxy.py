"""HAProxy itself reads what the chart makes of the values that are accepted, without a warning."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.chart.rendering import ALL, MINIMAL, Rendering, label, render
from tests.cluster.paths import ROOT
from tests.cluster.pki import Authority

ACCEPTED = [*ALL, *((path,) for path in sorted((ROOT / "tests" / "data" / "accept").glob("*.yaml")))]
REALMS = [
    "the team's own",
    "100% ours",
    "$HOME and ${RUN}",
    "%[src] %ST",
    "# no comment",
    "{a} if TRUE || b",
    "'",
    "~`!",
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A certificate and its key, by file name."""
    authority = Authority.create(tmp_path_factory.mktemp("authority"))
    authority.issue("tls", "registry.example.com", sans=("registry.example.com",))
    return {name: (authority.folder / name).read_text() for name in ("tls.crt", "tls.key")}


def complaints(rendering: Rendering, folder: Path, certificate: dict[str, str]) -> str:
    """What HAProxy says against the gateway's configuration; warnings are errors."""
    for name, text in {**rendering.gateway_files, **certificate, "previous.lst": ""}.items():
        # It warns where there are more threads than processors, which is a matter of the machine.
        (folder / name).write_text(re.sub(r"nbthread \d+", "nbthread 1", text))
    command = ["haproxy", "-c", "-V", "-dW", "-f", "haproxy.cfg"]
    environment = {**os.environ, "RUN": "/run/privreg"}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode == 0) is (ended.stdout == "Configuration file is valid\n"), ended.stdout
    return ended.stderr


def test_haproxy_takes_what_every_accepted_file_makes(tmp_path: Path, certificate: dict[str, str]) -> None:
    said = {}
    for files in ACCEPTED:
        rendering = render(*files)
        if len(rendering.pod_spec["containers"]) == 3:
            folder = tmp_path / label(files)
            folder.mkdir()
            said[folder.name] = complaints(rendering, folder, certificate)
    assert len(said) >= 50
    assert {name: text for name, text in said.items() if text} == {}


@pytest.mark.parametrize("realm", REALMS)
def test_a_realm_may_have_characters_that_mean_something_to_haproxy(
    realm: str, tmp_path: Path, certificate: dict[str, str]
) -> None:
    rendering = render(MINIMAL, values={"auth": {"realm": realm}})
    assert complaints(rendering, tmp_path, certificate) == ""
    # What HAProxy makes of it: in double quotes a backslash escapes, a $ without one is a variable, and %% is %.
    challenges = re.findall(
        r' hdr WWW-Authenticate "Basic realm=\\"(.*)\\"" if ', rendering.gateway_files["haproxy.cfg"]
    )
    assert len(challenges) >= 2
    assert {re.sub(r"\\(.)", r"\1", text).replace("%%", "%") for text in challenges} == {realm}
    assert not re.search(r"(?<!\\)\$|(?<!%)%(%%)*(?!%)", challenges[0])


def test_haproxys_complaints_are_noticed(tmp_path: Path, certificate: dict[str, str]) -> None:
    rendering = render(MINIMAL)
    broken = Rendering(rendering.text.replace("http-reuse always", "http-reuse sometimes"), "broken")
    assert "http-reuse" in complaints(broken, tmp_path, certificate)
