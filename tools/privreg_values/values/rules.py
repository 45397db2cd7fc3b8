"""Rules over more than one value.

The chart's templates/_rules.tpl has the same rules in the same words, so that `helm install` and
`privreg-values validate` say the same; a test compares them. The chart's templates/_cluster_rules.tpl has
further ones, about the cluster, which cannot be known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from privreg_values.values.nodes import Path, Value

GEN = "`privreg-values gen --host NAME`"

# What the chart has in the registry's Pod; a second entry of such a name is refused by server-side apply.
VOLUMES = ("auth", "config", "gateway", "programs", "run", "s3", "storage", "tls")
MOUNTS = ("/etc/distribution", "/etc/privreg/auth", "/etc/privreg/s3", "/run/privreg", "/var/lib/registry")


@dataclass(frozen=True)
class Finding:
    """A broken rule.

    Args:
        path: The value that it is about.
        message: "<what is wrong>; <what to do>".
    """

    path: Path
    message: str


class _Values:
    """Values by dotted path; what is missing or of another type reads as empty."""

    def __init__(self, values: dict[str, Value]) -> None:
        self._values = values

    def get(self, path: str) -> Value:
        value: Value = self._values
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def text(self, path: str) -> str:
        value = self.get(path)
        return value if isinstance(value, str) else ""

    def list(self, path: str) -> list[Value]:
        value = self.get(path)
        return value if isinstance(value, list) else []

    def number(self, path: str) -> float:
        value = self.get(path)
        return value if isinstance(value, int | float) else 0


def check(values: dict[str, Value]) -> list[Finding]:
    """Check the chart's defaults with the user's values over them."""
    view = _Values(values)
    rules = (
        _host,
        _auth,
        _roles,
        _gateway,
        _token,
        _http_secret,
        _pull_secrets,
        _storage,
        _service,
        _ingress,
        _pod_disruption_budget,
        _extras,
        _security_context,
    )
    return [
        Finding(tuple(path.split(".")), message)
        for rule in rules
        for path, _, message in (line.partition(": ") for line in rule(view))
    ]


def _host(values: _Values) -> Iterator[str]:
    if not values.get("host"):
        yield (f"host: is required; set it to the name that clients use, such as registry.example.com, or run {GEN}")


def _auth(values: _Values) -> Iterator[str]:
    users, secret = values.get("auth.users"), values.get("auth.existingSecret")
    if values.get("auth.mode") == "token":
        if users or secret or values.get("auth.access"):
            yield (
                "auth.mode: is token, but auth.users, auth.existingSecret or auth.access is set; "
                "remove them, the token server knows the users"
            )
    elif users and secret:
        yield "auth.existingSecret: is set together with auth.users; keep one of them"
    elif not (users or secret):
        yield f"auth: nobody could log in; run {GEN}, or set auth.users or auth.existingSecret"
    names = _names(values, "auth.users")
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"auth.users: the name {name} is there twice; keep one of them"
    if values.get("auth.mode") == "htpasswd":
        for user in _maps(values, "auth.users"):
            if user.get("previous"):
                yield (
                    f"auth.users: {user.get('name')} has a previous password, which needs auth.mode gateway; take it "
                    "out with `privreg-values users prune --all`, or set auth.mode to gateway"
                )


def _roles(values: _Values) -> Iterator[str]:
    users, access, secret = (values.get(f"auth.{key}") for key in ("users", "access", "existingSecret"))
    if values.get("auth.mode") != "gateway":
        if access:
            yield "auth.access: needs auth.mode gateway; remove it, or set auth.mode to gateway"
        return
    for user in _maps(values, "auth.users"):
        if not user.get("role"):
            yield f"auth.users: {user.get('name')} has no role; set it to pull, push or admin"
    if secret and not (users or access):
        yield f"auth.access: gives nobody a role; name the users of {secret} in it, each with a role"
    if access and not secret:
        yield "auth.access: is for the users of auth.existingSecret; give the roles in auth.users"
    names = _names(values, "auth.access")
    for index, name in enumerate(names):
        if name in names[:index]:
            yield f"auth.access: the name {name} is there twice; keep one of them"


def _gateway(values: _Values) -> Iterator[str]:
    mode, secret = values.get("auth.mode"), values.get("gateway.tls.secretName")
    if mode == "gateway" and secret and values.get("ingress.enabled"):
        yield (
            "gateway.tls.secretName: the Ingress speaks plain http to the gateway; "
            "remove it, or set ingress.enabled to false"
        )


def _token(values: _Values) -> Iterator[str]:
    if values.get("auth.mode") != "token":
        return
    for key in ("service", "issuer", "existingSecret"):
        if not values.get(f"token.{key}"):
            yield f"token.{key}: is required for auth.mode token; set it as the token server has it"
    if not (values.get("token.realm") or values.get("token.autoredirect")):
        yield (
            "token.realm: is required for auth.mode token; "
            "set it to the token server's address, or set token.autoredirect to true"
        )


def _http_secret(values: _Values) -> Iterator[str]:
    value, secret = values.get("httpSecret.value"), values.get("httpSecret.existingSecret")
    if value and secret:
        yield "httpSecret.existingSecret: is set together with httpSecret.value; keep one of them"
    elif not (value or secret):
        yield f"httpSecret: is required; run {GEN}, or set httpSecret.value or httpSecret.existingSecret"


def _pull_secrets(values: _Values) -> Iterator[str]:
    if not values.get("pullSecrets.enabled"):
        return
    username = values.text("pullSecrets.credential.username")
    password = values.get("pullSecrets.credential.password")
    users = _names(values, "auth.users")
    if values.get("pullSecrets.existingSecret"):
        if username or password:
            yield "pullSecrets.existingSecret: is set together with pullSecrets.credential; keep one of them"
    elif not (username or password):
        yield (
            f"pullSecrets: has nothing to deliver; run {GEN}, set pullSecrets.credential or "
            "pullSecrets.existingSecret, or set pullSecrets.enabled to false"
        )
    elif not password:
        yield f"pullSecrets.credential.password: is missing; set it to the password of {username}"
    elif not username:
        yield "pullSecrets.credential.username: is missing; set it to the user that the password belongs to"
    elif users and username not in users:
        yield (
            f"pullSecrets.credential.username: {username} is not among auth.users; add that user or name one of them"
        )
    yield from _pull_secrets_namespaces(values)


def _pull_secrets_namespaces(values: _Values) -> Iterator[str]:
    for name in _texts(values, "pullSecrets.namespaces"):
        for pattern in _texts(values, "pullSecrets.excludeNamespaces"):
            if not is_pattern(name) and fnmatchcase(name, pattern):
                yield (
                    f"pullSecrets.namespaces: {name} is excluded by {pattern} in pullSecrets.excludeNamespaces; "
                    "remove one of the two"
                )
    path = "pullSecrets.namespaceSelector.matchExpressions"
    for requirement in _maps(values, path):
        key, operator, given = (requirement.get(it) for it in ("key", "operator", "values"))
        if operator in ("In", "NotIn") and not given:
            yield f"{path}: {key} {operator} needs values; give at least one"
        elif operator not in ("In", "NotIn") and given:
            yield f"{path}: {key} {operator} takes no values; remove them, or set operator to In or NotIn"


def _storage(values: _Values) -> Iterator[str]:
    kind = values.text("storage.type")
    shared = kind in ("nfs", "s3") or (
        kind == "pvc" and "ReadWriteMany" in values.list("storage.persistence.accessModes")
    )
    count = int(values.number("replicas"))
    if count > 1 and not shared:
        yield (
            f"replicas: {count} registries cannot write to one {kind} volume that has a "
            "single writer; set replicas to 1, storage.type to s3 or nfs, or storage.persistence.accessModes to "
            "[ReadWriteMany]"
        )
    if kind == "nfs" and not values.get("storage.nfs.server"):
        yield "storage.nfs.server: is required for storage.type nfs; set it to the NFS server's name or address"
    if kind == "nfs" and not values.get("storage.nfs.path"):
        yield "storage.nfs.path: is required for storage.type nfs; set it to the exported folder"
    if kind == "hostPath" and not values.get("storage.hostPath.path"):
        yield "storage.hostPath.path: is required for storage.type hostPath; set it to a folder on the node"
    if kind == "s3":
        yield from _s3(values)


def _s3(values: _Values) -> Iterator[str]:
    access, secret, existing = (values.get(f"storage.s3.{it}") for it in ("accessKey", "secretKey", "existingSecret"))
    if not values.get("storage.s3.bucket"):
        yield "storage.s3.bucket: is required for storage.type s3; set it to the bucket's name"
    if not (values.get("storage.s3.region") or values.get("storage.s3.regionEndpoint")):
        yield (
            "storage.s3.region: is required for a bucket of Amazon's; set it to the bucket's region, or set "
            "storage.s3.regionEndpoint to the address of another store"
        )
    if existing and (access or secret):
        yield (
            "storage.s3.existingSecret: is set together with storage.s3.accessKey or storage.s3.secretKey; "
            "keep one of them"
        )
    elif access and not secret:
        yield "storage.s3.secretKey: is missing; set it to the secret of the access key"
    elif secret and not access:
        yield "storage.s3.accessKey: is missing; set it to the id of the key that the secret belongs to"


def _service(values: _Values) -> Iterator[str]:
    kind = values.text("service.type")
    if kind == "ClusterIP" and values.get("service.nodePort"):
        yield (
            "service.nodePort: needs another service.type than ClusterIP; remove it, or set service.type to NodePort"
        )
    if kind == "ClusterIP" and values.get("service.externalTrafficPolicy"):
        yield (
            "service.externalTrafficPolicy: needs another service.type than ClusterIP; "
            "remove it, or set service.type to NodePort or LoadBalancer"
        )
    for key in ("loadBalancerClass", "loadBalancerSourceRanges"):
        if kind != "LoadBalancer" and values.get(f"service.{key}"):
            yield f"service.{key}: is for service.type LoadBalancer; remove it, or set service.type to LoadBalancer"


def _ingress(values: _Values) -> Iterator[str]:
    annotations = values.get("ingress.annotations")
    by_annotation = isinstance(annotations, dict) and annotations.get("kubernetes.io/ingress.class")
    if values.get("ingress.enabled") and values.get("ingress.className") and by_annotation:
        yield (
            "ingress.className: is set together with the annotation kubernetes.io/ingress.class, and Kubernetes "
            "refuses both; remove the annotation"
        )


def _pod_disruption_budget(values: _Values) -> Iterator[str]:
    both = ("podDisruptionBudget.minAvailable", "podDisruptionBudget.maxUnavailable")
    if all(values.get(path) is not None for path in both):
        yield (
            "podDisruptionBudget.maxUnavailable: is set together with podDisruptionBudget.minAvailable; "
            "keep one of them"
        )


def _extras(values: _Values) -> Iterator[str]:
    own = _own_variables(values)
    names = [str(it) for it in _names(values, "extraEnv")]
    for index, name in enumerate(names):
        if name in own:
            yield f"extraEnv: the chart sets {name} itself; remove it, the value for it is {own[name]}"
        elif name in names[:index]:
            yield f"extraEnv: the name {name} is there twice; keep one of them"
    names = [str(it) for it in _names(values, "extraVolumes")]
    for index, name in enumerate(names):
        if name in VOLUMES:
            yield (
                f"extraVolumes: the name {name} is that of a volume of the chart; choose another, here and in "
                "extraVolumeMounts"
            )
        elif name in names[:index]:
            yield f"extraVolumes: the name {name} is there twice; keep one of them"
    paths = [str(it.get("mountPath")).removesuffix("/") for it in _maps(values, "extraVolumeMounts")]
    for index, path in enumerate(paths):
        if path in MOUNTS:
            yield (
                f"extraVolumeMounts: the chart mounts a volume of its own at {path}; choose another mountPath, or set "
                "storage.type where the images are meant"
            )
        elif path in paths[:index]:
            yield f"extraVolumeMounts: the mountPath {path} is there twice; keep one of them"


def _own_variables(values: _Values) -> dict[str, str]:
    """Return the variables that the chart sets with these values, each with the value that is for it."""
    own = {"OTEL_TRACES_EXPORTER": "tracing.otlpEndpoint"}
    if values.get("tracing.otlpEndpoint"):
        own |= dict.fromkeys(("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_ENDPOINT"), "tracing.otlpEndpoint")
    if values.get("httpSecret.existingSecret"):
        own["REGISTRY_HTTP_SECRET"] = "httpSecret.existingSecret"  # noqa: S105 - a path
    if values.get("storage.type") == "s3" and values.get("storage.s3.existingSecret"):
        own["AWS_SHARED_CREDENTIALS_FILE"] = "storage.s3.existingSecret"
    return own


def _security_context(values: _Values) -> Iterator[str]:
    """Yield where the kubelet would not start a container: root, where nobody may be root."""
    pod, container = (values.get(it) for it in ("podSecurityContext", "securityContext"))
    by_pod = pod.get("runAsNonRoot", True) if isinstance(pod, dict) else True
    own = container.get("runAsNonRoot") if isinstance(container, dict) else None
    settings = (("podSecurityContext", pod, by_pod), ("securityContext", container, by_pod if own is None else own))
    for path, context, non_root in settings:
        user = context.get("runAsUser") if isinstance(context, dict) else None
        if str(user) == "0" and non_root:
            yield (
                f"{path}.runAsUser: is 0, which the kubelet refuses to start beside runAsNonRoot; remove it, or set "
                f"{path}.runAsNonRoot to false"
            )


def _maps(values: _Values, path: str) -> list[dict[str, Value]]:
    return [item for item in values.list(path) if isinstance(item, dict)]


def _texts(values: _Values, path: str) -> list[str]:
    return [item for item in values.list(path) if isinstance(item, str)]


def _names(values: _Values, path: str) -> list[Value]:
    return [item.get("name") for item in _maps(values, path)]


def is_pattern(name: str) -> bool:
    """Tell whether a name has a * or a ?; neither can be in a name itself."""
    return "*" in name or "?" in name
