"""Fixtures for the CLI: it runs in the test's own process and folder, as `privreg-values` would."""

import functools
import io
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from privreg_values.__main__ import main
from tests.cluster import pki
from tests.control_plane import ControlPlane
from tests.control_plane import running as running_control_plane
from tests.unit.registry_site import HOST, RunningRegistry, push_app, running

# Typer builds its commands anew at each call, in a hundredth of a second; the tests call a thousand times.
typer.main.get_command = functools.cache(typer.main.get_command)


@dataclass(frozen=True)
class Ended:
    """What a run of the CLI left behind."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ended]


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever cluster this machine knows is not read; a test that wants one names its kubectl."""
    monkeypatch.setenv("PRIVREG_KUBECTL", "no-kubectl-in-this-test")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Run the CLI in `folder`: cli("gen", "--yes", stdin="...")."""
    assert folder == Path.cwd()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run(*arguments: str | Path, stdin: str | bytes = "") -> Ended:
        raw = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "argv", ["privreg-values", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        with pytest.raises(SystemExit) as leaving:
            main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        code = leaving.value.code
        return Ended(code if isinstance(code, int) else 0, captured.out, captured.err)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="package")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real API server without nodes; each test uses namespaces of its own."""
    with running_control_plane(tmp_path_factory.mktemp("control-plane")) as it:
        yield it


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that has team/app:1."""
    with running(tmp_path_factory.mktemp("registry")) as it:
        push_app(it)
        yield it


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an authority, with the certificate of a server of that host."""
    folder = tmp_path_factory.mktemp("pki")
    pki.Authority.create(folder).issue("server", HOST, sans=(HOST,))
    return folder
