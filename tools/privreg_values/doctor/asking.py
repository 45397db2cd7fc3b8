"""Asks the registry, from this machine."""

from __future__ import annotations

import email.utils
import json
import time
from dataclasses import dataclass, field

from privreg_values.doctor.facts import Answers, Image, Login
from privreg_values.doctor.names import Reference
from privreg_values.errors import RegistryError
from privreg_values.pull_secret.docker_config import Credential
from privreg_values.registry import check
from privreg_values.registry.client import Client, Response, Site, printable
from privreg_values.registry.reach import Reach, walk

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_SOME = 5  # tags that are named


@dataclass
class Registry:
    """One registry, asked each thing once.

    Args:
        site: Where it is.
        resolve: Look the host up first; off where an address was given instead.
    """

    site: Site
    resolve: bool = True
    unseen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._logins: dict[Credential, Login] = {}
        self._listens = True

    def look(self, login: check.Login | None) -> Answers:
        """Go the way to the registry, and look at its clock.

        Args:
            login: Who may push; then an image is pushed and pulled as well, as `check` does it.
        """
        checks = check.Check(self.site, login, "privreg/check", resolve=self.resolve) if login else None
        steps = tuple(checks.steps() if checks else walk(Reach(self.site, self.resolve).plan()))
        reached = {step.name for step in steps if step.ok}
        if "tls" not in reached:
            self._listens = False
            return Answers(steps)
        try:
            answer = Client(self.site).ping()
        except RegistryError:
            self._listens = False
            return Answers(steps)
        if answer.headers.get("www-authenticate", "").lower().startswith("bearer"):
            self._listens = False
            self.unseen.append("what the registry says to credentials: it sends clients to a token server")
            steps = tuple(step for step in steps if step.ok)
        return Answers(steps, _skew(answer, time.time()))

    def login(self, credential: Credential) -> Login:
        """Ask whether it lets somebody in."""
        if not self._listens:
            return Login.NOT_ASKED
        if credential not in self._logins:
            self._logins[credential] = self._ask(credential)
        return self._logins[credential]

    def image(self, name: Reference, credential: Credential) -> tuple[Image, tuple[str, ...]]:
        """Ask for an image; gives also some tags of its repository, where it has not this one."""
        client = Client(self.site, (credential.user, credential.password))
        try:
            path = f"/v2/{name.repository}"
            answer = client.request("HEAD", f"{path}/manifests/{name.reference}", headers={"Accept": _MANIFESTS})
            if answer.status != 404:
                return {200: Image.THERE, 403: Image.DENIED}.get(answer.status, Image.NOT_ASKED), ()
            tags = client.request("GET", f"{path}/tags/list?n={_SOME}")
        except RegistryError:
            return Image.NOT_ASKED, ()
        return (Image.NO_TAG, _tags(tags)) if tags.status == 200 else (Image.NO_REPOSITORY, ())

    def _ask(self, credential: Credential) -> Login:
        try:
            answer = Client(self.site, (credential.user, credential.password)).ping()
        except RegistryError as error:
            self.unseen.append(f"what the registry says to {credential.user}: {error.message}")
            return Login.NOT_ASKED
        if answer.status in (200, 401):
            return Login.ACCEPTED if answer.status == 200 else Login.REFUSED
        self.unseen.append(f"what the registry says to {credential.user}: {answer.error}")
        return Login.NOT_ASKED


def _skew(answer: Response, now: float) -> float:
    """Give the seconds that an answer's clock is ahead (RFC 9110, section 6.6.1); 0 where it names no time."""
    try:
        return email.utils.parsedate_to_datetime(answer.headers.get("date", "")).timestamp() - now
    except ValueError:
        return 0.0


def _tags(answer: Response) -> tuple[str, ...]:
    try:
        return tuple(printable(str(it)) for it in json.loads(answer.body)["tags"] or ())[:_SOME]
    except (ValueError, LookupError, TypeError):
        return ()
