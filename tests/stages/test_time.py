from __future__ import annotations

import json
from pathlib import Path

import pytest

from lienet.params import Params
from lienet.stages import evaluate
from lienet.stages.time import list_items, run
from lienet.workspace import Workspace
from tests.stages.evaluate_inputs import make_quick, make_samples, write_shards
from tests.tracking.stores import list_runs, open_store


@pytest.fixture
def place(tmp_path: Path, repository: Path) -> tuple[Params, Workspace]:
    params, place = make_quick(tmp_path, repository)
    params = params.model_copy(update={"models": {}})
    write_shards(place, "sr", "test", make_samples())
    return params, place


def test_the_items_are_the_tasks_of_the_tables(place: tuple[Params, Workspace]):
    assert {*list_items(place[0])} == {"sr", "face", "old_photo"}


def test_the_file_is_written_and_mlflow_told(place: tuple[Params, Workspace]):
    params, workspace = place
    evaluate.run(params, workspace, "sr-bicubic")
    run(params, workspace, "sr")
    timings = json.loads(workspace.timings_path("sr").read_text())
    latency_ms = timings["models"]["bicubic"]["files"]["method"]["latency_ms"]["1"]
    (tracked,) = list_runs(open_store(workspace), "lienet-sr")
    assert tracked.data.metrics["latency_ms"] == pytest.approx(latency_ms, abs=0.05)
