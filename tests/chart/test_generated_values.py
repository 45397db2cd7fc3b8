"""Whatever values the schema accepts, the chart makes valid objects of them, or a rule says why not.

The cases are made from the schema and are much the same in every run; hypothesis mixes in what stands in the modules
that the process has loaded. One that fails is shown as small as it can be: it goes into tests/data/accept when the
chart is mended, and into tests/data/reject when the schema or a rule is.
"""

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kubernetes_validate import SchemaNotFoundError

from privreg_values.errors import HelmError
from privreg_values.values import validate
from privreg_values.values.validate import Problem
from tests.chart.generated_values import fitting, values
from tests.chart.kubernetes import CUSTOM_RESOURCES, faults, supported
from tests.chart.rendering import HELMS, Json, Rendering, template, title

SETTINGS = settings(
    max_examples=300, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@SETTINGS
@given(fitting(), st.sampled_from([HELMS[:1], HELMS[1:], HELMS]))
def test_values_that_the_schema_accepts_make_strictly_valid_objects(case: Json, helms: tuple[str, ...]) -> None:
    problems, rendered = outcome(case, helms)
    assert problems == []
    objects, *others = (Rendering(text, "generated").objects for text in rendered)
    assert len(objects) >= 4
    assert all(sorted(map(json.dumps, objects)) == sorted(map(json.dumps, other)) for other in others)
    assert [fault for item in objects for fault in strict_faults(item)] == []


@settings(SETTINGS, max_examples=60)
@given(values())
def test_values_that_do_not_fit_together_are_refused_by_helm_and_the_cli_in_the_same_words(case: Json) -> None:
    problems, rendered = outcome(case, HELMS)
    assert {problem.kind for problem in problems} <= {"rule"}, problems
    for text in rendered:
        said = [line.removeprefix("privreg: ") for line in text.splitlines() if line.startswith("privreg: ")]
        assert sorted(said) == sorted(problem.text for problem in problems)


def outcome(case: Json, helms: tuple[str, ...]) -> tuple[list[Problem], list[str]]:
    """What the CLI has against the values, and what the Helms make of them, or say."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(helms)) as pool:
        file = Path(folder, "values.yaml")
        file.write_text(json.dumps(case, ensure_ascii=False))
        rendered = list(pool.map(lambda helm: rendering(file, helm), helms))
        return validate.validate([str(file)]).problems, rendered


def rendering(file: Path, helm: str) -> str:
    try:
        return template(file, helm=helm)
    except HelmError as error:
        return str(error)


def strict_faults(item: Json) -> list[str]:
    """What the newest Kubernetes has against an object; older ones lack fields that the user may set."""
    try:
        return [f"{title(item)}: {fault}" for fault in faults(item, supported()[-1])]
    except SchemaNotFoundError:
        assert item["kind"] in CUSTOM_RESOURCES
        return []
