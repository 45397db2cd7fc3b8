"""What each feature makes: the chart's ci files, and a few values besides."""

import json
from pathlib import Path

import pytest

from privreg_values.errors import HelmError
from tests.chart.rendering import (
    CHART,
    EVERYTHING,
    HELMS,
    MINIMAL,
    NAMESPACE,
    RELEASE,
    Json,
    Rendering,
    ci,
    notes,
    pods,
    render,
)
from tests.cluster.paths import ROOT


def volume(rendering: Rendering) -> Json:
    (found,) = (each for each in rendering.pod_spec["volumes"] if each["name"] == "storage")
    return {key: value for key, value in found.items() if key != "name"}


def environment(rendering: Rendering) -> Json:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in rendering.registry["env"]}


# --- Storage


def test_a_claim_is_made_and_kept_on_uninstall() -> None:
    claim = render(MINIMAL).one("PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}
    assert volume(render(MINIMAL)) == {"persistentVolumeClaim": {"claimName": RELEASE}}


def test_a_claim_can_be_made_to_measure_and_go_with_the_release() -> None:
    claim = ci("storage-pvc").one("PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"example.com/backup": "daily"}
    assert claim["spec"]["storageClassName"] == "standard"
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"


def test_a_dash_asks_for_no_storage_class_at_all() -> None:
    rendering = render(MINIMAL, values={"storage": {"persistence": {"storageClass": "-"}}})
    assert rendering.one("PersistentVolumeClaim")["spec"]["storageClassName"] == ""


def test_an_existing_claim_is_used_and_none_is_made() -> None:
    rendering = ci("storage-existing-claim")
    assert volume(rendering) == {"persistentVolumeClaim": {"claimName": "ci-claim"}}
    assert [item["metadata"]["name"] for item in rendering.all("PersistentVolumeClaim")] == ["ci-claim"]


def test_a_nodes_folder_is_given_to_the_registry_first() -> None:
    rendering = ci("storage-hostpath")
    assert volume(rendering) == {"hostPath": {"path": "/var/lib/privreg-ci", "type": "DirectoryOrCreate"}}
    container, _ = rendering.pod_spec["initContainers"]
    assert container["name"] == "own-folder"
    assert container["args"] == ["/var/lib/registry", "1000", "1000"]
    without = ci("storage-hostpath", storage={"hostPath": {"fixPermissions": False}})
    assert [each["name"] for each in without.pod_spec["initContainers"]] == ["users"]


@pytest.mark.parametrize(
    ("context", "owner"),
    [
        ({"runAsUser": 2000, "runAsGroup": 3000}, ["2000", "3000"]),
        ({"runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False}, ["0", "0"]),
        ({"runAsGroup": 0}, ["1000", "0"]),
        ({"runAsUser": None, "runAsGroup": None}, ["1000", "1000"]),
    ],
    ids=str,
)
def test_a_nodes_folder_is_given_to_whom_the_registry_runs_as(context: Json, owner: list[str]) -> None:
    container, _ = ci("storage-hostpath", podSecurityContext=context).pod_spec["initContainers"]
    assert container["args"] == ["/var/lib/registry", *owner]


def test_nfs_and_empty_dir_are_volumes_of_the_pod() -> None:
    assert volume(ci("storage-nfs")) == {"nfs": {"server": "nfs.example.com", "path": "/exports/registry"}}
    assert volume(ci("storage-emptydir")) == {"emptyDir": {"sizeLimit": "2Gi"}}
    assert not ci("storage-nfs").all("PersistentVolumeClaim") + ci("storage-emptydir").all("PersistentVolumeClaim")


@pytest.mark.parametrize(
    ("name", "strategy"),
    [
        ("users", "Recreate"),
        ("storage-hostpath", "Recreate"),
        ("storage-emptydir", "Recreate"),
        ("storage-nfs", "RollingUpdate"),
        ("replicas", "RollingUpdate"),
    ],
)
def test_two_registries_never_write_to_a_volume_with_a_single_writer(name: str, strategy: str) -> None:
    assert ci(name).deployment["spec"]["strategy"]["type"] == strategy


# --- Ways in


def test_the_service_is_of_the_chosen_type() -> None:
    assert ci("users").one("Service")["spec"]["type"] == "ClusterIP"
    node_port = ci("service-nodeport").one("Service")["spec"]
    assert node_port["ports"] == [
        {"name": "http", "port": 5000, "targetPort": "http", "protocol": "TCP", "nodePort": 30500}
    ]
    balanced = ci("service-loadbalancer").one("Service")["spec"]
    assert balanced["loadBalancerClass"] == "example.com/internal"
    assert balanced["loadBalancerSourceRanges"] == ["10.0.0.0/8"]
    assert balanced["externalTrafficPolicy"] == "Local"


def test_the_ingress_leads_the_host_to_the_service_over_tls() -> None:
    spec = render(MINIMAL).one("Ingress")["spec"]
    backend = {"service": {"name": RELEASE, "port": {"name": "http"}}}
    assert spec == {
        "rules": [
            {
                "host": "registry.example.com",
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
            }
        ],
        "tls": [{"hosts": ["registry.example.com"], "secretName": "privreg-tls"}],
    }
    assert ci("ingress-haproxy").one("Ingress")["spec"]["ingressClassName"] == "haproxy"
    assert ci("ingress-off").all("Ingress") == []


@pytest.mark.parametrize(
    ("preset", "no_limit", "redirect"),
    [
        ("nginx", {"nginx.ingress.kubernetes.io/proxy-body-size": "0"}, "nginx.ingress.kubernetes.io/ssl-redirect"),
        ("haproxy", {"haproxy-ingress.github.io/proxy-body-size": "unlimited"}, "haproxy.org/ssl-redirect"),
    ],
)
def test_a_preset_takes_the_limits_of_its_controller_away(preset: str, no_limit: Json, redirect: str) -> None:
    for wanted in (True, False):
        ingress = render(MINIMAL, values={"ingress": {"preset": preset, "redirect": wanted}}).one("Ingress")
        assert ingress["metadata"]["annotations"].items() >= no_limit.items()
        assert ingress["metadata"]["annotations"][redirect] == str(wanted).lower()


def test_own_annotations_win_over_a_preset_and_null_takes_one_away() -> None:
    annotations = ci("ingress-haproxy").one("Ingress")["metadata"]["annotations"]
    assert annotations["haproxy.org/timeout-server"] == "1h"
    assert "haproxy.org/ssl-redirect-code" not in annotations


def test_traefik_redirects_by_a_middleware_on_plain_http() -> None:
    rendering = ci("ingress-traefik")
    plain = rendering.one("Ingress", "privreg-https-redirect")
    middleware = rendering.one("Middleware")
    assert plain["metadata"]["annotations"] == {
        "traefik.ingress.kubernetes.io/router.entrypoints": "web",
        "traefik.ingress.kubernetes.io/router.middlewares": (
            f"{NAMESPACE}-{middleware['metadata']['name']}@kubernetescrd"
        ),
    }
    assert rendering.one("Ingress", RELEASE)["metadata"]["annotations"] == {
        "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
        "traefik.ingress.kubernetes.io/router.tls": "true",
    }
    without = ci("ingress-traefik", ingress={"redirect": False})
    assert without.all("Middleware") == []
    assert len(without.all("Ingress")) == 1


@pytest.mark.parametrize("secret", ["", "registry-example-com-tls"])
def test_cert_manager_fills_the_secret_that_the_ingress_serves(secret: str) -> None:
    rendering = ci("tls-cert-manager", tls={"secretName": secret})
    assert rendering.one("Certificate")["spec"] == {
        "secretName": secret or "privreg-tls",
        "dnsNames": ["registry.example.com"],
        "issuerRef": {"kind": "Issuer", "name": "ci", "group": "cert-manager.io"},
    }
    assert rendering.one("Ingress")["spec"]["tls"][0]["secretName"] == (secret or "privreg-tls")
    assert ci("users").all("Certificate") == []


# --- Credentials


def test_existing_secrets_are_used_and_none_are_made() -> None:
    rendering = ci("existing-secrets")
    made = {item["metadata"]["name"] for item in rendering.own_objects if item["kind"] == "Secret"}
    assert made == {"privreg-config"}
    assert environment(rendering)["REGISTRY_HTTP_SECRET"] == {
        "secretKeyRef": {"name": "ci-http-secret", "key": "httpSecret"}
    }
    secrets = {
        each["secret"]["secretName"] for pod in pods(rendering) for each in pod.spec["volumes"] if "secret" in each
    }
    assert secrets == {"privreg-config", "ci-htpasswd", "ci-pull"}


def test_the_programs_reach_the_cluster_unchanged() -> None:
    data = render(MINIMAL).one("ConfigMap", "privreg-programs")["data"]
    for program in (CHART / "files").glob("*.py"):
        assert data[program.name] == program.read_text(), program.name


def test_without_pull_secrets_helm_test_has_no_credential() -> None:
    assert "--credential" not in ci("pull-secrets-off").one("Pod")["spec"]["containers"][0]["args"]


# --- The registry


def test_traces_are_off_unless_an_endpoint_is_given() -> None:
    assert environment(render(MINIMAL)) == {"OTEL_TRACES_EXPORTER": "none"}
    traced = environment(ci("tracing"))
    assert traced["OTEL_TRACES_EXPORTER"] == "otlp"
    assert traced["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.observability:4318"


@pytest.mark.parametrize("mode", ["htpasswd", "token"])
def test_probes_carry_no_credentials(mode: str) -> None:
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert ci(mode).registry[probe]["httpGet"] == {"path": "/", "port": "http"}
    assert ci("resources").registry["livenessProbe"]["periodSeconds"] == 30


def test_resources_have_the_documented_defaults_and_null_takes_a_limit_away() -> None:
    assert render(MINIMAL).registry["resources"] == {
        "requests": {"cpu": "100m", "memory": "100Mi"},
        "limits": {"cpu": "300m", "memory": "300Mi"},
    }
    assert "cpu" not in ci("resources").registry["resources"]["limits"]


def test_extras_are_added() -> None:
    rendering = ci("extras")
    assert environment(rendering)["GOMEMLIMIT"] == "200MiB"
    assert {"name": "scratch", "mountPath": "/scratch"} in rendering.registry["volumeMounts"]
    assert {"name": "scratch", "emptyDir": {}} in rendering.pod_spec["volumes"]
    assert rendering.one("ConfigMap", "ci-object")["data"] == {"kind": "object"}
    assert rendering.one("ConfigMap", f"ci-{RELEASE}")["data"] == {"host": "registry.example.com"}


@pytest.mark.parametrize(
    ("values", "account", "made"),
    [
        ({}, RELEASE, True),
        ({"name": "mine"}, "mine", True),
        ({"create": False}, "default", False),
        ({"create": False, "name": "mine"}, "mine", False),
    ],
)
def test_the_registry_runs_as_the_chosen_service_account(values: Json, account: str, made: bool) -> None:
    rendering = render(MINIMAL, values={"serviceAccount": values})
    assert rendering.pod_spec["serviceAccountName"] == account
    names = {item["metadata"]["name"] for item in rendering.all("ServiceAccount")}
    assert names == {"privreg-pull-secrets", *([account] if made else [])}


@pytest.mark.parametrize(
    ("limits", "spec"),
    [
        ({}, {"maxUnavailable": 1}),
        ({"minAvailable": 0}, {"minAvailable": 0}),
        ({"maxUnavailable": "50%"}, {"maxUnavailable": "50%"}),
    ],
)
def test_a_disruption_budget_holds_one_limit(limits: Json, spec: Json) -> None:
    rendering = render(MINIMAL, values={"podDisruptionBudget": {"enabled": True, **limits}})
    budget = rendering.one("PodDisruptionBudget")["spec"]
    assert {key: value for key, value in budget.items() if key != "selector"} == spec


def test_a_digest_wins_over_the_tag_and_pull_secrets_come_by_name_or_as_objects() -> None:
    rendering = ci("images")
    images = {container["image"] for pod in pods(rendering) for container in pod.containers}
    mirror = "mirror.example.com:5000/docker/library"
    others = {f"{mirror}/haproxy:3.2-alpine", f"{mirror}/python@sha256:{'a' * 64}"}
    assert images == {f"{mirror}/registry:3.1.2", *others}
    assert rendering.pod_spec["imagePullSecrets"] == [{"name": "mirror-a"}, {"name": "mirror-b"}]


def test_names_can_be_chosen() -> None:
    rendering = ci("names")
    assert rendering.deployment["metadata"]["name"] == "team-images"
    assert rendering.deployment["metadata"]["labels"]["app.kubernetes.io/name"] == "images"
    assert render(MINIMAL, release="other").deployment["metadata"]["name"] == "other-privreg"


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize(
    ("release", "values", "name"),
    [
        ("2024", {}, "2024-privreg"),
        ("4.registry", {"nameOverride": "images"}, "4-registry-images"),
        (RELEASE, {"fullnameOverride": "1st"}, "1st"),
    ],
)
def test_a_name_that_begins_with_a_digit_is_refused_where_no_service_may_have_it(
    release: str, values: Json, name: str, helm: str
) -> None:
    for version in ("1.31", "1.35.4"):
        with pytest.raises(HelmError) as caught:
            render(MINIMAL, values=values, release=release, helm=helm, kube_version=version)
        assert (
            f"privreg: fullnameOverride: the name {name} begins with a digit, which a Service's may not; "
            "set one that begins with a letter"
        ) in str(caught.value).splitlines()
    chosen = values | {"fullnameOverride": "registry-2024"}
    assert render(MINIMAL, values=chosen, release=release, helm=helm, kube_version="1.31").one("Service")
    for version in ("1.36.0", "1.36.0-gke.100"):
        rendering = render(MINIMAL, values=values, release=release, helm=helm, kube_version=version)
        assert rendering.one("Service", name)


# --- Notes


def test_the_notes_give_the_next_commands_for_this_host_and_user() -> None:
    said = notes(MINIMAL)
    assert "docker login registry.example.com -u ci\n" in said
    assert "docker push registry.example.com/team/app:1\n" in said
    assert f"helm test {RELEASE} -n {NAMESPACE}\n" in said


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("storage-emptydir", "storage.type is emptyDir: every image is lost when the Pod is."),
        ("storage-hostpath", "storage.type is hostPath: the images are on one node"),
        ("ingress-off", "ingress.enabled is false: something of yours must serve https://registry.example.com"),
        ("tls-existing-secret", f"The TLS Secret registry-example-com-tls must be in namespace {NAMESPACE}"),
        ("pull-secrets-off", "pullSecrets.enabled is false"),
    ],
)
def test_the_notes_warn(name: str, warning: str) -> None:
    assert warning in notes(CHART / "ci" / f"{name}-values.yaml")
    assert "TLS Secret" not in notes(CHART / "ci" / "tls-cert-manager-values.yaml")


@pytest.mark.parametrize(("user", "shown"), [(0, "0"), (1500, "1500"), (None, "of your platform")])
def test_the_notes_say_who_must_be_let_write_to_an_export(user: int | None, shown: str, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"
    context = {"runAsUser": user, "runAsNonRoot": user != 0}
    overlay.write_text(json.dumps({"podSecurityContext": context}))
    assert f"(id {shown}) write" in notes(CHART / "ci" / "storage-nfs-values.yaml", overlay)


@pytest.mark.parametrize(("port", "is_said"), [(80, True), (443, False)])
def test_the_notes_say_that_clients_ask_the_gateway_for_https_at_443(port: int, is_said: bool, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"
    values = {"ingress": {"enabled": False}, "gateway": {"tls": {"secretName": "a"}}, "service": {"port": port}}
    overlay.write_text(json.dumps(values))
    said = notes(MINIMAL, overlay)
    assert ("service.port is 80, and clients ask for https at 443" in said) is is_said
    assert "something of yours must serve" not in said


def test_the_notes_warn_that_without_the_gateway_everybody_may_push() -> None:
    htpasswd = CHART / "ci" / "htpasswd-values.yaml"
    assert "every user, the pull credential too, may also push." in notes(htpasswd)
    deletion = CHART / "ci" / "delete-values.yaml"
    assert "every user, the pull credential too, may also push and delete." in notes(deletion, htpasswd)
    for mode in ("gateway", "token"):
        assert "may also push" not in notes(CHART / "ci" / f"{mode}-values.yaml")


@pytest.mark.parametrize(
    ("values", "user"),
    [
        (EVERYTHING, "admin"),  # the others may only pull, or push to some repositories only
        (CHART / "ci" / "gateway-values.yaml", "admin"),
        (CHART / "ci" / "htpasswd-values.yaml", "ci"),
        (ROOT / "tests" / "data" / "accept" / "roles-of-an-existing-secret.yaml", "0"),
        (ROOT / "tests" / "data" / "accept" / "byte-order-mark.yaml", "USER"),  # nobody may push
        (ROOT / "tests" / "data" / "accept" / "htpasswd-of-an-existing-secret.yaml", "pull"),
        (CHART / "ci" / "token-values.yaml", "USER"),
    ],
    ids=lambda it: it.name if isinstance(it, Path) else "",
)
def test_the_notes_name_a_user_who_may_push_what_they_push(values: Path, user: str) -> None:
    assert f"docker login registry.example.com -u {user}\n" in notes(values)
