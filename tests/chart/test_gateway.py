"""The gateway's part of the chart: who listens where, who mounts what, and what each mode makes."""

from typing import Any

import pytest
import yaml

from tests.chart.rendering import (
    CHART,
    EVERYTHING,
    HTPASSWD,
    HTTPS,
    MINIMAL,
    TOKEN,
    Json,
    Rendering,
    everything,
    render,
)

WITHOUT_GATEWAY = pytest.mark.parametrize("over", [HTPASSWD, TOKEN], ids=lambda path: path.name)


def ci(name: str, **values: Any) -> Rendering:
    return render(CHART / "ci" / f"{name}-values.yaml", values=values)


def mounts(container: Json) -> Json:
    """Where a container has its volumes."""
    return {each["name"]: each["mountPath"] for each in container["volumeMounts"]}


def volume(rendering: Rendering, name: str) -> Json:
    (found,) = (each for each in rendering.pod_spec["volumes"] if each["name"] == name)
    return {key: value for key, value in found.items() if key != "name"}


def with_gateway() -> list[Rendering]:
    return [each for each in everything() if "gateway" in {it["name"] for it in each.pod_spec["containers"]}]


# --- No way around it


def test_the_registry_behind_the_gateway_listens_on_a_unix_socket_and_on_no_port() -> None:
    for rendering in with_gateway():
        http = rendering.config["http"]
        assert (http["net"], http["addr"]) == ("unix", "/run/privreg/registry.sock")
        assert http["debug"]["addr"].startswith("127.0.0.1:")
        assert "ports" not in rendering.registry


def test_the_registry_behind_the_gateway_mounts_no_users_and_authenticates_nobody() -> None:
    for rendering in with_gateway():
        assert set(mounts(rendering.registry)) <= {"config", "run", "storage", "s3", "scratch"}, rendering.name
        assert "auth" not in rendering.config


def test_the_socket_is_in_memory_that_only_the_two_containers_have() -> None:
    rendering = render(EVERYTHING)
    assert volume(rendering, "run") == {"emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}
    assert mounts(rendering.registry)["run"] == mounts(rendering.gateway)["run"] == "/run/privreg"
    assert "run" not in mounts(rendering.pod_spec["initContainers"][0])
    assert 'server registry "unix@${RUN}/registry.sock"' in rendering.gateway_files["haproxy.cfg"]


def test_the_service_leads_to_the_gateway() -> None:
    for rendering in with_gateway():
        (port,) = rendering.one("Service")["spec"]["ports"]
        assert {each["name"]: each["containerPort"] for each in rendering.gateway["ports"]}[port["targetPort"]] == 5000
        assert "bind :5000 " in rendering.gateway_files["haproxy.cfg"]


def test_the_metrics_are_at_a_port_that_no_service_has() -> None:
    for rendering, number in ((render(MINIMAL), 9000), (render(EVERYTHING), 9100)):
        assert {"name": "metrics", "containerPort": number} in rendering.gateway["ports"]
        assert f"bind :{number}\n" in rendering.gateway_files["haproxy.cfg"]
        targets = [each["targetPort"] for item in rendering.all("Service") for each in item["spec"]["ports"]]
        assert targets == ["http"]


def test_nothing_but_the_two_ports_is_open_to_others() -> None:
    for rendering in with_gateway():
        lines = [line.split() for line in rendering.gateway_files["haproxy.cfg"].splitlines()]
        binds = [words[1] for words in lines if words[:1] == ["bind"]]
        open_to_others = [address for address in binds if not address.startswith('"unix@${RUN}/')]
        ports = [each["containerPort"] for each in rendering.gateway["ports"]]
        assert open_to_others == [f"{any_address}:{port}" for port in ports for any_address in ("", "::")]


# --- What it is given


def test_the_gateways_files_are_folders_at_the_places_that_its_program_is_told() -> None:
    for rendering in with_gateway():
        places = mounts(rendering.gateway)
        args = [places["gateway"], places["auth"], places.get("tls", ""), places["run"]]
        assert rendering.gateway["command"] == ["sh", f"{places['gateway']}/gateway.sh"]
        assert rendering.gateway["args"] == args
        for each in rendering.gateway["volumeMounts"]:
            assert "subPath" not in each
            assert each.get("readOnly", False) is (each["name"] != "run")


def test_the_gateways_program_reaches_the_cluster_unchanged() -> None:
    assert render(MINIMAL).gateway_files["gateway.sh"] == (CHART / "files" / "gateway.sh").read_text()


def test_the_gateway_has_the_users_file_and_nothing_else_of_its_secret() -> None:
    for rendering, secret in ((render(EVERYTHING), "privreg-htpasswd"), (ci("existing-secrets"), "ci-htpasswd")):
        items = [{"key": "htpasswd", "path": "htpasswd"}]
        assert volume(rendering, "auth")["secret"] == {"secretName": secret, "items": items, "defaultMode": 0o440}


def test_https_is_served_with_the_given_certificate_only_where_there_is_one() -> None:
    rendering = render(EVERYTHING, HTTPS)
    secret = volume(rendering, "tls")["secret"]
    assert secret["secretName"] == "everything-tls"
    assert [each["key"] for each in secret["items"]] == ["tls.crt", "tls.key"]
    door = " ssl crt tls.crt alpn http/1.1\n"
    assert door in rendering.gateway_files["haproxy.cfg"]
    assert door not in render(EVERYTHING).gateway_files["haproxy.cfg"]
    assert "tls" not in mounts(render(EVERYTHING).gateway)


def test_the_login_test_asks_over_https_where_the_gateway_serves_it() -> None:
    (program,) = render(EVERYTHING, HTTPS).one("Pod")["spec"]["containers"]
    assert "https://privreg:80" in program["args"]
    assert program["args"][program["args"].index("--certificate") + 1] == f"{mounts(program)['certificate']}/tls.crt"
    (plain,) = render(EVERYTHING).one("Pod")["spec"]["containers"]
    assert "http://privreg:80" in plain["args"]


def test_the_kubelet_asks_at_the_metrics_port_and_for_the_registry_by_way_of_the_gateway() -> None:
    rendering = render(EVERYTHING)
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert rendering.registry[probe]["httpGet"] == {"path": "/healthz/registry", "port": 9100}
    for probe in ("startupProbe", "livenessProbe"):
        assert rendering.gateway[probe]["httpGet"] == {"path": "/healthz/gateway", "port": 9100}
    assert rendering.gateway["readinessProbe"]["httpGet"] == {"path": "/", "port": "http"}
    over_tls = render(EVERYTHING, HTTPS).gateway["readinessProbe"]["httpGet"]
    assert over_tls == {"path": "/", "port": "http", "scheme": "HTTPS"}
    (verifier,) = (each for each in rendering.pod_spec["containers"] if each["name"] == "verifier")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert verifier[probe]["httpGet"] == {"path": "/healthz/verifier", "port": 9100}


def test_passwords_are_compared_by_a_registry_without_storage_that_reads_what_an_init_container_wrote() -> None:
    for rendering in with_gateway():
        config = yaml.safe_load(rendering.gateway_files["verifier.yml"])
        (verifier,) = (each for each in rendering.pod_spec["containers"] if each["name"] == "verifier")
        (users,) = (each for each in rendering.pod_spec["initContainers"] if each["name"] == "users")
        run = mounts(verifier)["run"]
        assert config["storage"] == {"inmemory": {}}
        assert config["auth"]["htpasswd"]["path"] == f"{run}/htpasswd"
        assert config["http"]["addr"] == f"{run}/verifier.sock"
        assert verifier["image"] == rendering.registry["image"]
        assert verifier["args"] == ["serve", f"{mounts(verifier)['gateway']}/verifier.yml"]
        assert users["args"] == ["--users", mounts(users)["auth"], mounts(users)["run"]]


def test_read_only_is_a_switch_in_a_map_that_the_admin_socket_can_set_as_well() -> None:
    assert render(MINIMAL).gateway_files["switches.map"] == "writes on\n"
    assert render(EVERYTHING).gateway_files["switches.map"] == "writes off\n"


@pytest.mark.parametrize(
    ("proxies", "lines"), [([], []), (["10.0.0.0/8", "fd00::1"], ["src 10.0.0.0/8", "src fd00::1"])]
)
def test_forwarded_addresses_are_believed_of_the_named_proxies_only(proxies: list[str], lines: list[str]) -> None:
    config = render(MINIMAL, values={"gateway": {"trustedProxies": proxies}}).gateway_files["haproxy.cfg"]
    trusted = "acl from_trusted_proxy "
    assert [line.partition(trusted)[2] for line in config.splitlines() if trusted in line] == lines
    assert ("set-src" in config) is bool(lines)


# --- The other modes


@WITHOUT_GATEWAY
def test_without_the_gateway_the_registry_is_alone_and_listens_itself(over: Any) -> None:
    rendering = render(EVERYTHING, over)
    assert [each["name"] for each in rendering.pod_spec["containers"]] == ["registry"]
    config_maps = {item["metadata"]["name"] for item in rendering.all("ConfigMap")}
    assert config_maps == {"privreg-programs", "privreg-pull-secrets-retire"}
    assert rendering.registry["ports"] == [{"name": "http", "containerPort": 5000}]
    assert rendering.config["http"]["addr"] == ":5000"
    assert not {"net", "debug"} & set(rendering.config["http"])
    assert mounts(rendering.registry)["auth"] == "/etc/privreg/auth"


def test_in_mode_htpasswd_the_registry_reads_the_users() -> None:
    rendering = render(EVERYTHING, HTPASSWD)
    assert rendering.config["auth"] == {"htpasswd": {"realm": "Everything", "path": "/etc/privreg/auth/htpasswd"}}
    assert volume(rendering, "auth")["secret"]["secretName"] == "privreg-htpasswd"


@pytest.mark.parametrize(
    ("keys", "setting", "file"), [("jwks", "jwks", "jwks.json"), ("certificates", "rootcertbundle", "bundle.pem")]
)
def test_in_mode_token_the_registry_trusts_the_keys_in_the_secret(keys: str, setting: str, file: str) -> None:
    rendering = ci("token", token={"keys": keys})
    assert rendering.config["auth"] == {
        "token": {
            "realm": "https://auth.example.com/token",
            "service": "registry.example.com",
            "issuer": "auth.example.com",
            "autoredirect": False,
            setting: f"/etc/privreg/auth/{file}",
            "signingalgorithms": ["ES256", "RS256"],
        }
    }
    secret = volume(rendering, "auth")["secret"]
    assert (secret["secretName"], secret["items"]) == ("ci-token-keys", [{"key": file, "path": file}])
    assert "privreg-htpasswd" not in {item["metadata"]["name"] for item in rendering.all("Secret")}


def test_in_mode_token_distribution_chooses_the_algorithms_unless_they_are_given() -> None:
    assert "signingalgorithms" not in ci("token", token={"signingAlgorithms": []}).config["auth"]["token"]


def test_in_mode_token_the_login_test_expects_to_be_sent_to_the_token_server() -> None:
    args = ci("token").one("Pod")["spec"]["containers"][0]["args"]
    assert args[args.index("--challenge") + 1] == "Bearer"
    assert "--credential" not in args
