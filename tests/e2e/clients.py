"""Real clients of the registry, each with a home folder of its own and logged in the way its users do."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cluster import Cluster


@dataclass
class Client:
    """A client program as one user of one registry.

    Attributes:
        cluster: where it runs.
        host: the registry.
        home: an empty folder for its configuration.
    """

    cluster: Cluster
    host: str
    home: Path

    def run(self, *command: str, stdin: str | None = None, check: bool = True, timeout: float = 120) -> str:
        """Run `command`; returns its standard output, or all of its output when `check` is off."""
        ended = self.cluster.run(list(command), stdin=stdin, check=False, timeout=timeout, env=self._environment())
        if check:
            assert ended.returncode == 0, f"{' '.join(command)}: {ended.stderr}{ended.stdout}"
            return ended.stdout
        return f"exit {ended.returncode}\n{ended.stdout}{ended.stderr}"

    def _environment(self) -> dict[str, str]:
        environment = {"HOME": str(self.home), "DOCKER_CONFIG": str(self.home), "XDG_RUNTIME_DIR": str(self.home)}
        environment["XDG_CONFIG_HOME"] = str(self.home)
        if self.cluster.pki:
            environment["SSL_CERT_FILE"] = str(self.cluster.pki / "ca.crt")
            environment["SSL_CERT_DIR"] = os.devnull
        return environment

    def login(self, user: str, password: str) -> None:
        """Log in with all of the clients, the password through standard input."""
        for command in (
            ["skopeo", "login", f"--authfile={self.home}/config.json", f"--username={user}", "--password-stdin"],
            ["regctl", "registry", "login", f"--user={user}", "--pass-stdin"],
            ["helm", "registry", "login", f"--username={user}", "--password-stdin"],
        ):
            self.run(*command, self.host, stdin=password)

    def push(self, archive: Path, repository: str, check: bool = True) -> str:
        """Push a docker-archive as `repository`, which includes the tag."""
        source, target = f"docker-archive:{archive}", f"docker://{self.host}/{repository}"
        return self.run("skopeo", "copy", f"--authfile={self.home}/config.json", source, target, check=check)
