"""The wheel and the source archive: built without a network, and the wheel works without the checkout."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import privreg_values
from tests.cluster.paths import BIN, ROOT

CHART = ROOT / "charts" / "privreg"
SCHEMA = CHART / "values.schema.json"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both archives; the wheel is made from the source archive, as an index user's pip would."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", f"--outdir={folder}", str(ROOT), cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel alone is installed into; its dependencies come from the tests' environment."""
    folder = tmp_path_factory.mktemp("site")
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", f"--target={folder}", str(wheel), cwd=folder)
    return folder


def run(*command: str, cwd: Path, code: int = 0, **variables: str) -> str:
    """Run a command without a network's package index, away from the checkout; returns its output and errors."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={**kept, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_COLOR": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    output = ended.stdout + ended.stderr
    assert ended.returncode == code, output
    return output


def test_the_source_archive_holds_the_chart_and_the_license(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "charts/privreg/Chart.yaml"} <= names
    assert not [name for name in names if name.startswith((".cache", ".venv", "values.yaml", "credentials"))]


def test_the_wheel_carries_the_schema_as_a_file_of_its_own(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert json.loads(archive.read("privreg_values/values.schema.json")) == json.loads(SCHEMA.read_text())


def test_the_wheel_carries_the_chart_and_renders_it_outside_the_checkout(
    wheel: Path, site: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = {name.removeprefix("privreg_values/chart/") for name in archive.namelist() if "/chart/" in name}
    assert {
        str(it.relative_to(CHART)) for it in CHART.rglob("*") if it.is_file() and "__pycache__" not in str(it)
    } == carried
    program = str(site / "bin" / "privreg-values")
    run(program, "gen", "--host=registry.example.com", "--yes", cwd=tmp_path, PYTHONPATH=str(site))
    output = run(program, "render", cwd=tmp_path, PYTHONPATH=str(site), PRIVREG_HELM=str(BIN / "helm"))
    assert "1 x registry:" in output


def test_the_wheel_names_the_license_and_the_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith("METADATA"))
    assert "License-Expression: Apache-2.0" in metadata
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "privreg_values/py.typed" in names


def test_the_wheel_works_outside_the_checkout(site: Path, tmp_path: Path) -> None:
    path = str(site)
    where = run(
        sys.executable, "-c", "import privreg_values; print(privreg_values.__file__)", cwd=tmp_path, PYTHONPATH=path
    )
    assert Path(where.strip()).is_relative_to(site)
    program = str(site / "bin" / "privreg-values")
    assert privreg_values.__version__ in run(program, "--version", cwd=tmp_path, PYTHONPATH=path)
    (tmp_path / "values.yaml").write_text("host: registry.example.com\nreplicsa: 3\n")
    output = run(program, "validate", "values.yaml", cwd=tmp_path, code=1, PYTHONPATH=path)
    assert "values.yaml:2:1" in output
    assert "replicsa" in output
