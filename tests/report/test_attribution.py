"""Every photograph that was trained on is credited, and none that was not."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from lienet.errors import DataError
from lienet.manifests.parquet_rows import write_rows
from lienet.manifests.trained_on import TrainedRecord
from lienet.params import Params
from lienet.report.attribution import find_trained_tasks, write_attribution
from lienet.workspace import Workspace


@pytest.fixture
def params(repository: Path) -> Params:
    content = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    return Params.model_validate(content)


def record_of(key: str, source: str, **changes: str) -> TrainedRecord:
    chosen = {"title": "", "author": "nobody", "licence": "CC0", "origin": "here"}
    return TrainedRecord(key=key, source=source, **(chosen | changes))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    one = record_of("photos__1", "photos", title='A "title", with\na break', author="Jürgen")
    two = record_of("photos__2", "photos")
    faces = [record_of(f"faces__{number}", "faces") for number in range(2)]
    for task, records in (("sr", [one]), ("old_photo", [one, two]), ("face", [*faces, two])):
        write_rows(made.trained_on_path(task), records, TrainedRecord)
    return made


def credit(params: Params, workspace: Workspace) -> list[dict[str, str]]:
    path = workspace.reports_dir / "ATTRIBUTION.csv"
    num_rows = write_attribution(path, params, workspace)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == num_rows
    return rows


def test_what_was_trained_on_is_credited_once_by_source_and_key(
    params: Params, workspace: Workspace
) -> None:
    rows = credit(params, workspace)
    assert [row["key"] for row in rows] == ["faces__0", "faces__1", "photos__1", "photos__2"]
    assert rows[2] == {
        "key": "photos__1",
        "title": 'A "title", with\na break',
        "author": "Jürgen",
        "licence": "CC0",
        "origin": "here",
        "source": "photos",
    }


def test_a_task_that_nothing_learns_credits_nobody(params: Params, workspace: Workspace) -> None:
    content = params.model_dump()
    content["models"] = {
        key: model
        for key, model in content["models"].items()
        if model["task"] != "face" or model["architecture"] == "bicubic"
    }
    fewer = Params.model_validate(content)
    assert find_trained_tasks(params) == ["face", "old_photo", "sr"]
    assert find_trained_tasks(fewer) == ["old_photo", "sr"]
    assert not any(row["source"] == "faces" for row in credit(fewer, workspace))


def test_a_second_run_writes_the_same_bytes(params: Params, workspace: Workspace) -> None:
    credit(params, workspace)
    first = (workspace.reports_dir / "ATTRIBUTION.csv").read_bytes()
    credit(params, workspace)
    assert (workspace.reports_dir / "ATTRIBUTION.csv").read_bytes() == first


def test_a_broken_list_leaves_the_last_file(params: Params, workspace: Workspace) -> None:
    credit(params, workspace)
    first = (workspace.reports_dir / "ATTRIBUTION.csv").read_bytes()
    path = workspace.trained_on_path("sr")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="is not a whole manifest"):
        write_attribution(workspace.reports_dir / "ATTRIBUTION.csv", params, workspace)
    assert (workspace.reports_dir / "ATTRIBUTION.csv").read_bytes() == first
