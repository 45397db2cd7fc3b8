"""The demo: a cluster, credentials, the chart, a push over TLS, a Pod that pulls with no secret of its own.

`python -m tests.demo up|down`; every command that matters is shown before it runs.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from tests.cluster import provider
from tests.cluster.cluster import Cluster
from tests.cluster.errors import ClusterError
from tests.cluster.images import HELLO
from tests.cluster.paths import CLUSTER, ROOT

FOLDER = CLUSTER / "demo"
NAMESPACE = "privreg"
TLS_SECRET = "registry-tls"
REPOSITORY = "team/hello:1"
POD = "hello"


class Demo:
    """The steps of the demo on one cluster.

    Args:
        cluster: a running one.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.host = cluster.hosts[0]
        self.image = f"{self.host}/{REPOSITORY}"

    def up(self) -> None:
        """Do all of it; what an earlier run did is kept.

        Raises:
            ClusterError: a step failed, with its output.
        """
        FOLDER.mkdir(parents=True, exist_ok=True)
        say("1. Credentials, and a values file for this cluster")
        ingress = [f"--ingress-class={self.cluster.ingress_class}", f"--ingress-preset={self.cluster.ingress_preset}"]
        self.show("privreg-values", "gen", f"--host={self.host}", "--yes", *ingress, f"--tls-secret={TLS_SECRET}")
        say("2. The registry")
        self.make_namespace_with_certificate()
        chart = str((ROOT / "charts" / "privreg").relative_to(ROOT))
        there = self.call("helm", "list", f"--namespace={NAMESPACE}", "--short").split()
        verb = "upgrade" if "privreg" in there else "install"
        command = ["helm", verb, "privreg", chart, "-f", os.path.relpath(FOLDER / "values.yaml", ROOT)]
        self.show(*command, f"--namespace={NAMESPACE}", "--wait", "--timeout=120s", folder=ROOT, quiet=True)
        say("3. An image, pushed over TLS by a person")
        self.login("admin", "auth.json")
        source, target = f"docker-archive:{HELLO.archive}", f"docker://{self.image}"
        self.show("skopeo", "copy", "--authfile=auth.json", source, target)
        say("4. A Pod in namespace default: no imagePullSecrets, nobody typed a credential")
        self.call("kubectl", "delete", "pod", POD, "--namespace=default", "--ignore-not-found")
        self.show("kubectl", "run", POD, f"--image={self.image}", "--namespace=default", "--image-pull-policy=Always")
        self.call("kubectl", "wait", "--for=condition=Ready", f"pod/{POD}", "--namespace=default", "--timeout=60s")
        self.show("kubectl", "get", "pod", POD, "--namespace=default")
        self.show("kubectl", "logs", POD, "--namespace=default")
        say("5. What that Pod's namespace was given can pull, and nothing else")
        self.login("cluster", "pull-only.json")
        denied = f"docker://{self.host}/team/hello:2"
        print(self.refused("skopeo", "copy", "--authfile=pull-only.json", source, denied))
        self.say_how_to_log_in()

    def make_namespace_with_certificate(self) -> None:
        """The namespace, and the TLS Secret that cert-manager would make on a cluster with a public name."""
        self.call("kubectl", "create", "namespace", NAMESPACE, tolerate="already exists")
        if pki := self.cluster.pki:
            pair = [f"--cert={pki}/registry.crt", f"--key={pki}/registry.key", f"--namespace={NAMESPACE}"]
            self.call("kubectl", "create", "secret", "tls", TLS_SECRET, *pair, tolerate="already exists")

    def login(self, user: str, file: str) -> None:
        """Log skopeo in, the password through standard input."""
        credentials = YAML(typ="safe").load((FOLDER / "credentials.yaml").read_text())
        command = ["skopeo", "login", f"--authfile={file}", f"--username={user}", "--password-stdin", self.host]
        self.show(*command, stdin=credentials["users"][user])

    def refused(self, *command: str) -> str:
        """Show a command that the registry must refuse; returns what it said.

        Raises:
            ClusterError: it was not refused.
        """
        print(f"$ {' '.join(command)}", flush=True)
        output = self.call(*command, tolerate="denied")
        if "denied" not in output:
            raise ClusterError(f"{' '.join(command)}: was not refused:\n{output}")
        return output.strip().splitlines()[-1]

    def say_how_to_log_in(self) -> None:
        """What to type next."""
        inside = f"{os.path.relpath(sys.executable, ROOT)} -m tests.cluster run --"
        print(f"""
The registry is https://{self.host}; its users and passwords are in
  {FOLDER / "credentials.yaml"}
The name resolves inside the cluster's namespaces only, so run clients there:
  {inside} skopeo login {self.host}
  {inside} kubectl get pods --all-namespaces
From anywhere on this machine:
  export KUBECONFIG={self.cluster.kubeconfig}
`make demo-down` takes everything away.""")

    def down(self) -> None:
        """Take the release away; the cluster goes by itself where it is ours."""
        self.call("kubectl", "delete", "pod", POD, "--namespace=default", "--ignore-not-found")
        self.call("helm", "uninstall", "privreg", f"--namespace={NAMESPACE}", "--ignore-not-found", "--wait")
        self.call("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found")

    def show(self, *command: str, stdin: str | None = None, folder: Path = FOLDER, quiet: bool = False) -> None:
        """Print a command as one would type it, run it, and print what it says."""
        print(f"$ {' '.join(command)}", flush=True)
        output = self.call(*command, stdin=stdin, folder=folder)
        if not quiet:
            print(output, end="", flush=True)

    def call(self, *command: str, stdin: str | None = None, folder: Path = FOLDER, tolerate: str = "") -> str:
        """Run a command inside; returns all that it says.

        Raises:
            ClusterError: it failed, and its output lacks `tolerate`.
        """
        environment = {"NO_COLOR": "1", "PATH": f"{ROOT}/.venv/bin:{self.cluster.environment()['PATH']}"}
        if self.cluster.pki:
            environment["SSL_CERT_FILE"] = str(self.cluster.pki / "ca.crt")
        ended = self.cluster.run(
            ["env", f"--chdir={folder}", *command], stdin=stdin, check=False, timeout=300, env=environment
        )
        output = ended.stdout + ended.stderr
        if ended.returncode and not (tolerate and tolerate in output):
            raise ClusterError(f"{' '.join(command[:3])} ended with {ended.returncode}:\n{output}")
        return output


def say(text: str) -> None:
    """A heading."""
    print(f"\n{text}", flush=True)


def main(command: str) -> int:
    """`up` or `down`; the exit code is 0, or 1 with a message."""
    try:
        if command == "up":
            Demo(provider.up()).up()
            return 0
        cluster = provider.running()
        if cluster and cluster.kind == "existing":
            Demo(cluster).down()
        shutil.rmtree(FOLDER, ignore_errors=True)
        print("the cluster is gone" if provider.down() else "the demo is gone")
        return 0
    except (ClusterError, subprocess.SubprocessError) as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nstopped; run it again to go on, or `make demo-down`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
