"""What fits a cluster: each question with the usual answer and its reason."""

from __future__ import annotations

from collections.abc import Sequence

from privreg_values.cluster.facts import Class, Facts, Issuer
from privreg_values.generate.choices import Choices
from privreg_values.generate.questions import Question, chart_takes

DEFAULT, NONE, SECRET, CERT_MANAGER = "default", "none", "secret", "cert-manager"
AMAZON, KEYS, ROLE = "amazon", "keys", "role"
ASSUMED = "assumed"
NAME = "lower-case letters, digits and dashes"
PRESETS = {
    "haproxy": "HAProxy, by HAProxy Technologies or the community",
    "nginx": "ingress-nginx",
    "traefik": "Traefik",
    NONE: "another; large pushes may need annotations of its own",
}
_THE_DEFAULT = "the cluster's default"
_NO_INGRESS = "no Ingress; something of yours serves https"
_A_SECRET = "a TLS Secret that you make"  # noqa: S105 - not a password
# By the beginning of spec.controller; a second controller of a kind has a longer name.
_CONTROLLERS = {
    "k8s.io/ingress-nginx": "nginx",
    "haproxy.org/ingress-controller": "haproxy",
    "haproxy-ingress.github.io/controller": "haproxy",
    "traefik.io/ingress-controller": "traefik",
}


def ingress_class(facts: Facts | None) -> Question:
    """Ask for the IngressClass: the default one or the only one is usual."""
    about, flag = "Ingress class", "--ingress-class, or --no-ingress"
    known = facts.ingress_classes if facts else None
    if not known:
        options = {DEFAULT: "the cluster's default class", NONE: _NO_INGRESS}
        check = chart_takes("ingress", "className", form=f"{NAME}, such as nginx")
        return Question(about, flag, DEFAULT, _why_no_class(facts), options, is_free=True, check=check)
    options = {**_described(known), NONE: _NO_INGRESS}
    default, reason = _usual(known, "ingress classes")
    return Question(about, flag, default, reason, options)


def _why_no_class(facts: Facts | None) -> str:
    if not facts or facts.ingress_classes is None:
        return ASSUMED
    also = "; Gateway API is there, but the chart makes no route for it" if facts.gateway_api else ""
    return f"the cluster has no ingress class: it needs an ingress controller{also}"


def preset(facts: Facts | None, class_name: str) -> Question:
    """Ask for the kind of the class's controller, if its name does not say it.

    Args:
        facts: What the cluster has.
        class_name: The class; empty for the cluster's default.
    """
    about, flag = "Ingress controller", "--ingress-preset"
    known = (facts.ingress_classes if facts else None) or ()
    program = next((it.program for it in known if it.name == class_name or (it.is_default and not class_name)), "")
    kind = next((kind for beginning, kind in _CONTROLLERS.items() if program.startswith(beginning)), None)
    if kind == "traefik" and facts and not facts.traefik:
        reason = "the preset of Traefik needs its custom resources, which the cluster does not have"
        return Question(about, flag, NONE, reason, PRESETS, is_certain=True)
    if kind:
        return Question(about, flag, kind, f"the class is of {program}", PRESETS, is_certain=True)
    by_name = next((kind for kind in PRESETS if kind != NONE and kind in class_name), None)
    if by_name and not program:
        return Question(about, flag, by_name, "by the name of the class", PRESETS)
    return Question(about, flag, NONE, f"the chart has none for {program}" if program else "", PRESETS)


def certificate(facts: Facts | None) -> Question:
    """Ask who makes the certificate: an issuer that is ready is usual, or else nobody."""
    about, flag = "Certificate", "--cert-manager --issuer, or --tls-secret"
    known = facts.issuers if facts else None
    if known is None:
        options = {SECRET: _A_SECRET, CERT_MANAGER: "cert-manager makes it, with a ClusterIssuer"}
        return Question(about, flag, SECRET, ASSUMED, options)
    if not known:
        lacking = "ClusterIssuer" if facts and facts.cert_manager else "cert-manager"
        reason = f"the cluster has no {lacking}, so you make the TLS Secret"
        return Question(about, "--tls-secret", SECRET, reason, {SECRET: _A_SECRET}, is_certain=True)
    options = {**_issuers(known), SECRET: _A_SECRET}
    if best := _best(known):
        return Question(about, flag, best.name, options[best.name], options)
    return Question(about, flag, SECRET, "no ClusterIssuer is ready that others would trust", options)


def secret_name() -> Question:
    """Ask for the name of the TLS Secret."""
    options = {DEFAULT: 'the release\'s full name and "-tls"'}
    check = chart_takes("tls", "secretName", form=f"{NAME}, such as registry-tls")
    return Question("Name of the TLS Secret", "--tls-secret", DEFAULT, "", options, is_free=True, check=check)


def issuer(facts: Facts | None) -> Question:
    """Ask for the ClusterIssuer, where cert-manager is chosen."""
    known = (facts.issuers if facts else None) or ()
    best = _best(known)
    default, reason = (best.name, _issuers(known)[best.name]) if best else ("letsencrypt", "")
    check = chart_takes("tls", "certManager", "issuerRef", "name", form=f"{NAME}, such as letsencrypt")
    return Question("ClusterIssuer", "--issuer", default, reason, _issuers(known), is_free=True, check=check)


def _issuers(known: Sequence[Issuer]) -> dict[str, str]:
    return {it.name: f"ClusterIssuer, {it.kind}, {'ready' if it.is_ready else 'not ready'}" for it in known}


def _best(known: Sequence[Issuer]) -> Issuer | None:
    """Choose an issuer whose certificates nodes may trust, Let's Encrypt first."""
    usable = [it for it in known if it.is_ready and it.kind != "self-signed" and "staging" not in it.name]
    return min(usable, key=lambda it: (not it.name.startswith("letsencrypt"), it.kind != "ACME"), default=None)


def storage(facts: Facts | None) -> Question:
    """Ask for the kind of volume: a claim is usual, if the cluster makes volumes for claims."""
    known = facts.storage_classes if facts else None
    options = {
        "pvc": "a volume claim",
        "hostPath": "a folder on one node",
        "nfs": "an export of an NFS server",
        "s3": "a bucket of Amazon S3, or of a store that speaks its language",
        "emptyDir": "for trials; lost with the Pod",
    }
    default, reason = "pvc", ASSUMED
    if known:
        usual, why = _usual(known, "storage classes")
        options["pvc"] = reason = (
            f"a volume claim of storage class {usual}, {why}" if usual else f"a volume claim; {why}"
        )
    elif known is not None:
        default, reason = "hostPath", "the cluster has no storage class; hostPath and emptyDir need none"
        options["pvc"] = "a volume claim; the cluster has no storage class to serve it"
    return Question("Storage", "--storage", default, reason, options)


def storage_class(facts: Facts | None) -> Question | None:
    """Ask for the StorageClass; None where the cluster's default will do, or nothing is known."""
    known = facts.storage_classes if facts else None
    if not known or known[0].is_default:
        return None
    default, reason = _usual(known, "storage classes")
    return Question("Storage class", "--storage-class", default, reason, _described(known), is_certain=bool(default))


def size() -> Question:
    """Ask for the size of the claim."""
    check = chart_takes("storage", "persistence", "size", form="a number and a unit, such as 20Gi")
    return Question("Size", "--storage-size", "20Gi", check=check)


def folder() -> Question:
    """Ask for the folder of hostPath."""
    check = chart_takes("storage", "hostPath", "path", form="an absolute path, such as /var/lib/privreg")
    return Question("Folder on the node", "--storage-path", "/var/lib/privreg", check=check)


def nfs_server() -> Question:
    """Ask for the NFS server."""
    check = chart_takes("storage", "nfs", "server", form="a name or an address, such as nas.example.com")
    return Question("NFS server", "--storage-server", check=check)


def nfs_export() -> Question:
    """Ask for what the NFS server exports."""
    check = chart_takes("storage", "nfs", "path", form="an absolute path, such as /export/images")
    return Question("Exported folder", "--storage-path", check=check)


def bucket() -> Question:
    """Ask for the bucket."""
    check = chart_takes("storage", "s3", "bucket", form="a bucket's name, such as images")
    return Question("Bucket", "--s3-bucket", check=check)


def store() -> Question:
    """Ask whose bucket it is."""
    options = {AMAZON: "Amazon S3; for another store its address, such as https://minio.example.com:9000"}
    check = chart_takes("storage", "s3", "regionEndpoint", form="an address that begins with https:// or http://")
    return Question("Store", "--s3-region, or --s3-endpoint", AMAZON, "", options, is_free=True, check=check)


def region() -> Question:
    """Ask for the region of Amazon's bucket."""
    check = chart_takes("storage", "s3", "region", form="a region's name, such as eu-central-1")
    return Question("Region", "--s3-region", check=check)


def keys(*, is_amazon: bool) -> Question:
    """Ask how the registry logs in to the bucket; a role is something that only Amazon's has.

    Args:
        is_amazon: The bucket is Amazon's.
    """
    about, flag = "Login to the bucket", "--s3-access-key, or --s3-secret"
    options = {
        KEYS: "an access key; its secret is asked for as well",
        SECRET: "a Secret with a credentials file, which you make",
        ROLE: "the role of the ServiceAccount or of the node",
    }
    if is_amazon:
        return Question(about, flag, ROLE, ASSUMED, options)
    return Question(about, flag, None, "a store that is not Amazon's has no roles", options)


def access_key() -> Question:
    """Ask for the id of the key that reaches the bucket."""
    return Question("Access key", "--s3-access-key")


def keys_secret() -> Question:
    """Ask for the name of the Secret with the keys."""
    check = chart_takes("storage", "s3", "existingSecret", form=f"{NAME}, such as registry-s3")
    return Question("Name of the Secret", "--s3-secret", check=check)


def _described(known: Sequence[Class]) -> dict[str, str]:
    return {it.name: f"{it.program}{f', {_THE_DEFAULT}' if it.is_default else ''}" for it in known}


def _usual(known: Sequence[Class], kind: str) -> tuple[str | None, str]:
    """Give the default class or the only one, and why; the default comes first among those known."""
    if known[0].is_default:
        return known[0].name, _THE_DEFAULT
    if len(known) == 1:
        return known[0].name, "the cluster's only one"
    return None, f"the cluster has several {kind} and no default"


def misfits(choices: Choices, facts: Facts) -> list[str]:
    """Say which of the choices the cluster does not have."""
    found = [
        _lacking("IngressClass", choices.ingress_class, facts.ingress_classes),
        _lacking("StorageClass", choices.storage_class, facts.storage_classes),
    ]
    if choices.cert_manager and not facts.cert_manager:
        found.append("the cluster has no cert-manager")
    elif choices.issuer_kind != "Issuer":
        found.append(_lacking("ClusterIssuer", choices.issuer, facts.issuers))
        found += [
            f"the ClusterIssuer {it.name} is not ready"
            for it in facts.issuers or ()
            if it.name == choices.issuer and not it.is_ready
        ]
    if choices.storage == "pvc" and not choices.storage_class and facts.storage_classes == ():
        found.append("the cluster has no StorageClass for the volume claim; --storage hostPath and emptyDir need none")
    return [it for it in found if it]


def _lacking(kind: str, name: str | None, known: Sequence[Class] | Sequence[Issuer] | None) -> str:
    if not name or known is None or name in [it.name for it in known]:
        return ""
    others = f"it has {', '.join(it.name for it in known)}" if known else "it has none"
    return f"the cluster has no {kind} {name}; {others}"
