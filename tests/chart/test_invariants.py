"""What holds for every object that the chart can make, whatever the values."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.chart.rendering import (
    ALL,
    CHART,
    CI_FILES,
    EVERYTHING,
    NAMESPACE,
    RELEASE,
    Json,
    Pod,
    Rendering,
    everything,
    label,
    pods,
    render,
    title,
)

SELECTOR_LABELS = {
    "app.kubernetes.io/name": "privreg",
    "app.kubernetes.io/instance": RELEASE,
    "app.kubernetes.io/component": "registry",
}
LABELS = {*SELECTOR_LABELS, "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart"}
OWN_FOLDER = "own-folder"  # gives a node's folder to the registry: the one container that runs as root
# These files change what the invariant asks for; that is what they are there for.
OVERRIDES_RESOURCES = {"resources-values.yaml"}
OVERRIDES_ROOT_FILE_SYSTEM = {"security-contexts-values.yaml"}
LONG_NAME = "a" * 52 + "z"  # Helm's limit is 53


def all_pods() -> Iterator[tuple[Rendering, Pod]]:
    for rendering in everything():
        for pod in pods(rendering):
            yield rendering, pod


def test_every_file_in_ci_is_tried_by_chart_testing_and_here() -> None:
    files = set((CHART / "ci").iterdir())
    assert files == set(CI_FILES), "chart-testing takes *-values.yaml only"
    assert len(files) == 43, "a new file? then change the number here"


def test_every_container_is_locked_down() -> None:
    problems = []
    for rendering, pod in all_pods():
        for container in pod.containers:
            context = container["securityContext"]
            wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}
            if rendering.name in OVERRIDES_ROOT_FILE_SYSTEM and container["name"] == "registry":
                wanted["readOnlyRootFilesystem"] = False
            root = container["name"] == OWN_FOLDER
            capabilities = {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE"]} if root else {"drop": ["ALL"]}
            effective = pod.spec["securityContext"] | context
            if not (
                wanted.items() <= context.items()
                and context["capabilities"] == capabilities
                and effective["runAsNonRoot"] is not root
                and effective["seccompProfile"] == {"type": "RuntimeDefault"}
            ):
                problems.append(f"{pod.owner}: {container['name']}: {context}")
    assert problems == []


def test_every_container_has_requests_and_limits() -> None:
    problems = [
        f"{pod.owner}: {container['name']}"
        for rendering, pod in all_pods()
        if rendering.name not in OVERRIDES_RESOURCES
        for container in pod.containers
        if any(set(container["resources"].get(part, {})) != {"cpu", "memory"} for part in ("requests", "limits"))
    ]
    assert problems == []


def test_every_image_is_fully_qualified_and_pinned() -> None:
    images = {container["image"] for _, pod in all_pods() for container in pod.containers}
    qualified = re.compile(r"[a-z0-9.-]+\.[a-z]+(:\d+)?/[a-z0-9._/-]+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})")
    assert images
    assert [image for image in images if not qualified.fullmatch(image)] == []


def test_a_mirror_serves_every_image() -> None:
    mirror = {"global": {"imageRegistry": "mirror.example.com:5000/all"}}
    for rendering in everything(mirror):
        for pod in pods(rendering):
            for container in pod.containers:
                assert container["image"].startswith("mirror.example.com:5000/all/library/"), pod.owner


def test_only_what_delivers_the_pull_secrets_gets_a_token() -> None:
    with_token = {
        re.sub(r".*: ", "", pod.owner) for _, pod in all_pods() if pod.spec["automountServiceAccountToken"] is not False
    }
    assert with_token == {
        *(
            f"Job {NAMESPACE}/{name}-pull-secrets-{job}"
            for name in (RELEASE, "team-images")
            for job in ("deliver", "retire", "withdraw")
        ),
        f"Deployment {NAMESPACE}/{RELEASE}-pull-secrets",
        f"CronJob {NAMESPACE}/{RELEASE}-pull-secrets",
    }
    assert {pod.spec["serviceAccountName"] for _, pod in all_pods() if pod.spec["automountServiceAccountToken"]} == {
        f"{name}-pull-secrets" for name in (RELEASE, "team-images")
    }
    for rendering in everything():
        for account in rendering.all("ServiceAccount"):
            assert account["automountServiceAccountToken"] is False


def test_no_pod_gets_the_addresses_of_services_in_its_environment() -> None:
    # A Service named registry-… would otherwise set REGISTRY_…, which the registry reads as its configuration.
    assert [pod.owner for _, pod in all_pods() if pod.spec["enableServiceLinks"] is not False] == []


def test_every_pod_gets_the_pull_secrets_of_this_charts_images() -> None:
    for pod in pods(render(EVERYTHING)):
        assert pod.spec["imagePullSecrets"] == [{"name": "mirror-a"}, {"name": "mirror-b"}], pod.owner


def test_every_object_has_the_common_labels_and_annotations() -> None:
    for rendering in everything():
        for item in rendering.own_objects:
            assert set(item["metadata"]["labels"]) >= LABELS, f"{rendering.name}: {title(item)}"
    for item in render(EVERYTHING).objects:
        metadata = item["metadata"]
        assert metadata["labels"]["team"] == "everything", title(item)
        assert metadata["annotations"]["example.com/common"] == "everything", title(item)
    for pod in pods(render(EVERYTHING)):
        assert pod.metadata["labels"]["team"] == "everything", pod.owner
        assert pod.metadata["annotations"]["example.com/common"] == "everything", pod.owner


def test_the_charts_own_labels_cannot_be_taken_over() -> None:
    taken = {"commonLabels": dict.fromkeys(LABELS, "mine"), "podLabels": dict.fromkeys(LABELS, "mine")}
    rendering = render(EVERYTHING, values=taken)
    for item in rendering.objects:
        assert "mine" not in {item["metadata"]["labels"][label] for label in LABELS}, title(item)
    for pod in pods(rendering):
        assert "mine" not in {pod.metadata["labels"][label] for label in SELECTOR_LABELS}, pod.owner


def selectors(rendering: Rendering) -> Iterator[tuple[str, Json]]:
    for item in rendering.objects:
        spec = item.get("spec", {})
        if item["kind"] == "Service":
            yield title(item), spec["selector"]
        elif "selector" in spec:
            yield title(item), spec["selector"]["matchLabels"]
    for pod in pods(rendering):
        for constraint in pod.spec.get("topologySpreadConstraints", []):
            yield f"{pod.owner} spread", constraint["labelSelector"]["matchLabels"]


def test_selectors_never_change_and_select_the_registry_alone_or_what_they_are_in() -> None:
    for rendering in everything():
        found = dict(selectors(rendering))
        assert len(found) >= 2
        registry = f"{rendering.name}: {title(rendering.deployment)}"
        for name, selector in found.items():
            assert set(selector) == set(SELECTOR_LABELS), name
            selected = [pod.owner for pod in pods(rendering) if selector.items() <= pod.metadata["labels"].items()]
            watcher = name.startswith("Deployment ") and name.endswith("-pull-secrets")
            assert selected == [f"{rendering.name}: {name}" if watcher else registry], name
    assert len(dict(selectors(render(EVERYTHING)))) == 5


def test_no_label_in_a_pod_template_tells_the_version() -> None:
    for _, pod in all_pods():
        if ": Pod " not in pod.owner:
            assert not {"app.kubernetes.io/version", "helm.sh/chart"} & set(pod.metadata["labels"]), pod.owner


def test_objects_lie_in_the_releases_namespace_and_rights_in_the_chosen_ones() -> None:
    for rendering in everything():
        for item in rendering.own_objects:
            if is_cluster_wide(item):
                assert "namespace" not in item["metadata"], f"{rendering.name}: {title(item)}"
            elif item["kind"] not in ("Role", "RoleBinding"):
                assert item["metadata"]["namespace"] == NAMESPACE, f"{rendering.name}: {title(item)}"
    named = render(CHART / "ci" / "pull-secrets-watch-named-values.yaml")
    for kind in ("Role", "RoleBinding"):
        assert {item["metadata"]["namespace"] for item in named.all(kind)} == {NAMESPACE, "default", "team-a"}
        assert {item["metadata"]["namespace"] for item in render(EVERYTHING).all(kind)} == {NAMESPACE}


def test_cluster_wide_objects_are_made_only_for_patterns_selectors_and_admission() -> None:
    rights = {"ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    admission = {"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"}
    made = {
        rendering.name.removesuffix("-values.yaml"): kinds
        for rendering in everything()
        if (kinds := {item["kind"] for item in rendering.objects if is_cluster_wide(item)})
    }
    assert made == {
        **{label(files).removesuffix("-values.yaml"): rights | admission for files in ALL if EVERYTHING in files},
        "pull-secrets-everywhere": rights,
        "pull-secrets-selector": rights,
        "pull-secrets-cronjob": rights,
        "pull-secrets-admission": rights | admission,
        "pull-secrets-both": admission,
    }


def is_cluster_wide(item: Json) -> bool:
    kind: str = item["kind"]
    return kind.startswith("Cluster") or "AdmissionPolicy" in kind or kind == "PersistentVolume"


@pytest.mark.parametrize("release", [RELEASE, LONG_NAME, "registry.example.com", "my-privreg-2"])
def test_no_two_objects_have_the_same_name(release: str) -> None:
    for rendering in everything(release=release):
        counts = Counter(title(item) for item in rendering.objects)
        assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("release", [RELEASE, LONG_NAME, "registry.example.com"])
def test_names_fit_and_every_reference_is_to_an_object_that_is_there(release: str) -> None:
    for rendering in everything(release=release):
        there = {(item["kind"], item["metadata"]["name"]) for item in rendering.objects}
        long = {item["kind"] for item in rendering.objects if is_cluster_wide(item)} | {"Role", "RoleBinding"}
        made_later = {("Secret", item["spec"]["secretName"]) for item in rendering.all("Certificate")}
        most = dict.fromkeys(long, 253) | {"CronJob": 52}  # Kubernetes appends 11 characters for the Jobs
        for kind, name in there:
            assert len(name) <= most.get(kind, 63), f"{kind} {name}"
            assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", name), name
        for pod in pods(rendering):
            assert references(pod) <= there | made_later | {("ServiceAccount", "default")}, pod.owner
            mounted = {mount["name"] for each in pod.containers for mount in each.get("volumeMounts", [])}
            assert mounted == {volume["name"] for volume in pod.spec["volumes"]}, pod.owner


def test_names_are_looked_at_of_every_kind_with_a_limit_of_its_own() -> None:
    assert {"CronJob", "Service", "ClusterRole"} <= {item["kind"] for it in everything() for item in it.objects}


def references(pod: Pod) -> set[tuple[str, str]]:
    """The objects that a Pod needs."""
    found = {("ServiceAccount", pod.spec.get("serviceAccountName", "default"))}
    for volume in pod.spec["volumes"]:
        if "secret" in volume:
            found.add(("Secret", volume["secret"]["secretName"]))
        if "configMap" in volume:
            found.add(("ConfigMap", volume["configMap"]["name"]))
        if "persistentVolumeClaim" in volume:
            found.add(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
    for container in pod.containers:
        for variable in container.get("env", []):
            if "secretKeyRef" in variable.get("valueFrom", {}):
                found.add(("Secret", variable["valueFrom"]["secretKeyRef"]["name"]))
    return found


def test_secrets_are_mounted_as_folders_so_that_they_change_in_a_running_pod() -> None:
    for _, pod in all_pods():
        for container in pod.containers:
            assert not [mount for mount in container["volumeMounts"] if "subPath" in mount], pod.owner
        for volume in pod.spec["volumes"]:
            if "secret" in volume:
                assert volume["secret"]["defaultMode"] == 0o440, "not for everybody to read"


def test_hooks_end_and_are_cleaned_up() -> None:
    hooks = {}
    for item in render(EVERYTHING).objects:
        annotations = item["metadata"].get("annotations", {})
        if "helm.sh/hook" in annotations:
            hooks[title(item)] = annotations["helm.sh/hook"]
            assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
            # Helm waits 5 minutes unless it is told to wait longer, as it may be for thousands of namespaces.
            deadlines = {"Pod": 240, "Job": 900}
            if item["kind"] in deadlines:
                assert item["spec"]["activeDeadlineSeconds"] == deadlines[item["kind"]]
    assert hooks == {
        f"Job {NAMESPACE}/privreg-pull-secrets-deliver": "post-install,post-upgrade,post-rollback",
        f"ConfigMap {NAMESPACE}/privreg-pull-secrets-retire": "pre-upgrade,pre-rollback",
        f"Job {NAMESPACE}/privreg-pull-secrets-retire": "pre-upgrade,pre-rollback",
        f"Job {NAMESPACE}/privreg-pull-secrets-withdraw": "pre-delete",
        f"Pod {NAMESPACE}/privreg-test-login": "test",
    }
