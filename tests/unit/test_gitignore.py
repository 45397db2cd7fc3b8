"""What `gen` does about git."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from privreg_values import gitignore
from tests.unit.conftest import Cli
from tests.unit.test_gen import HOST

NAMES = ["values.yaml", "credentials.yaml"]


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(folder, "init", "-q")
    return folder


def test_outside_a_repository_nothing_is_made(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    assert "git" not in cli("gen", HOST).err
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)


def test_in_a_repository_both_files_are_ignored_from_the_start(cli: Cli, repository: Path) -> None:
    ended = cli("gen", HOST)
    assert ".gitignore is new: git ignores values.yaml and credentials.yaml" in ended.err
    assert git(repository, "status", "--porcelain") == "?? .gitignore\n"
    assert cli("gen", HOST).err == ""


@pytest.mark.parametrize(
    "name",
    [
        "values[prod].yaml", "values*.yaml", "values?.yaml", "values\\.yaml", "values[.yaml", "values ", "values  \\ ",
        " values.yaml", "#values.yaml", "!values.yaml", ":(top)values.yaml", "values\r", "val\nues",
    ],
)  # fmt: skip
def test_a_name_that_means_something_to_git_is_ignored_as_well(name: str, cli: Cli, repository: Path) -> None:
    names = [name, f"credentials of {name}"]
    ended = cli("gen", HOST, "-o", names[0], "--credentials", names[1])
    assert ".gitignore is new: git ignores " in ended.err
    for each in names:
        assert (repository / each).exists()
        git(repository, "check-ignore", "--quiet", "--", f"./{each}")
    assert git(repository, "status", "--porcelain") == "?? .gitignore\n"


def test_a_name_that_is_not_utf_8_is_ignored_as_well(repository: Path) -> None:
    gitignore.protect(["caf\udce9.yaml"])
    assert (repository / ".gitignore").read_bytes() == b"/caf\xe9.yaml\n"


def test_only_the_files_themselves_are_ignored(repository: Path) -> None:
    gitignore.protect(["values[prod].yaml", "cred*.yaml"])
    for other in ("valuesp.yaml", "credentials.yaml"):
        (repository / other).touch()
    assert git(repository, "status", "--porcelain") == "?? .gitignore\n?? credentials.yaml\n?? valuesp.yaml\n"


def test_what_to_add_for_such_a_name_is_said_as_git_reads_it(repository: Path) -> None:
    (repository / ".gitignore").touch()
    (note,) = gitignore.protect(["values[prod].yaml "])
    assert note.endswith(f"; add to {repository / '.gitignore'}: /values\\[prod\\].yaml\\ ")


def test_a_gitignore_that_is_there_is_not_changed_but_what_to_add_is_said(cli: Cli, repository: Path) -> None:
    (repository / ".gitignore").write_text("/values.yaml\n")
    ended = cli("gen", HOST)
    assert f"git does not ignore credentials.yaml; add to {repository / '.gitignore'}: /credentials.yaml" in ended.err
    assert (repository / ".gitignore").read_text() == "/values.yaml\n"


def test_a_file_that_git_tracks_is_named(repository: Path) -> None:
    (repository / "credentials.yaml").touch()
    (repository / ".gitignore").write_text("*.yaml\n")
    git(repository, "add", "-f", "credentials.yaml")
    notes = gitignore.protect(NAMES)
    assert any("`git rm -r --cached -- credentials.yaml`" in note for note in notes)


@pytest.mark.parametrize(
    ("below", "start", "names"),
    [
        ("prod eu", ".", NAMES),
        ("prod eu", "prod eu", NAMES),
        ("prod eu", "elsewhere", NAMES),
        ("-prod", ".", ["--values.yaml", "values*.yaml"]),
        (".", ".", [":values.yaml", "manifests"]),
    ],
)
def test_the_command_that_is_advised_takes_the_private_files_out_of_git_and_no_others(
    below: str, start: str, names: list[str], repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {"./valuesp.yaml", "elsewhere/values.yaml", "elsewhere/credentials.yaml", f"{below}/values-2.yaml"}
    others |= set() if below == "." else {"./values.yaml", "./credentials.yaml"}
    private = [f"{below}/{name}/secret.yaml" if name == "manifests" else f"{below}/{name}" for name in names]
    for each in (*others, *private):
        (repository / each).parent.mkdir(exist_ok=True, parents=True)
        (repository / each).touch()
    git(repository, "add", ".")
    monkeypatch.chdir(repository / start)
    (note,) = (it for it in gitignore.protect([str(repository / below / it) for it in names]) if "git tracks" in it)
    (command,) = re.findall("`(.*)`", note)
    assert (str(repository) in command) == (start == "elsewhere")
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    left = git(repository, "ls-files", "-z").rstrip("\0").split("\0")
    assert sorted(left) == sorted(it.removeprefix("./") for it in others)


def test_of_a_file_that_git_tracks_it_is_not_said_that_git_ignores_it(repository: Path) -> None:
    (repository / "credentials.yaml").touch()
    git(repository, "add", "credentials.yaml")
    assert gitignore.protect(NAMES) == [
        "git tracks credentials.yaml; take them out with `git rm -r --cached -- credentials.yaml`",
        ".gitignore is new: git ignores values.yaml",
        ".gitignore is new, but git does not ignore credentials.yaml",
    ]
    git(repository, "rm", "--cached", "-q", "credentials.yaml")
    assert git(repository, "status", "--porcelain") == "?? .gitignore\n"


def test_a_file_is_not_taken_for_another_that_git_tracks(repository: Path) -> None:
    (repository / "credentials.yaml").touch()
    git(repository, "add", "credentials.yaml")
    assert "git tracks" not in "".join(gitignore.protect(["cred*.yaml"]))


def test_without_git_nothing_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert shutil.which("git") is None
    assert gitignore.protect(NAMES) == []
    assert not (repository / ".gitignore").exists()
