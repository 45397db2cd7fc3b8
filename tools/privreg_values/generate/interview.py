"""Goes through what is still open for a new registry, in the order in which a person would."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from privreg_values.cluster.facts import Facts
from privreg_values.errors import UsageError
from privreg_values.generate import proposals
from privreg_values.generate.choices import Choices
from privreg_values.generate.proposals import AMAZON, CERT_MANAGER, DEFAULT, KEYS, NAME, NONE, SECRET
from privreg_values.generate.questions import Answer, Question, is_taken
from privreg_values.values import hosts


def ask_host(answer: Answer) -> str | None:
    """Get the registry's name."""
    return answer(Question("The registry's name, such as registry.example.com", "--host", check=hosts.check))


def complete(choices: Choices, facts: Facts | None, said: Collection[str], answer: Answer) -> Choices:
    """Get the choices that are still open.

    Args:
        choices: What was chosen before; none of it is asked again.
        facts: What the cluster has; None where none was read.
        said: Blocks of values that the values file has already.
        answer: Answers a question.
    """
    parts = {"ingress": _way_in, "tls": _certificate, "storage": _storage}
    for block, part in parts.items():
        if block not in said:
            choices = part(choices, facts, answer)
    return choices if "pullSecrets" in said else _namespaces(choices, answer)


def depends_on_cluster(it: Choices, said: Collection[str]) -> bool:
    """Tell whether something is open that depends on what the cluster has.

    Args:
        it: What was chosen before.
        said: Blocks of values that the values file has already.
    """
    exposed = it.ingress is not False
    return (
        ("ingress" not in said and exposed and None in (it.ingress_class, it.ingress_preset))
        or ("tls" not in said and exposed and it.tls_secret is None and it.issuer is None)
        or ("storage" not in said and (it.storage is None or (it.storage == "pvc" and it.storage_class is None)))
    )


def _way_in(it: Choices, facts: Facts | None, answer: Answer) -> Choices:
    if it.ingress is False:
        return it
    if it.ingress_class is None:
        name = answer(proposals.ingress_class(facts))
        if name == NONE:
            return replace(it, ingress=False, ingress_preset=None)
        it = replace(it, ingress_class=None if name == DEFAULT else name)
    if it.ingress_preset is None:
        it = replace(it, ingress_preset=answer(proposals.preset(facts, it.ingress_class or "")))
    return it


def _certificate(it: Choices, facts: Facts | None, answer: Answer) -> Choices:
    if it.ingress is False:  # the certificate is the Ingress's
        return it
    if it.tls_secret is None and not it.cert_manager:
        name = answer(proposals.certificate(facts))
        if name == SECRET:
            secret = answer(proposals.secret_name())
            return replace(it, tls_secret=None if secret == DEFAULT else secret)
        it = replace(it, cert_manager=True, issuer=None if name == CERT_MANAGER else name)
    if it.cert_manager and it.issuer is None and it.issuer_kind != "Issuer":
        it = replace(it, issuer=answer(proposals.issuer(facts)))
    return it


def _storage(it: Choices, facts: Facts | None, answer: Answer) -> Choices:
    if it.storage is None:
        is_claim = it.storage_size or it.storage_class
        it = replace(it, storage="pvc" if is_claim else answer(proposals.storage(facts)))
    if it.storage == "pvc":
        question = proposals.storage_class(facts)
        return replace(
            it,
            storage_class=it.storage_class or (answer(question) if question else None),
            storage_size=it.storage_size or answer(proposals.size()),
        )
    if it.storage == "hostPath":
        return replace(it, storage_path=it.storage_path or answer(proposals.folder()))
    if it.storage == "nfs":
        return replace(
            it,
            storage_server=it.storage_server or answer(proposals.nfs_server()),
            storage_path=it.storage_path or answer(proposals.nfs_export()),
        )
    return _bucket(it, answer) if it.storage == "s3" else it


def _bucket(it: Choices, answer: Answer) -> Choices:
    it = replace(it, s3_bucket=it.s3_bucket or answer(proposals.bucket()))
    if it.s3_endpoint is None and it.s3_region is None:
        store = answer(proposals.store())
        it = replace(it, s3_endpoint=None if store == AMAZON else store)
    if not it.s3_endpoint:
        it = replace(it, s3_region=it.s3_region or answer(proposals.region()))
    if it.s3_access_key is None and it.s3_secret is None:
        kind = answer(proposals.keys(is_amazon=not it.s3_endpoint))
        if kind == KEYS:
            return replace(it, s3_access_key=answer(proposals.access_key()))
        if kind == SECRET:
            return replace(it, s3_secret=answer(proposals.keys_secret()))
    return it


def _namespaces(it: Choices, answer: Answer) -> Choices:
    if it.namespaces is not None:
        return it
    about = "Namespaces that pull, besides its own"
    text = answer(Question(about, "--namespace", "default", check=_check_namespaces))
    return replace(it, namespaces=tuple(_names(text))) if text else it


def _check_namespaces(text: str) -> None:
    for name in _names(text):
        if not is_taken(("pullSecrets", "namespaces"), [name]):
            raise UsageError(f"{name!r} cannot be used: expected {NAME}, such as team-a")


def _names(text: str) -> list[str]:
    return [name for name in re.split(r"[,\s]+", text) if name]
