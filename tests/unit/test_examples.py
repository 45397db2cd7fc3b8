"""The examples in the commands' help do what they say."""

import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from privreg_values.cli import app
from privreg_values.users.credentials import hash_password
from tests.cluster.paths import BIN, ROOT
from tests.control_plane import ControlPlane
from tests.reference import PROGRAM, sections
from tests.unit.conftest import Cli, Ended
from tests.unit.registry_site import HOST, RunningRegistry, running
from tests.unit.test_gen import passwords

MIGRATE = ROOT / "tests" / "data" / "migrate"
NAMESPACE = "examples"  # of the release, where an example does not say
POD = "app-7d9c5b4f6-x2x8k"
OTHERS = {"sops", "ssh", "kubectl"}  # programs before and after ours in a pipe


@dataclass(frozen=True)
class Example:
    """One example.

    Attributes:
        command: our program's arguments.
        stdin: the name of the file that it reads from standard input; empty for none.
        others: the programs in the pipe beside it.
    """

    command: tuple[str, ...]
    stdin: str
    others: tuple[str, ...]

    @classmethod
    def read(cls, line: str) -> "Example":
        """Take a line for a shell apart."""
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>")
        lexer.whitespace_split = True
        parts: list[list[str]] = [[]]
        for word in lexer:
            parts[-1:] = [parts[-1], []] if word == "|" else [[*parts[-1], word]]
        ours = next(it for it in parts if it[0] == PROGRAM)
        before = parts[: parts.index(ours)]
        stdin = before[-1][-1] if before else ""
        if "<" in ours:
            stdin = ours[ours.index("<") + 1]
        redirected = min((ours.index(it) for it in "<>" if it in ours), default=len(ours))
        return cls(tuple(ours[1:redirected]), stdin, tuple(it[0] for it in parts if it is not ours))

    def __str__(self) -> str:
        return shlex.join(self.command)

    def begins(self, *words: str) -> bool:
        return self.command[: len(words)] == words

    def after(self, option: str) -> str:
        """What comes after an option; empty where it is not there."""
        return self.command[self.command.index(option) + 1] if option in self.command else ""


EXAMPLES = [
    Example.read(line)
    for section in sections()
    for line in "\n".join(section.examples).replace("\\\n", " ").splitlines()
]
AT_A_TERMINAL = "it asks a person; test_terminal.py answers"
NEEDS_A_NODE = "a Pod has to run; tests/e2e runs it"
NOT_RUN = {
    "gen --user alice:push --ask-password": AT_A_TERMINAL,
    "users rotate jane --ask-password": AT_A_TERMINAL,
    "users verify jane": AT_A_TERMINAL,
    "uninstall": AT_A_TERMINAL,
    "check --in-cluster --ca-file ca.crt": NEEDS_A_NODE,
}
WITH_CLUSTER = ("doctor", "diff", "apply", "status", "uninstall", "--cluster")
SAYS_WHAT_IT_FOUND = (
    "doctor",
    "diff",
    "status",
    "validate",
)  # with exit code 1: without a node nothing is as it should be

Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what all examples need, so that it is made once."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with running(tmp_path_factory.mktemp("registry")) as it:
        yield it


@pytest.fixture
def site(made: Path, registry: RunningRegistry, cli: Cli, folder: Path) -> Path:
    """The folder of an example, with all that examples name."""
    if not list(made.iterdir()):
        for shape in ([], ["--split"]):
            make(cli, folder, *shape)
            shutil.copytree(folder, made / "-".join(["values", *shape]))
            for path in folder.glob("*.yaml"):
                path.unlink()
        lines = (f"{name}:{hash_password(it, 4)}\n" for name, it in passwords(made / "values").items())
        (registry.folder / "htpasswd").write_text("".join(lines))
    shutil.copytree(made / "values", folder, dirs_exist_ok=True)
    (folder / "production.yaml").write_text("log:\n  level: warn\n")
    shutil.copy(registry.ca, folder / "ca.crt")
    shutil.copy(MIGRATE / "hand-made" / "privateregistry.yaml", folder / "registry.yaml")
    shutil.copytree(MIGRATE / "hand-made" / "folder", folder / "manifests")
    shutil.copy(MIGRATE / "twuni" / "values.yaml", folder / "twuni-values.yaml")
    return folder


def make(cli: Cli, folder: Path, *shape: str) -> None:
    """Make values whose hooks do not wait for a node."""
    users = [f"--user={user}" for user in ("admin:admin", "ci:push", "jane:push")]
    assert cli("gen", f"--host={HOST}", "--ingress-class=nginx", "--yes", *users, *shape).code == 0
    text = (folder / "values.yaml").read_text()
    off = "\npullSecrets:\n  enabled: false\n  keepOnUninstall: true\n"
    (folder / "values.yaml").write_text(text.replace("\npullSecrets:\n", off))


@pytest.fixture
def run(site: Path, registry: RunningRegistry, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run an example in its folder, where the host leads to the registry."""
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRIVREG_CA_FILE", str(registry.ca))
    monkeypatch.setenv("PRIVREG_CONNECT_TO", registry.address)
    monkeypatch.setenv("PRIVREG_NAMESPACE", NAMESPACE)

    def run(example: Example, *more: str) -> Ended:
        stdin = (site / example.stdin).read_text() if example.stdin else ""
        words = [registry.address if word == "10.0.0.7:30443" else word for word in example.command]
        return cli(*words, *more, stdin=stdin)

    return run


def prepare(example: Example, site: Path, made: Path, cli: Cli) -> None:
    """Make the folder what the example is about."""
    if (example.begins("gen") and "--host" in example.command) or (
        example.begins("migrate") and "values.yaml" not in example.command
    ):
        for name in ("values.yaml", "credentials.yaml"):
            (site / name).unlink()
    if example.begins("users", "add", "jane"):
        assert cli("users", "remove", "jane").code == 0
    if "secrets.yaml" in (*example.command, example.stdin):
        shutil.copytree(made / "values---split", site, dirs_exist_ok=True)
    if example.stdin == "password":
        user = example.after("--user") or example.command[2]
        (site / "password").write_text(passwords(site).get(user, "correct horse"))


def test_every_example_is_read() -> None:
    assert len(EXAMPLES) >= 2 * len(sections())
    assert {program for it in EXAMPLES for program in it.others} <= OTHERS
    assert set(NOT_RUN) <= {str(it) for it in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_example_is_what_its_command_takes(example: Example) -> None:
    command: Any = typer.main.get_group(app)
    words = list(example.command)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(str(example), words)


def those_that_run(*, cluster: bool) -> list[Example]:
    """The examples that a test can run, with an API server or without."""
    runnable = [it for it in EXAMPLES if str(it) not in NOT_RUN]
    return [it for it in runnable if ({*it.command} & {*WITH_CLUSTER} != set()) == cluster]


@pytest.mark.parametrize("example", those_that_run(cluster=False), ids=str)
def test_an_example_works(example: Example, run: Run, site: Path, made: Path, cli: Cli) -> None:
    prepare(example, site, made, cli)
    ended = run(example)
    assert ended.code == 0, ended.err


@pytest.fixture
def cluster(control_plane: ControlPlane, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API server without nodes, with a Pod that waits for an image."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(site / "kubeconfig")))
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))
    control_plane.create_namespace("team-a", "default")
    containers = [{"name": "app", "image": f"{HOST}/team-a/app:1"}]
    pod = {"metadata": {"name": POD}, "spec": {"containers": containers, "serviceAccountName": "default"}}
    control_plane.must("POST", "/api/v1/namespaces/team-a/pods", pod)


@pytest.mark.usefixtures("cluster")
def test_the_examples_work_with_a_cluster(run: Run, site: Path, made: Path, cli: Cli) -> None:
    """In the order of the help, in which a release is applied before it is looked at."""
    for example in those_that_run(cluster=True):
        shutil.copytree(made / "values", site, dirs_exist_ok=True)
        prepare(example, site, made, cli)
        ended = run(example, *(["--no-wait", "--timeout=20"] if example.begins("apply") else []))
        assert ended.code in ((0, 1) if example.command[0] in SAYS_WHAT_IT_FOUND else (0,)), f"{example}: {ended.err}"
        assert ended.out, f"{example}: {ended.err}"
