"""What users notice of an attack: latency beside none, measured in the same run."""

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tests.attacks.attackers import ATTACKS
from tests.attacks.confined import ConfinedSite
from tests.attacks.sockets import new_address
from tests.cluster.paths import ROOT
from tests.gateway.mounts import Values
from tests.gateway.users import EVERYBODY, PULL, SLOW, User

PEACE = 4.0  # seconds of measurement without an attack
BETWEEN = 0.01  # seconds between two requests of the verified user
LOGIN_EVERY = 1.0  # seconds between two right new logins
MOST_SLOWER = 1.3
SLOWEST = 2.0
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Latency:
    """Of one kind of request, in seconds.

    Attributes:
        seconds: of each request.
        failed: how many were not answered with 200.
    """

    seconds: list[float]
    failed: int

    @property
    def median(self) -> float:
        """Half of them are quicker."""
        return statistics.median(self.seconds) if self.seconds else float("inf")

    @property
    def p99(self) -> float:
        """One of a hundred is slower."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] if self.seconds else float("inf")


@dataclass(frozen=True)
class Result:
    """One attack.

    Attributes:
        attack: its name.
        peace: the verified user's requests before it.
        war: the same while it lasted.
        logins: of users who were not verified, while it lasted.
        memory: the most that the gateway had, in bytes, page cache included.
        harm: what ended or was replaced; empty: nothing.
    """

    attack: str
    peace: Latency
    war: Latency
    logins: Latency
    memory: int
    harm: str

    @property
    def missed(self) -> list[str]:
        """The goals that were not reached."""
        found = [self.harm] if self.harm else []
        if self.war.median > MOST_SLOWER * self.peace.median:
            found.append(f"the median is {self.war.median / self.peace.median:.1f} times that without an attack")
        if self.war.p99 > SLOWEST:
            found.append(f"the 99th percentile is {self.war.p99:.1f} s")
        if self.war.failed:
            found.append(f"{self.war.failed} requests of the verified user failed")
        return found


def run(attack: str, seconds: float) -> Result:
    """One attack on a site of its own, which has the chart's limits of guesses."""
    newcomers = [replace(SLOW, name=f"new-{it}", password="the same", cost=10) for it in range(int(seconds) + 2)]
    values: Values = {
        "auth": {"users": [user.value for user in (*EVERYBODY, *newcomers)]},
        "gateway": {"failedLoginsPerMinute": 20, "failedLoginsPerSecond": 10},
    }
    if "proxy" in attack:
        values["gateway"]["trustedProxies"] = ["127.0.0.0/8"]
    with tempfile.TemporaryDirectory() as folder:
        site = ConfinedSite(Path(folder), values)
        try:
            return _measure(site, attack, seconds, newcomers)
        finally:
            site.stop()


def _measure(site: ConfinedSite, attack: str, seconds: float, newcomers: list[User]) -> Result:
    worker = site.worker()
    peace, _ = _users(site, PEACE, [])
    command = [sys.executable, "-m", "tests.attacks.attackers", attack, str(site.addresses.clients), str(seconds)]
    attacker = subprocess.Popen(["nice", "-n", "10", *command], cwd=ROOT)
    try:
        war, logins = _users(site, seconds, newcomers)
    finally:
        attacker.terminate()
        attacker.wait()
    try:
        site.assert_unharmed(worker)
        harm = ""
    except (AssertionError, OSError) as error:
        harm = f"a process was ended or replaced, or health is not answered: {str(error)[:200]}"
    return Result(attack, peace, war, logins, site.groups["gateway"].most, harm)


def _users(site: ConfinedSite, seconds: float, newcomers: list[User]) -> tuple[Latency, Latency]:
    known, new, failed = list[float](), list[float](), [0, 0]
    waiting = iter(newcomers)
    end, next_login = time.monotonic() + seconds, time.monotonic() + LOGIN_EVERY
    kept_from = site.at("127.0.0.77")
    with kept_from.keep() as kept:
        while time.monotonic() < end:
            before = time.monotonic()
            try:
                failed[0] += kept.request("GET", "/v2/", PULL).status != 200
            except OSError:
                failed[0] += 1
                kept.connection.close()
            known.append(time.monotonic() - before)
            if time.monotonic() > next_login:
                next_login += LOGIN_EVERY
                for user in itertools.islice(waiting, 1):
                    before = time.monotonic()
                    try:
                        failed[1] += site.at(new_address()).request("GET", "/v2/", user).status != 200
                    except OSError:
                        failed[1] += 1
                    new.append(time.monotonic() - before)
            time.sleep(BETWEEN)
    return Latency(known, failed[0]), Latency(new, failed[1])


__all__ = ["ATTACKS", "Latency", "Result", "run"]
