"""Measure the delivery: `make bench`, or `python -m bench.delivery`; thirteen minutes, as root.

It brings up a cluster of its own, beside the one of the demo and the tests, and ends it whatever happens.
"""

import os
import sys

from tests.cluster.paths import CLUSTER, ROOT

if __name__ == "__main__":
    os.environ.pop("KUBECONFIG", None)  # a cluster of the user's is not for experiments
    os.environ["PRIVREG_CLUSTER_DIR"] = str(CLUSTER.with_name("bench-cluster"))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT / "charts/privreg/files"), str(ROOT / "tools"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    )
    os.execv(sys.executable, [sys.executable, "-m", "bench.delivery.run"])
