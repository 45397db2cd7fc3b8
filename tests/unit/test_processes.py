"""How the tests are spread over processes."""

from tests.cluster.paths import ROOT
from tests.conftest import SHARED_CLUSTERS, scope_of


def test_tests_that_share_a_cluster_run_in_one_process() -> None:
    for path in (ROOT / "tests" / "e2e").glob("test_*.py"):
        scope = scope_of(f"tests/e2e/{path.name}::test_it")
        assert (scope == "second cluster") == ("second_cluster" in path.read_text()), path.name
        assert scope in SHARED_CLUSTERS, path.name


def test_other_tests_run_in_whichever_process_is_free() -> None:
    assert scope_of("tests/unit/test_gen.py::test_it") == "tests/unit/test_gen.py::test_it"
