"""What `gen` proposes for what a cluster has, without asking one."""

import pytest

from privreg_values.cluster.facts import Class, Facts, Issuer
from privreg_values.errors import UsageError
from privreg_values.generate import interview, proposals, wording
from privreg_values.generate.choices import Choices
from privreg_values.generate.profiles import PROFILES, profile
from privreg_values.generate.questions import Question
from privreg_values.values import schema
from privreg_values.values.chart import defaults
from privreg_values.values.nodes import plain

NGINX = Class("public", "k8s.io/ingress-nginx")
EDGE = Class("edge", "example.com/edge", is_default=True)
FAST, SLOW = Class("fast", "example.com/disk"), Class("slow", "example.com/tape")


def usual(question: Question) -> str | None:
    """The usual answer, and no other, is taken without a word."""
    return question.default if question.reason else None


def chosen(choices: Choices, facts: Facts | None) -> Choices:
    return interview.complete(choices, facts, (), usual)


@pytest.mark.parametrize(
    ("classes", "name", "reason"),
    [
        ((EDGE, NGINX), "edge", "the cluster's default"),
        ((NGINX,), "public", "the cluster's only one"),
        ((NGINX, Class("other", "x")), None, "several ingress classes and no default"),
        ((), "default", "the cluster has no ingress class: it needs an ingress controller"),
        (None, "default", "assumed"),
    ],
    ids=["default", "only one", "several", "none", "not to be seen"],
)
def test_the_default_ingress_class_or_the_only_one_is_proposed(
    classes: tuple[Class, ...] | None, name: str | None, reason: str
) -> None:
    question = proposals.ingress_class(Facts(ingress_classes=classes))
    assert question.default == name
    assert reason in question.reason


def test_a_script_is_told_the_names_to_choose_from_where_nothing_is_usual() -> None:
    question = proposals.ingress_class(Facts(ingress_classes=(NGINX, Class("other", "x"))))
    assert wording.open_text(question) == (
        "the cluster has several ingress classes and no default: public, other; "
        "choose one with --ingress-class, or --no-ingress"
    )


def test_who_has_gateway_api_alone_is_told_that_the_chart_makes_no_route() -> None:
    assert "Gateway API is there, but" in proposals.ingress_class(Facts(gateway_api=True)).reason
    assert "Gateway API" not in proposals.ingress_class(Facts()).reason


@pytest.mark.parametrize(
    ("controller", "preset"),
    [
        ("k8s.io/ingress-nginx", "nginx"),
        ("k8s.io/ingress-nginx-internal", "nginx"),
        ("haproxy.org/ingress-controller", "haproxy"),
        ("haproxy.org/ingress-controller/edge", "haproxy"),
        ("haproxy-ingress.github.io/controller", "haproxy"),
        ("traefik.io/ingress-controller", "traefik"),
        ("nginx.org/ingress-controller", "none"),
    ],
)
def test_the_preset_follows_from_the_controller_and_not_from_the_name(controller: str, preset: str) -> None:
    facts = Facts(ingress_classes=(Class("traefik-nginx-haproxy", controller, is_default=True),), traefik=True)
    for name in ("traefik-nginx-haproxy", ""):
        question = proposals.preset(facts, name)
        assert question.default == preset
        assert controller in question.reason
        assert question.is_certain == (preset != "none")


def test_the_preset_of_traefik_is_not_proposed_where_its_redirect_could_not_be_made() -> None:
    facts = Facts(ingress_classes=(Class("traefik", "traefik.io/ingress-controller"),))
    question = proposals.preset(facts, "traefik")
    assert question.default == "none"
    assert "custom resources" in question.reason


@pytest.mark.parametrize(("name", "preset"), [("haproxy-public", "haproxy"), ("edge", "none"), ("", "none")])
def test_without_a_cluster_the_preset_follows_from_the_name(name: str, preset: str) -> None:
    question = proposals.preset(None, name)
    assert question.default == preset
    assert not question.is_certain


@pytest.mark.parametrize(
    ("issuers", "default"),
    [
        ((Issuer("a", "ACME"), Issuer("letsencrypt", "ACME"), Issuer("letsencrypt-staging", "ACME")), "letsencrypt"),
        ((Issuer("a", "Vault"), Issuer("b", "ACME")), "b"),
        ((Issuer("letsencrypt", "ACME", is_ready=False), Issuer("our-ca", "a CA of its own")), "our-ca"),
        ((Issuer("letsencrypt", "ACME", is_ready=False),), "secret"),
        ((Issuer("letsencrypt-staging", "ACME"), Issuer("self", "self-signed")), "secret"),
        ((), "secret"),
        (None, "secret"),
    ],
)
def test_a_ready_issuer_whose_certificates_are_trusted_is_proposed_or_else_a_secret(
    issuers: tuple[Issuer, ...] | None, default: str
) -> None:
    question = proposals.certificate(Facts(issuers=issuers, cert_manager=True))
    assert question.default == default
    assert question.reason


def test_why_a_secret_must_be_made_is_said() -> None:
    assert "no cert-manager" in proposals.certificate(Facts()).reason
    assert "no ClusterIssuer" in proposals.certificate(Facts(cert_manager=True)).reason
    assert proposals.certificate(None).reason == "assumed"


@pytest.mark.parametrize(
    ("classes", "kind", "storage_class"),
    [
        ((Class("standard", "x", is_default=True), FAST), "pvc", None),
        ((FAST,), "pvc", "fast"),
        ((FAST, SLOW), "pvc", None),
        ((), "hostPath", None),
        (None, "pvc", None),
    ],
    ids=["default", "only one", "several", "none", "not to be seen"],
)
def test_a_claim_of_the_default_class_is_proposed_and_hostpath_where_no_class_is(
    classes: tuple[Class, ...] | None, kind: str, storage_class: str | None
) -> None:
    choices = chosen(Choices(), Facts(storage_classes=classes))
    assert (choices.storage, choices.storage_class) == (kind, storage_class)


def test_without_a_storage_class_the_kinds_that_need_none_are_named() -> None:
    assert "hostPath and emptyDir" in proposals.storage(Facts()).reason


def test_what_was_chosen_is_not_proposed_again() -> None:
    facts = Facts("it", (EDGE,), (FAST,), (Issuer("letsencrypt", "ACME"),), cert_manager=True)
    choices = Choices(ingress_class="mine", tls_secret="mine", storage="emptyDir")
    assert chosen(choices, facts) == Choices(
        ingress_class="mine", ingress_preset=None, tls_secret="mine", storage="emptyDir"
    )
    without = chosen(Choices(ingress=False, storage="emptyDir"), facts)
    assert without == Choices(ingress=False, storage="emptyDir")


def test_a_block_that_the_values_file_has_is_not_proposed() -> None:
    asked: list[str] = []
    interview.complete(Choices(), None, ("ingress", "tls", "storage", "pullSecrets"), lambda it: asked.append(it.flag))
    assert asked == []


def test_the_cluster_matters_only_while_something_is_open_that_depends_on_it() -> None:
    said = Choices(ingress_class="a", ingress_preset="none", tls_secret="b", storage="hostPath")
    assert not interview.depends_on_cluster(said, ())
    for name in ("ingress_class", "ingress_preset", "tls_secret", "storage"):
        assert interview.depends_on_cluster(Choices(**{**said.chosen(), name: None}), ()), name
    assert not interview.depends_on_cluster(Choices(), ("ingress", "tls", "storage"))


def test_what_a_cluster_does_not_have_is_said() -> None:
    facts = Facts("it", (EDGE,), (), (Issuer("letsencrypt", "ACME", is_ready=False),), cert_manager=True)
    assert proposals.misfits(profile("seed"), facts) == [
        "the cluster has no IngressClass haproxy; it has edge",
        "the ClusterIssuer letsencrypt is not ready",
    ]
    assert proposals.misfits(profile("seed"), Facts(ingress_classes=None)) == ["the cluster has no cert-manager"]
    assert "no StorageClass for the volume claim" in proposals.misfits(profile("small"), facts)[0]
    namespaced = Choices(cert_manager=True, issuer="other", issuer_kind="Issuer")
    assert proposals.misfits(namespaced, facts) == []


# --- Choices


def test_choices_win_over_those_of_a_profile_with_all_that_goes_with_them() -> None:
    over = Choices(storage="nfs", storage_server="nas", storage_path="/x", issuer="prod").over(profile("seed"))
    assert over.chosen() == {
        "ingress_class": "haproxy", "ingress_preset": "haproxy", "cert_manager": True, "issuer": "prod",
        "storage": "nfs", "storage_server": "nas", "storage_path": "/x",
    }  # fmt: skip
    assert Choices(storage_size="2Gi").over(profile("local")).storage_size == "2Gi"
    assert Choices(ingress=False).over(profile("seed")).chosen().keys() == {"ingress", "storage", "storage_path"}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_chooses_what_the_schema_knows(name: str) -> None:
    values = plain(defaults())
    for setting in profile(name).settings(complete=False):
        inner = values
        for step in setting.path[:-1]:
            inner = inner[step]
        inner[setting.path[-1]] = setting.value
    assert [fault for fault in schema.check(values) if fault.path != ("host",)] == []


def test_a_bucket_needs_a_name_and_a_region_or_an_address() -> None:
    bucket = Choices(s3_bucket="images").over(profile("ha-s3"))
    for lacking, option in ((profile("ha-s3"), "--s3-bucket"), (bucket, "--s3-region or --s3-endpoint")):
        with pytest.raises(UsageError, match=f"--storage s3 needs {option}"):
            lacking.settings()
    assert Choices(s3_region="eu-west-1").over(bucket).settings()
    assert Choices(s3_endpoint="https://s3.example.com").over(bucket).settings()


# --- Answers


@pytest.mark.parametrize(
    ("question", "text", "form"),
    [
        (proposals.size(), "20 GB", "a number and a unit, such as 20Gi"),
        (proposals.folder(), "images", "an absolute path"),
        (proposals.nfs_server(), "a b", "a name or an address"),
        (proposals.nfs_export(), "images", "an absolute path"),
        (proposals.secret_name(), "My_Secret", "lower-case letters"),
        (proposals.issuer(None), "Let's Encrypt", "lower-case letters"),
        (proposals.ingress_class(None), "nginx ingress", "such as nginx"),
        (proposals.storage(None), "tape", "none of pvc, hostPath, nfs, s3, emptyDir"),
    ],
    ids=lambda it: it.about if isinstance(it, Question) else "",
)
def test_an_answer_that_the_chart_would_refuse_is_refused_with_what_is_expected(
    question: Question, text: str, form: str
) -> None:
    with pytest.raises(UsageError, match=form):
        question.accept(text)
    if question.default:
        assert question.accept(question.default) == question.default


def test_an_option_may_be_written_in_any_case() -> None:
    assert proposals.storage(None).accept("hostpath") == "hostPath"
