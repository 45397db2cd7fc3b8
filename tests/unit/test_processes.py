"""How the tests are spread over processes."""

from tests.cluster.paths import ROOT
from tests.conftest import scope_of


def test_tests_that_share_a_cluster_run_in_one_process() -> None:
    for path in (ROOT / "tests" / "e2e").glob("test_*.py"):
        cluster = "second cluster" if "second_cluster" in path.read_text() else "cluster"
        assert scope_of(f"tests/e2e/{path.name}::test_it") == cluster, path.name


def test_other_tests_run_in_whichever_process_is_free() -> None:
    assert scope_of("tests/unit/test_gen.py::test_it") == "tests/unit/test_gen.py::test_it"
