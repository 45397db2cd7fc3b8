"""See whether a registry asks for a login and lets its users in: the program of `helm test`.

    check_login.py --url URL [--credential FILE]

GET URL/v2/ must be answered by 401 and a Basic challenge without credentials and, given a
.dockerconfigjson FILE, by 200 and {} with the login in it (OCI distribution spec, "Determining support").
Standard library only. Prints what it saw, never the password. Exit codes: 0 as it should be; 1 not; 2 wrong usage.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

REQUEST_TIMEOUT = 10.0  # seconds
STARTING = (502, 503, 504)  # a Service, or a proxy before it, that has no ready Pod yet


class CheckFailed(Exception):
    """What was seen is not what should be; the text says both."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    challenge: str
    body: bytes

    def __str__(self) -> str:
        challenge = f", WWW-Authenticate: {self.challenge}" if self.challenge else ""
        return f"{self.status}{challenge}, body {self.body[:200]!r}"


def read_login(path: Path) -> tuple[str, str]:
    """The user name and the Authorization header of a .dockerconfigjson file with one host.

    Raises:
        CheckFailed: there is no such file, or it does not hold exactly one login.
    """
    try:
        (entry,) = json.loads(path.read_bytes())["auths"].values()
        pair = base64.b64decode(entry["auth"]).decode() if "auth" in entry else ""
        user, _, password = pair.partition(":") if pair else (entry["username"], "", entry["password"])
    except OSError as error:
        raise CheckFailed(f"{path}: {error.strerror}; the Secret must have the key .dockerconfigjson") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise CheckFailed(f"{path}: not a .dockerconfigjson with the login of one host") from None
    return user, "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def ask(url: SplitResult, headers: dict[str, str], patience: float) -> Answer:
    """GET /v2/, again while the registry comes up; no redirect is followed.

    Args:
        url: the registry's.
        headers: of the request.
        patience: seconds until it must have answered.

    Raises:
        CheckFailed: there was no answer in that time.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            answer = ask_once(url, headers)
            trouble = str(answer)
        except (OSError, HTTPException) as error:
            answer = None
            trouble = str(error) or type(error).__name__
        if answer is not None and answer.status not in STARTING:
            return answer
        if time.monotonic() > deadline:
            raise CheckFailed(f"no answer from the registry within {patience:.0f} s; the last try: {trouble}")
        time.sleep(1)


def ask_once(url: SplitResult, headers: dict[str, str]) -> Answer:
    """GET /v2/ once."""
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=REQUEST_TIMEOUT)
    try:
        connection.request("GET", url.path.rstrip("/") + "/v2/", headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("WWW-Authenticate", ""), response.read(65536))
    finally:
        connection.close()


def check_challenge(answer: Answer) -> None:
    """Raise CheckFailed unless the registry asked for a login."""
    if answer.status != 401:
        raise CheckFailed(f"without credentials: expected 401, got {answer}")
    if not answer.challenge.lower().startswith("basic "):
        raise CheckFailed(f"without credentials: expected a Basic challenge, got {answer}")


def check_welcome(answer: Answer, user: str) -> None:
    """Raise CheckFailed unless the registry let the user in."""
    try:
        welcome = answer.status == 200 and json.loads(answer.body) == {}
    except ValueError:
        welcome = False
    if not welcome:
        raise CheckFailed(f"as {user}: expected 200 and {{}}, got {answer}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="See whether a registry asks for a login and lets users in.")
    parser.add_argument("--url", type=urlsplit, required=True, help="http://HOST[:PORT] or https://…")
    parser.add_argument("--credential", type=Path, metavar="FILE", help="a .dockerconfigjson file")
    parser.add_argument("--patience", type=float, default=60.0, metavar="SECONDS", help="for the first answer")
    options = parser.parse_args(arguments)
    try:
        answer = ask(options.url, {}, options.patience)
        check_challenge(answer)
        print(f"without credentials: {answer}", flush=True)
        if options.credential:
            user, authorization = read_login(options.credential)
            answer = ask(options.url, {"Authorization": authorization}, options.patience)
            check_welcome(answer, user)
            print(f"as {user}: {answer}", flush=True)
    except CheckFailed as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
