"""`privreg-values migrate` from what is damaged: an error in words or values that the chart accepts, nothing else."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from privreg_values.errors import PrivregError
from privreg_values.migrate.migrate import Request, migrate
from privreg_values.values import validate
from tests.cluster.paths import ROOT

DATA = ROOT / "tests" / "data" / "migrate"
SAMPLES = ("hand-made/privateregistry.yaml", "hand-made/folder/2-registry.json", "twuni/values.yaml")
ODD: tuple[Any, ...] = (None, "x", 1, [], {}, [None], True, ["x"], {"x": None}, "", "a: [", {"name": ["x"]}, -1)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(child, (*path, key))


@pytest.mark.parametrize("sample", SAMPLES)
def test_whatever_is_odd_in_it_nothing_half_done_is_left(sample: str, folder: Path) -> None:
    whole = list(YAML(typ="safe").load_all((DATA / sample).read_text()))
    choose = random.Random(sample)
    for _ in range(12):
        documents = copy.deepcopy(whole)
        path = choose.choice(list(places(documents)))
        container: Any = documents
        for step in path[:-1]:
            container = container[step]
        container[path[-1]] = choose.choice(ODD)
        (folder / "in.yaml").write_text("\n---\n".join(json.dumps(it) for it in documents))
        try:
            migrate(Request(["in.yaml"], None, "credentials.yaml", host="registry.example.com"))
        except PrivregError as error:
            assert str(error)
            assert [it.name for it in folder.iterdir()] == ["in.yaml"], path
        else:
            assert validate.validate(["values.yaml"]).problems == [], path
            (folder / "values.yaml").unlink()
            (folder / "credentials.yaml").unlink()
