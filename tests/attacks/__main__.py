"""Each attack for PRIVREG_ATTACK_SECONDS (600): nothing ends, and users hardly notice. `make test-attacks`."""

import os
import sys

from tests.attacks.under_attack import ATTACKS, run


def main() -> int:
    """0 when all goals were reached."""
    seconds = float(os.environ.get("PRIVREG_ATTACK_SECONDS", "600"))
    missed = 0
    for number, attack in enumerate(ATTACKS, 1):
        result = run(attack, seconds)
        said = "; ".join(result.missed) or "held"
        median, before = result.war.median * 1000, result.peace.median * 1000
        line = f"[{number}/{len(ATTACKS)}] {attack}: median {median:.1f} ms beside {before:.1f} ms"
        line += f", p99 {result.war.p99 * 1000:.0f} ms, {result.memory >> 20} MiB: {said}\n"
        sys.stdout.write(line)
        sys.stdout.flush()
        missed += bool(result.missed)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
