"""Makes values from the chart's own schema, for tests that hold for all that it accepts."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from privreg_values.values import rules
from tests.chart.rendering import Json
from tests.chart.test_values_are_used import SCHEMA, resolve

MAX_KEYS = 6  # of one map, so that a case is read in a minute
LARGEST = 2**53  # above it JSON's numbers are no longer exact
# Characters that YAML takes as they are; JSON is YAML as long as there are no others.
TEXT = st.characters(
    codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff"
)

# What the schema leaves to Kubernetes, whose own form it is; here are examples that Kubernetes takes.
EXAMPLES: dict[str, list[Any]] = {
    "affinity.nodeAffinity": [{}, {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}],
    "affinity.podAffinity": [{}],
    "affinity.podAntiAffinity": [{"preferredDuringSchedulingIgnoredDuringExecution": []}],
    "extraEnv[].valueFrom": [{"fieldRef": {"fieldPath": "metadata.name"}}, {"secretKeyRef": {"name": "a", "key": "b"}}],
    "extraManifests[]": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra"}, "data": {"a": "1"}},
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name | quote }}}\n",
    ],
    "global": [{}, {"imageRegistry": "mirror.example.com:5000/a"}, {"imagePullSecrets": ["a", {"name": "b"}], "x": 1}],
    "podSecurityContext.appArmorProfile": [{"type": "RuntimeDefault"}, None],
    "podSecurityContext.seLinuxOptions": [{"level": "s0:c123,c456"}, None],
    "podSecurityContext.seccompProfile": [{"type": "Localhost", "localhostProfile": "a.json"}, None],
    "podSecurityContext.supplementalGroups": [[1, 2], None],
    "podSecurityContext.sysctls": [[{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}], None],
    "securityContext.appArmorProfile": [{"type": "Unconfined"}, None],
    "securityContext.capabilities": [{"drop": ["ALL"]}, {"add": ["NET_BIND_SERVICE"]}, None],
    "securityContext.seLinuxOptions": [{"type": "spc_t"}, None],
    "securityContext.seccompProfile": [{"type": "RuntimeDefault"}, None],
    "topologySpreadConstraints[].labelSelector": [{"matchLabels": {"a": "b"}}, {}],
    "topologySpreadConstraints[].matchLabelKeys": [["pod-template-hash"], []],
}


def values() -> SearchStrategy[Json]:
    """Any values file that the schema accepts."""
    return _map(SCHEMA, "")


def _any(schema: Json, path: str) -> SearchStrategy[Any]:
    schema = resolve(schema) | {key: value for key, value in schema.items() if key == "description"}
    if path in EXAMPLES:
        return st.sampled_from(EXAMPLES[path])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_type(each, schema, path) for each in types])


OWN_VARIABLES = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_ENDPOINT")


def _of_type(name: str, schema: Json, path: str) -> SearchStrategy[Any]:
    makers: dict[str, Callable[[], SearchStrategy[Any]]] = {
        "null": st.none,
        "boolean": st.booleans,
        "integer": lambda: _integer(schema),
        "number": lambda: st.integers(schema.get("minimum", 0), 10**6) | st.sampled_from([0.1, 0.5, 2.25]),
        "string": lambda: _text(schema),
        "array": lambda: _list(schema, path),
        "object": lambda: _map(schema, path),
    }
    return makers[name]()


def _integer(schema: Json) -> SearchStrategy[int]:
    numbers = st.integers(schema.get("minimum", -LARGEST), schema.get("maximum", LARGEST))
    return numbers.filter(lambda it: it not in schema.get("not", {}).get("enum", []))


def _list(schema: Json, path: str) -> SearchStrategy[list[Any]]:
    unique = repr if schema.get("uniqueItems") else None
    items = _any(schema["items"], f"{path}[]")
    return st.lists(items, min_size=schema.get("minItems", 0), max_size=3, unique_by=unique)


def _text(schema: Json) -> SearchStrategy[str]:
    if "if" in schema:  # a hash: the pattern is behind two `not`, so that Helm does not print what fails it
        return st.from_regex(_pattern(schema["then"]["not"]["not"]["pattern"]), fullmatch=True)
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    if "anyOf" in schema:
        return st.just("") | st.text(TEXT, min_size=schema["anyOf"][1]["minLength"], max_size=40)
    if "pattern" in schema:
        found = st.from_regex(_pattern(schema["pattern"]), fullmatch=True, alphabet=TEXT)
        return found.filter(lambda it: low <= len(it) <= (high or len(it)))
    return st.text(TEXT, min_size=low, max_size=high or 20)


def _pattern(pattern: str) -> str:
    """The same in Python's words, whole and in ASCII; long runs are cut, as nobody reads them."""
    return re.sub(r"\{0,(\d{2,})\}", "{0,12}", pattern.removeprefix("^").removesuffix("$"))


@st.composite
def _map(draw: DrawFn, schema: Json, path: str) -> Json:
    properties = schema.get("properties", {})
    further = schema.get("additionalProperties")
    if not properties and isinstance(further, dict):
        keys = st.text(TEXT, min_size=1, max_size=12)
        return draw(st.dictionaries(keys, _any(further, f"{path}[]"), max_size=3))
    needed = schema.get("required", []) if "[]" in path else []  # elsewhere the defaults have them
    chosen = draw(st.lists(st.sampled_from(list(properties)), unique=True, max_size=MAX_KEYS if path else 12))
    keys_in_order = dict.fromkeys([*needed, *chosen])
    return {key: draw(_any(properties[key], f"{path}.{key}".lstrip("."))) for key in keys_in_order}


@st.composite
def fitting(draw: DrawFn) -> Json:
    """The same, with the combinations that the chart's rules ask for."""
    it = draw(values())
    for section in ("auth", "token", "gateway", "httpSecret", "pullSecrets", "storage", "service", "ingress"):
        it.setdefault(section, {})
    it["host"] = it.get("host") or "registry.example.com"
    names = _fit_users(draw, it)
    secret = draw(st.booleans())
    it["httpSecret"] = {"existingSecret": "http"} if secret else {"value": it["httpSecret"].get("value") or "s" * 32}
    _fit_pull_secrets(draw, it, names)
    _fit_storage(it)
    _fit_network(it)
    _fit_pod(it)
    if len({"minAvailable", "maxUnavailable"} & set(it.get("podDisruptionBudget", {}))) == 2:
        del it["podDisruptionBudget"]["minAvailable"]
    return it


def _fit_users(draw: DrawFn, it: Json) -> list[str]:
    auth = it["auth"]
    mode = auth.get("mode", "gateway")
    users = {user["name"]: user for user in auth.pop("users", [])}
    access = {user["name"]: user for user in auth.pop("access", [])}
    auth.pop("existingSecret", None)
    if mode == "token":
        text = {"service": "registry", "issuer": "issuer"}
        it["token"] |= {key: it["token"].get(key) or value for key, value in text.items()}
        it["token"] |= {"existingSecret": it["token"].get("existingSecret") or "keys"}
        if not it["token"].get("autoredirect"):
            it["token"]["realm"] = it["token"].get("realm") or "https://auth.example.com/token"
        return []
    if (access and mode == "gateway") or (not users and mode == "htpasswd"):
        auth["existingSecret"] = "users"
        auth["access"] = list(access.values()) if mode == "gateway" else []
        return []
    users = users or {"ci": {"name": "ci", "hash": "$2y$05$" + "C" * 53}}
    for user in users.values():
        if mode == "gateway":
            user.setdefault("role", draw(st.sampled_from(["pull", "push", "admin"])))
        else:
            user.pop("previous", None)
    auth["users"] = list(users.values())
    return list(users)


def _fit_pull_secrets(draw: DrawFn, it: Json, names: list[str]) -> None:
    delivery = it["pullSecrets"]
    if delivery.get("existingSecret"):
        delivery.pop("credential", None)
    else:
        password = delivery.get("credential", {}).get("password") or "a-password"
        delivery["credential"] = {"username": draw(st.sampled_from(names or ["ci"])), "password": password}
    for requirement in delivery.get("namespaceSelector", {}).get("matchExpressions", []):
        if requirement["operator"] in ("In", "NotIn"):
            requirement["values"] = requirement.get("values") or ["x"]
        else:
            requirement.pop("values", None)
    named = delivery.get("namespaces", ["default"])
    excluded = delivery.get("excludeNamespaces", [])
    delivery["excludeNamespaces"] = [it for it in excluded if not any(fnmatchcase(name, it) for name in named)]


def _fit_storage(it: Json) -> None:
    storage = it["storage"]
    kind = storage.get("type", "pvc")
    if kind == "nfs":
        nfs = storage.setdefault("nfs", {})
        nfs |= {"server": nfs.get("server") or "nas.example.com", "path": nfs.get("path") or "/images"}
    if kind == "hostPath" and "path" in storage.get("hostPath", {}):
        storage["hostPath"]["path"] = storage["hostPath"]["path"] or "/srv"
    if kind == "s3":
        _fit_bucket(storage.setdefault("s3", {}))
    shared = kind == "pvc" and "ReadWriteMany" in storage.get("persistence", {}).get("accessModes", [])
    if not (shared or kind in ("nfs", "s3")):
        it["replicas"] = min(it.get("replicas", 1), 1)


def _fit_bucket(bucket: Json) -> None:
    bucket["bucket"] = bucket.get("bucket") or "images"
    if not bucket.get("regionEndpoint"):
        bucket["region"] = bucket.get("region") or "eu-west-1"
    if bucket.get("existingSecret") or not (bucket.get("accessKey") and bucket.get("secretKey")):
        bucket.pop("accessKey", None)
        bucket.pop("secretKey", None)


def _fit_network(it: Json) -> None:
    service, ingress = it["service"], it["ingress"]
    kind = service.get("type", "ClusterIP")
    if kind == "ClusterIP":
        service.pop("nodePort", None)
        service.pop("externalTrafficPolicy", None)
    if kind != "LoadBalancer":
        service.pop("loadBalancerClass", None)
        service.pop("loadBalancerSourceRanges", None)
    if it["gateway"].get("tls", {}).get("secretName") and ingress.get("enabled", True):
        ingress["enabled"] = False


def _fit_pod(it: Json) -> None:
    """Names that neither the chart has nor another entry, and nobody as root."""
    for key, name in (("extraEnv", "name"), ("extraVolumes", "name"), ("extraVolumeMounts", "mountPath")):
        entries = {str(entry[name]).removesuffix("/"): entry for entry in it.get(key, [])}
        own = {*OWN_VARIABLES, *rules.VOLUMES, *rules.MOUNTS}
        if key in it:
            it[key] = [entry for name, entry in entries.items() if name not in own]
    for key in ("podSecurityContext", "securityContext"):
        if it.get(key, {}).get("runAsUser") == 0:
            it[key]["runAsUser"] = 1
