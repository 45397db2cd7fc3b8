"""docker_config.py: which login of a docker configuration is for the registry. Case 12."""

import base64

import pytest

from docker_config import hosts_of, login_for

HOST = "registry.example.com"
OURS = {"auth": base64.b64encode(b"pull:pass:word").decode()}
OTHER = {"auth": base64.b64encode(b"bot:secret").decode()}


@pytest.mark.parametrize("written", [HOST, f"https://{HOST}", f"http://{HOST}/v2/", "*.example.com", "registry.*.com"])
def test_the_login_is_found_however_its_host_is_written_and_wherever_it_stands(written: str) -> None:
    for auths in ({"docker.io": OTHER, written: OURS}, {written: OURS, "docker.io": OTHER}):
        assert login_for({"auths": auths}, HOST) == ("pull", "pass:word")
        assert sorted(hosts_of({"auths": auths})) == sorted(["docker.io", written])


@pytest.mark.parametrize("written", ["example.com", "*.com", "*.*.*.com", "registry.example.org", f"{HOST}:5000"])
def test_the_login_of_another_host_is_never_taken(written: str) -> None:
    assert login_for({"auths": {written: OTHER}}, HOST) is None


@pytest.mark.parametrize(
    "config",
    [None, [], {}, {"auths": []}, {"auths": {HOST: {}}}, {"auths": {HOST: None}}, {"auths": {HOST: {"auth": "*"}}}],
)
def test_an_entry_that_names_nobody_is_no_login(config: object) -> None:
    assert login_for(config, HOST) is None
    assert hosts_of(config) == []
