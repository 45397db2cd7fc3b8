"""Reads the class and the annotations of an Ingress, of whatever source.

Sources: kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations, haproxy-ingress.github.io/docs
(configuration keys), haproxytech/kubernetes-ingress documentation/annotations.md.
"""

from __future__ import annotations

import re

from privreg_values.migrate.found import Found
from privreg_values.migrate.sources.objects import annotations_of
from privreg_values.values.nodes import Mark, Node, plain

_CLASS = "kubernetes.io/ingress.class"
_PRESETS = ("haproxy", "nginx", "traefik")
_CONTROLLER = r"^[^/]*(ingress|haproxy|nginx)[^/]*/"
# Client certificates (auth-tls-…) go well with the gateway's login; a second login in the same header does not.
_LOGIN = re.compile(rf"{_CONTROLLER}(basic-)?auth-(?!tls-)")
_BACKEND_TLS = re.compile(rf"{_CONTROLLER}(backend-protocol|secure-backends|server-ssl)$")
_PLAIN = ("http", "h1", "false")


def read(class_name: Node | None, annotations: Node | None, found: Found) -> bool:
    """Take over the class and the annotations of an Ingress.

    Args:
        class_name: Its ingressClassName.
        annotations: Its annotations, the older way to name the class among them.
        found: Where they go.

    Returns:
        Whether there is a class.
    """
    rest = annotations_of(annotations)
    old_class = rest.pop(_CLASS, None)
    name = class_name if class_name and class_name.value else old_class
    if name:
        take_class(str(name.value), name.mark, found)
    if old_class:
        found.lose(
            old_class.key_mark or old_class.mark,
            f"the annotation {_CLASS}: the new Ingress has ingressClassName, which is newer",
            f"see with `kubectl get ingressclass {old_class.value}` that there is such a class",
        )
    _annotations(rest, found)
    return name is not None


def take_class(name: str, mark: Mark, found: Found) -> None:
    """Take over a class, and the preset for its controller."""
    found.take(("ingress", "className"), name, mark)
    found.take(("ingress", "preset"), next((it for it in _PRESETS if it in name), "none"), mark)


def take_issuer(name: str, kind: str, mark: Mark, found: Found) -> None:
    """Let cert-manager's issuer go on signing the registry's certificate."""
    found.take(("tls", "certManager", "enabled"), True, mark)
    found.take(("tls", "certManager", "issuerRef", "name"), name, mark)
    found.take(("tls", "certManager", "issuerRef", "kind"), kind, mark)


def _annotations(annotations: dict[str, Node], found: Found) -> None:
    kept = {}
    for key, node in annotations.items():
        value, mark = str(plain(node)), node.key_mark or node.mark
        if re.search(r"/(force-)?ssl-redirect$", key):
            found.take(("ingress", "redirect"), value.lower() == "true", mark)
        elif key in ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer"):
            kind = "ClusterIssuer" if key.endswith("cluster-issuer") else "Issuer"
            take_issuer(value, kind, node.mark, found)
        elif _LOGIN.search(key):
            _lose_login(key, value, mark, found)
        elif _BACKEND_TLS.search(key) and value.lower() not in _PLAIN:
            what = f"the annotation {key}: the controller speaks plain HTTP with the new registry"
            found.lose(mark, what, "nothing to do")
        else:
            kept[key] = value
    if kept:
        first = annotations[next(iter(kept))]
        found.take(("ingress", "annotations"), kept, first.key_mark or first.mark)


def _lose_login(key: str, value: str, mark: Mark, found: Found) -> None:
    """Have nobody asked twice: the gateway knows the users, and there is one Authorization header."""
    remedy = "nothing to do: auth.users of the new file says who may log in"
    if key.endswith("auth-secret"):
        remedy = (
            f"the htpasswd lines of the Secret {value} are the users: make them the registry's own htpasswd in what "
            "is migrated, and migrate again, or add them with `privreg-values users add`"
        )
    found.lose(mark, f"the annotation {key}: the new registry asks for the login itself", remedy)
