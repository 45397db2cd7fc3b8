"""What a fresh release does."""

import json
import os
from pathlib import Path

from tests.e2e.conftest import MakeRelease
from tests.e2e.release import Release, kubectl, run_helm, said


def http_status(release: Release, url: str, *arguments: str) -> tuple[int, dict[str, str]]:
    """The status and the headers that curl sees."""
    command = ["curl", "--silent", "--show-error", "--output", os.devnull, "--write-out", "%{http_code} %{header_json}"]
    assert release.cluster.pki
    trust = ["--cacert", str(release.cluster.pki / "ca.crt")]
    status, _, headers = release.cluster.run([*command, *trust, *arguments, url]).stdout.partition(" ")
    return int(status), {name.lower(): values[0] for name, values in json.loads(headers).items()}


def login(release: Release, user: str, password: str) -> tuple[str, str]:
    """Arguments that log curl in, the password in a file."""
    path = release.folder / f"netrc-{user}"
    path.touch(mode=0o600)
    path.write_text(f"machine {release.host} login {user} password {password}\n")
    return "--netrc-file", str(path)


def test_helm_test_sees_401_without_and_200_with_credentials(registry: Release) -> None:
    output = said(registry.test())
    assert "401" in output
    assert "200" in output


def test_the_registry_answers_over_tls_to_those_who_are_known(registry: Release) -> None:
    url = f"https://{registry.host}/v2/"
    status, headers = http_status(registry, url)
    assert status == 401
    assert headers["www-authenticate"].startswith("Basic realm=")
    assert http_status(registry, url, *login(registry, "admin", registry.password("admin")))[0] == 200
    assert http_status(registry, url, *login(registry, "admin", "wrong"))[0] == 401


def test_plain_http_is_redirected_to_https(registry: Release) -> None:
    status, headers = http_status(registry, f"http://{registry.host}/v2/")
    assert status in (301, 308)
    assert headers["location"] == f"https://{registry.host}/v2/"


def test_all_pods_run_in_a_namespace_that_enforces_restricted_pod_security(registry: Release) -> None:
    namespace = json.loads(kubectl(registry.cluster, "get", "namespace", registry.namespace, "--output=json"))
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert registry.pod()["status"]["phase"] == "Running"


def test_notes_show_the_next_commands_with_the_real_host_and_user_and_no_password(registry: Release) -> None:
    notes = run_helm(
        registry.cluster, "helm", "get", "notes", registry.name, f"--namespace={registry.namespace}"
    ).stdout
    assert f"docker login {registry.host}" in notes
    assert "admin" in notes
    for user in ("admin", "ci", "cluster"):
        assert registry.password(user) not in notes


def test_no_password_or_secret_is_in_a_log_or_a_configmap(registry: Release) -> None:
    http_status(registry, f"https://{registry.host}/v2/", *login(registry, "admin", registry.password("admin")))
    log = kubectl(registry.cluster, "logs", f"--namespace={registry.namespace}", registry.pod()["metadata"]["name"])
    maps = kubectl(registry.cluster, "get", "configmaps", f"--namespace={registry.namespace}", "--output=yaml")
    for user in ("admin", "ci", "cluster"):
        assert registry.password(user) not in log + maps
    assert "$2y$" not in log + maps


def test_the_registry_does_not_try_to_export_traces(registry: Release) -> None:
    log = kubectl(registry.cluster, "logs", f"--namespace={registry.namespace}", registry.pod()["metadata"]["name"])
    assert ":4318" not in log  # where OpenTelemetry sends by default
    assert "traces export" not in log


def test_check_passes_every_step_against_the_installed_registry(registry: Release) -> None:
    assert registry.cluster.pki
    trust = f"--ca-file={registry.cluster.pki / 'ca.crt'}"
    report = json.loads(registry.values_cli("check", trust, "--json").stdout)
    assert report["ok"] is True
    assert all(step["ok"] for step in report["steps"])


def test_check_without_the_ca_says_that_the_certificate_is_not_trusted(registry: Release) -> None:
    ended = registry.values_cli("check", check=False)
    assert ended.returncode == 1
    assert "certificate" in (ended.stdout + ended.stderr)
    assert "--ca-file" in (ended.stdout + ended.stderr)


def test_three_hundred_megabytes_pass_through_the_ingress(registry: Release, tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    with blob.open("wb") as file:
        for _ in range(300):
            file.write(os.urandom(1024 * 1024))
    client = registry.client(name="home-big")
    target = f"{registry.host}/big/blob:1"
    oras = ["env", f"--chdir={tmp_path}", "oras"]
    config = f"--registry-config={client.home}/config.json"
    client.run(*oras, "push", config, target, "blob")
    client.run(*oras, "pull", config, target, "--output=back")
    assert (tmp_path / "back" / "blob").read_bytes() == blob.read_bytes()


def test_helm_3_installs_tests_and_uninstalls_it(make_release: MakeRelease, registry: Release) -> None:
    release = make_release("by-helm-three", registry.cluster.hosts[2], helm="helm3")
    release.generate()
    release.set({"storage": {"type": "emptyDir"}})
    release.install()
    assert "200" in said(release.test())
    release.uninstall(wait=False)
