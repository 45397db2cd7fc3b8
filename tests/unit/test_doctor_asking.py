"""What the doctor asks a registry: the real one, and others that are ill."""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from privreg_values.doctor.asking import Registry
from privreg_values.doctor.facts import Image, Login
from privreg_values.doctor.names import parse
from privreg_values.pull_secret.docker_config import Credential
from privreg_values.registry.check import Login as Pusher
from tests.unit.ill_server import CHALLENGE, Answer, Request, serving
from tests.unit.registry_site import HOST, PASSWORD, USER, RunningRegistry

KNOWN, STRANGER = Credential(USER, PASSWORD), Credential(USER, "guessed")
IMAGE = f"{HOST}/team/app"


def test_the_registry_says_whom_it_lets_in_and_what_it_has(registry: RunningRegistry) -> None:
    it = Registry(registry.site(), resolve=False)
    assert [step.ok for step in it.look(None).steps] == [True] * 3
    assert it.login(KNOWN) == Login.ACCEPTED
    assert it.login(STRANGER) == Login.REFUSED
    assert it.image(parse(f"{IMAGE}:1"), KNOWN) == (Image.THERE, ())
    assert it.image(parse(f"{IMAGE}:2"), KNOWN) == (Image.NO_TAG, ("1",))
    assert it.image(parse(f"{HOST}/team/ap:1"), KNOWN) == (Image.NO_REPOSITORY, ())
    assert it.unseen == []


def test_with_somebody_who_may_push_the_whole_way_is_gone(registry: RunningRegistry) -> None:
    steps = Registry(registry.site(), resolve=False).look(Pusher(USER, PASSWORD, "the test")).steps
    assert [step.name for step in steps][-3:] == ["push", "pull", "delete"]
    assert all(step.ok for step in steps)


def test_a_registry_that_is_not_reached_is_asked_nothing_more(registry: RunningRegistry) -> None:
    it = Registry(registry.site("other.example.com"), resolve=False)
    answers = it.look(None)
    assert (answers.steps[-1].name, answers.steps[-1].ok) == ("tls", False)
    assert it.login(KNOWN) == Login.NOT_ASKED


def asked(authority: Path, answer: Answer) -> tuple[Registry, Any]:
    """What the doctor makes of a registry that answers everything with one answer."""

    def script(_: Request) -> Answer:
        return answer

    with serving(script, authority / "server.crt", authority / "server.key") as server:
        context = ssl.create_default_context(cafile=str(authority / "ca.crt"))
        it = Registry(server.site(context, HOST), resolve=False)
        answers = it.look(None)
        it.login(KNOWN)
        return it, answers


@pytest.mark.parametrize("seconds", [-600, 600])
def test_the_clock_of_the_registry_is_read_from_its_answers(authority: Path, seconds: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    _, answers = asked(authority, Answer(401, headers={**CHALLENGE, "Date": date}))
    assert abs(answers.skew - seconds) < 5


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_an_answer_without_a_time_says_nothing_about_the_clock(authority: Path, date: str) -> None:
    assert asked(authority, Answer(401, headers={**CHALLENGE, "Date": date}))[1].skew == 0


def test_a_token_server_is_not_asked_and_that_is_said(authority: Path) -> None:
    it, answers = asked(authority, Answer(401, headers={"WWW-Authenticate": 'Bearer realm="https://t.example.com"'}))
    assert all(step.ok for step in answers.steps)
    assert "token server" in it.unseen[0]
    assert it.login(KNOWN) == Login.NOT_ASKED


def test_an_answer_that_is_no_verdict_is_said(authority: Path) -> None:
    it, _ = asked(authority, Answer(429, '{"errors": [{"code": "TOOMANYREQUESTS", "message": "too many"}]}'))
    assert it.unseen == [f"what the registry says to {USER}: HTTP 429 TOOMANYREQUESTS: too many"]
