"""What users notice of attacks: `python -m bench.attack` writes bench/ATTACK.md."""

import os
import sys
from pathlib import Path

from tests.attacks.under_attack import ATTACKS, MEGABYTE, Result, run

SECONDS = 20.0
PAGE = Path(__file__).with_name("ATTACK.md")
HEAD = """\
# Under attack

Made by `python -m bench.attack`: the gateway in a cgroup with the chart's memory limit and on one CPU; one process
attacks for {seconds:.0f} s. "Verified" is GET /v2/ of a user on a kept connection, measured just before the attack and
while it lasts; "new login" is the first request of a user (bcrypt cost 10), each from an address of its own.
{machine}

| attack | verified before, median | during, median | p99 | failed | new login, median | p99 | failed | memory | goals |
|---|---|---|---|---|---|---|---|---|---|
"""


def main() -> int:
    """0 when every goal was reached."""
    seconds = float(os.environ.get("PRIVREG_ATTACK_SECONDS", str(SECONDS)))
    load = f"Load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    results = []
    for attack in ATTACKS:
        results.append(run(attack, seconds))
        print(_row(results[-1]), flush=True)
    PAGE.write_text(HEAD.format(seconds=seconds, machine=load) + "".join(map(_row, results)))
    return int(any(each.missed for each in results))


def _row(result: Result) -> str:
    war, logins = result.war, result.logins
    cells = [
        result.attack, _ms(result.peace.median), _ms(war.median), _ms(war.p99), f"{war.failed} of {len(war.seconds)}",
        _ms(logins.median), _ms(logins.p99), f"{logins.failed} of {len(logins.seconds)}",
        f"{result.memory // MEGABYTE} MiB", "; ".join(result.missed) or "reached",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
