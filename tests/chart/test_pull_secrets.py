"""What delivers the pull Secret: what it is told, what runs it, and its rights."""

from pathlib import Path

import pytest

import pull_secrets
from choosing import Selector, Settings
from tests.chart.rendering import (
    EVERYTHING,
    MINIMAL,
    NAMESPACE,
    RELEASE,
    Json,
    Rendering,
    ci,
    render,
)

NAME = "privreg-pull-secrets"
OF_THE_CLUSTER = f"{NAME}.{NAMESPACE}"
ALL_NAMESPACES: Json = {"namespaces": ["*"]}


def chosen(**values: object) -> Rendering:
    """The least there can be, with values of pullSecrets over it."""
    return render(MINIMAL, values={"pullSecrets": values})


# --- The settings


def settings(rendering: Rendering, folder: Path, config_map: str = "privreg-programs") -> Settings:
    """What the program reads of the settings in a ConfigMap."""
    file = folder / "settings.json"
    file.write_text(rendering.one("ConfigMap", config_map)["data"]["settings.json"])
    return Settings.read(file)


def test_the_program_is_told_what_the_values_say(tmp_path: Path) -> None:
    assert settings(render(EVERYTHING), tmp_path) == Settings(
        release=f"{NAMESPACE}/{RELEASE}",
        secret_name="privreg-pull",
        source_secret="privreg-credential",
        release_namespace=NAMESPACE,
        own=True,
        namespaces=("default", "team-a", "team-*"),
        selector=Selector(
            (("registry", "In", ("private",)), ("env", "In", ("dev", "test")), ("example.com/team", "Exists", ()))
        ),
        excluded=("kube-*", "team-closed"),
        everywhere=True,
        service_accounts=("default", "ci-*"),
        strict=True,
        watcher=f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{NAME}",
        host="registry.example.com",
    )
    assert settings(render(MINIMAL), tmp_path) == Settings(
        release=f"{NAMESPACE}/{RELEASE}",
        secret_name="privreg-pull",
        source_secret="privreg-credential",
        release_namespace=NAMESPACE,
        own=True,
        namespaces=("default",),
        selector=None,
        excluded=("kube-system", "kube-public", "kube-node-lease"),
        everywhere=False,
        service_accounts=("default",),
        strict=False,
        watcher="",
        host="registry.example.com",
    )


def test_the_program_is_told_the_names_of_the_secrets(tmp_path: Path) -> None:
    assert settings(ci("existing-secrets"), tmp_path).source_secret == "ci-pull"
    own_name = settings(ci("pull-secrets"), tmp_path)
    assert (own_name.secret_name, own_name.own) == ("registry-example-com", False)


def test_the_release_namespace_is_served_once_if_it_is_named_as_well(tmp_path: Path) -> None:
    rendering = chosen(namespaces=[NAMESPACE, "default"])
    assert settings(rendering, tmp_path).named == (NAMESPACE, "default")
    assert roles(rendering, OF_THE_CLUSTER) == [NAMESPACE, "default"]


@pytest.mark.parametrize("values", [{}, {"serviceAccounts": ["*"]}], ids=str)
def test_at_admission_no_service_account_is_touched(values: Json, tmp_path: Path) -> None:
    assert settings(chosen(inject="admission", **values), tmp_path).service_accounts == ()
    assert settings(chosen(inject="both", serviceAccounts=["ci"]), tmp_path).service_accounts == ("ci",)


@pytest.mark.parametrize("path", ["namespaces", "namespaceSelector", "excludeNamespaces", "serviceAccounts"])
def test_null_means_none(path: str, tmp_path: Path) -> None:
    told = settings(chosen(**{path: None}), tmp_path)
    field = {"excludeNamespaces": "excluded", "serviceAccounts": "service_accounts", "namespaceSelector": "selector"}
    assert not getattr(told, field.get(path, path))


# --- What runs it


@pytest.mark.parametrize(
    ("values", "runs"),
    [
        ({}, []),
        (ALL_NAMESPACES, ["Deployment"]),
        ({"namespaceSelector": {"matchLabels": {"a": "b"}}}, ["Deployment"]),
        ({"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}, ["Deployment"]),
        ({"namespaceSelector": {"matchLabels": {}, "matchExpressions": []}}, []),
        ({"serviceAccounts": ["ci-*"]}, ["Deployment"]),
        ({"serviceAccounts": ["ci-*"], "inject": "admission"}, []),
        ({"watch": True}, ["Deployment"]),
        ({"watch": False}, ["CronJob"]),
        ({"watch": False} | ALL_NAMESPACES, ["CronJob"]),
        ({"watch": True, "enabled": False} | ALL_NAMESPACES, []),
        ({"watch": False, "enabled": False}, []),
    ],
    ids=str,
)
def test_what_comes_later_is_served_by_a_deployment_a_cronjob_or_not(
    values: Json, runs: list[str], tmp_path: Path
) -> None:
    rendering = chosen(**values)
    found = [kind for kind in ("Deployment", "CronJob") for item in rendering.all(kind) if item_name(item) == NAME]
    assert found == runs
    path = {
        "Deployment": "/apis/apps/v1/namespaces/{}/deployments/{}",
        "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs/{}",
    }
    assert settings(rendering, tmp_path).watcher == "".join(path[kind].format(NAMESPACE, NAME) for kind in runs)


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ("container-registry-of-the-team", "container-registry-of-the-team-privreg-pull-secrets"),
        ("container-registry-of-production", "container-registry-of-production-privreg-pull-secret"),
        ("container-registry-of-the-headquarters", "container-registry-of-the-headquarters-privreg-pull"),
    ],
)
def test_a_cronjobs_name_has_room_for_its_jobs_and_the_program_may_stop_it(
    release: str, name: str, tmp_path: Path
) -> None:
    rendering = render(MINIMAL, values={"pullSecrets": {"watch": False}}, release=release)
    account = f"{release}-privreg-pull-secrets"  # in full: the hooks of the next version run as it
    assert item_name(rendering.one("CronJob")) == name
    assert rendering.one("ServiceAccount", account)
    assert f"cronjobs.batch [{name}]: get delete" in rules(rendering.one("Role", account))
    told = settings(rendering, tmp_path, f"{release}-privreg-programs")
    assert told.watcher == f"/apis/batch/v1/namespaces/{NAMESPACE}/cronjobs/{name}"


def item_name(item: Json) -> str:
    name: str = item["metadata"]["name"]
    return name


def arguments(pod_spec: Json) -> list[str]:
    """The command line of pull_secrets.py."""
    program, *rest = pod_spec["containers"][0]["args"]
    assert program == "/privreg/pull_secrets.py"
    found: list[str] = rest
    return found


def mounted_config_maps(pod_spec: Json) -> dict[str, Json]:
    """The ConfigMap that is mounted at each path."""
    volumes = {volume["name"]: volume["configMap"] for volume in pod_spec["volumes"]}
    return {mount["mountPath"]: volumes[mount["name"]] for mount in pod_spec["containers"][0]["volumeMounts"]}


def test_the_cronjob_runs_one_at_a_time_when_it_is_told_to() -> None:
    spec = ci("pull-secrets-cronjob").one("CronJob")["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("*/10 * * * *", "Forbid")
    pod_spec = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert arguments(pod_spec) == ["deliver", "--settings", "/privreg/settings.json"]
    assert pod_spec["restartPolicy"] == "Never"


def test_one_watcher_runs_and_starts_anew_when_its_settings_change() -> None:
    def watcher(**values: object) -> Json:
        spec: Json = ci("pull-secrets-everywhere", pullSecrets=values).one("Deployment", NAME)["spec"]
        return spec

    spec = watcher()
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    pod_spec = spec["template"]["spec"]
    assert arguments(pod_spec) == ["watch", "--settings", "/privreg/settings.json"]
    assert pod_spec["restartPolicy"] == "Always"
    assert watcher(excludeNamespaces=[])["template"] != spec["template"]
    assert watcher(credential={"username": "ci", "password": "another"})["template"] == spec["template"]


def test_the_hooks_deliver_and_take_back() -> None:
    jobs = {item_name(job): job["spec"]["template"]["spec"] for job in render(EVERYTHING).all("Job")}
    assert {name: arguments(spec) for name, spec in jobs.items()} == {
        f"{NAME}-deliver": ["deliver", "--settings", "/privreg/settings.json"],
        f"{NAME}-retire": ["retire", "--target", "/privreg/settings.json", "--settings", "/before/settings.json"],
        f"{NAME}-withdraw": ["withdraw", "--settings", "/privreg/settings.json"],
    }
    assert mounted_config_maps(jobs[f"{NAME}-deliver"]) == {"/privreg": {"name": "privreg-programs"}}


def test_what_failed_is_tried_again_and_what_was_refused_is_not() -> None:
    jobs = [job["spec"] for job in render(EVERYTHING).all("Job")]
    jobs.append(ci("pull-secrets-cronjob").one("CronJob")["spec"]["jobTemplate"]["spec"])
    for spec in jobs:
        (container,) = spec["template"]["spec"]["containers"]
        codes = {"containerName": container["name"], "operator": "In", "values": [pull_secrets.REFUSED]}
        assert spec["podFailurePolicy"] == {"rules": [{"action": "FailJob", "onExitCodes": codes}]}
        assert spec["backoffLimit"] == 2


def test_before_an_upgrade_the_new_program_runs_beside_the_old_settings() -> None:
    rendering = render(EVERYTHING)
    retire = rendering.one("Job", f"{NAME}-retire")
    programs, new = (rendering.one("ConfigMap", name) for name in ("privreg-programs", f"{NAME}-retire"))
    old_settings = {"name": "privreg-programs", "optional": True}
    old_settings |= {"items": [{"key": "settings.json", "path": "settings.json"}]}
    mounted = mounted_config_maps(retire["spec"]["template"]["spec"])
    assert mounted == {"/privreg": {"name": f"{NAME}-retire"}, "/before": old_settings}
    assert new["data"] == programs["data"]
    weights = [int(item["metadata"]["annotations"].get("helm.sh/hook-weight", 0)) for item in (new, retire)]
    assert weights[0] < weights[1], "the ConfigMap is there before the Job"
    for item in (new, retire):
        assert item["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "Skip"


def test_what_is_delivered_can_be_kept_on_uninstall() -> None:
    names = [item_name(job) for job in ci("pull-secrets-keep").all("Job")]
    assert names == [f"{NAME}-deliver", f"{NAME}-retire"]


def of_delivery(rendering: Rendering) -> list[tuple[str, str]]:
    found = [
        it for it in rendering.objects if it["metadata"]["labels"]["app.kubernetes.io/component"] == "pull-secrets"
    ]
    return sorted((it["kind"], item_name(it)) for it in found)


@pytest.mark.parametrize("values", [{}, {"inject": "both", "watch": True} | ALL_NAMESPACES], ids=str)
def test_without_delivery_only_what_takes_back_at_an_upgrade_remains(values: Json, tmp_path: Path) -> None:
    rendering = ci("pull-secrets-off", pullSecrets=values)
    retire = f"{NAME}-retire"
    assert of_delivery(rendering) == [("ConfigMap", retire), ("Job", retire), ("ServiceAccount", NAME)]
    for kind in ("ConfigMap", "Job"):
        hook = rendering.one(kind, retire)["metadata"]["annotations"]
        assert hook["helm.sh/hook"] == "pre-upgrade,pre-rollback", "an install runs nothing"
    assert not [item for item in rendering.objects if item["kind"].endswith(("Role", "RoleBinding", "Policy"))]
    for config_map in ("privreg-programs", retire):
        told = settings(rendering, tmp_path, config_map)
        assert (told.own, told.namespaces, told.selector, told.everywhere, told.watcher) == (False, (), None, False, "")
        for name in (NAMESPACE, "default", "team-a"):
            assert not told.chooses({"metadata": {"name": name, "labels": {"a": "b"}}})


def test_without_delivery_nothing_runs_where_what_was_delivered_is_kept() -> None:
    rendering = ci("pull-secrets-off", pullSecrets={"keepOnUninstall": True})
    assert of_delivery(rendering) == [("ServiceAccount", NAME)]


# --- Rights


def roles(rendering: Rendering, name: str) -> list[str]:
    """The namespaces with a Role of this name; each has a binding to the program's ServiceAccount."""
    found = [item["metadata"]["namespace"] for item in rendering.all("Role") if item_name(item) == name]
    bindings = [item for item in rendering.all("RoleBinding") if item_name(item) == name]
    assert [item["metadata"]["namespace"] for item in bindings] == found
    assert all(bound(item, "Role", name) for item in bindings)
    return found


def bound(binding: Json, kind: str, name: str) -> bool:
    """Whether a binding gives a role to the program's ServiceAccount, and to nothing else."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    return (binding["roleRef"], binding["subjects"]) == (role, [account])


def rules(item: Json) -> list[str]:
    """The rules of a role, one line each: resources, names, verbs."""
    assert all(set(rule) <= {"apiGroups", "resources", "resourceNames", "verbs"} for rule in item["rules"])
    lines = []
    for rule in item["rules"]:
        resources = [f"{kind}.{group}".rstrip(".") for group in rule["apiGroups"] for kind in rule["resources"]]
        names = f" [{' '.join(rule['resourceNames'])}]" if "resourceNames" in rule else ""
        lines.append(f"{' '.join(resources)}{names}: {' '.join(rule['verbs'])}")
    return lines


def own_rules(rendering: Rendering) -> list[str]:
    (role,) = (item for item in rendering.all("Role") if item_name(item) == NAME)
    assert role["metadata"]["namespace"] == NAMESPACE
    return rules(role)


def test_named_namespaces_get_a_role_each_and_nothing_is_cluster_wide() -> None:
    rendering = chosen(namespaces=["default", "team-a"], serviceAccounts=["default", "ci"])
    assert roles(rendering, OF_THE_CLUSTER) == [NAMESPACE, "default", "team-a"]
    assert not [item for item in rendering.objects if item["kind"].startswith("Cluster") or "Policy" in item["kind"]]
    for role in rendering.all("Role"):
        if item_name(role) == OF_THE_CLUSTER:
            assert rules(role) == [
                "secrets events: create",
                "secrets [privreg-pull]: get list patch delete",
                "serviceaccounts: list",
                "serviceaccounts [default ci]: get patch",
                f"namespaces [{role['metadata']['namespace']}]: get",
            ]
    assert own_rules(rendering) == ["secrets [privreg-credential]: get"]


def test_a_watcher_of_named_namespaces_may_watch_these() -> None:
    rendering = ci("pull-secrets-watch-named")
    (role, *_) = (item for item in rendering.all("Role") if item["metadata"]["namespace"] == "team-a")
    assert rules(role) == [
        "secrets events: create",
        "secrets [privreg-pull]: get list watch patch delete",
        "serviceaccounts: list watch",
        "serviceaccounts [default ci]: get patch",
        "namespaces [team-a]: get",
    ]
    assert own_rules(rendering) == [
        "secrets [privreg-credential]: get list watch",
        f"deployments.apps [{NAME}]: get delete",
    ]
    assert rendering.all("ClusterRole") == []


SELECTOR: Json = {"namespaces": [], "namespaceSelector": {"matchLabels": {"a": "b"}}}


@pytest.mark.parametrize("values", [ALL_NAMESPACES, {"namespaces": ["default", "team-?"]}, SELECTOR], ids=str)
def test_patterns_and_a_selector_take_a_cluster_role_in_place_of_the_roles(values: Json) -> None:
    rendering = chosen(**values)
    assert roles(rendering, OF_THE_CLUSTER) == []
    assert roles(rendering, NAME) == [NAMESPACE]
    assert bound(rendering.one("ClusterRoleBinding", OF_THE_CLUSTER), "ClusterRole", OF_THE_CLUSTER)
    assert rules(rendering.one("ClusterRole", OF_THE_CLUSTER)) == [
        "secrets events: create",
        "secrets [privreg-pull]: get list watch patch delete",
        "serviceaccounts: list watch",
        "serviceaccounts [default]: get patch",
        "namespaces: get list watch",
    ]
    assert own_rules(rendering) == [
        "secrets [privreg-credential]: get list watch",
        f"deployments.apps [{NAME}]: get delete",
    ]


def test_a_cronjob_watches_nothing() -> None:
    rendering = ci("pull-secrets-cronjob")
    assert rules(rendering.one("ClusterRole")) == [
        "secrets events: create",
        "secrets [privreg-pull]: get list patch delete",
        "serviceaccounts: list",
        "serviceaccounts [default]: get patch",
        "namespaces: get list",
    ]
    assert own_rules(rendering) == ["secrets [privreg-credential]: get", f"cronjobs.batch [{NAME}]: get delete"]


def test_patterns_of_service_accounts_mean_rights_to_all_of_them() -> None:
    found = rules(ci("pull-secrets-everywhere").one("ClusterRole"))
    assert [rule for rule in found if rule.startswith("serviceaccounts")] == [
        "serviceaccounts: list watch",
        "serviceaccounts: get patch",
    ]


@pytest.mark.parametrize("values", [{"serviceAccounts": []}, {"inject": "admission"}], ids=str)
def test_no_service_accounts_means_no_right_to_change_any(values: Json) -> None:
    for everywhere in ({}, ALL_NAMESPACES):
        rendering = chosen(**values, **everywhere)
        for role in [*rendering.all("Role"), *rendering.all("ClusterRole")]:
            writes = [rule for rule in rules(role) if rule.startswith("serviceaccounts") and "patch" in rule]
            assert writes == []


def test_two_releases_have_cluster_wide_objects_of_their_own() -> None:
    def names(namespace: str, release: str) -> set[str]:
        values = {"pullSecrets": {"inject": "both", **ALL_NAMESPACES}}
        rendering = render(MINIMAL, values=values, namespace=namespace, release=release)
        return {item_name(item) for item in rendering.objects if "namespace" not in item["metadata"]}

    assert len(names("one", "privreg")) == 1
    assert not names("one", "privreg") & (names("two", "privreg") | names("one", "privreg-2"))
