"""Every photograph that was trained on is credited, and none that was not."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from lienet.draws import draw_split
from lienet.errors import DataError
from lienet.manifests.records import write_filtered
from lienet.params import Params
from lienet.report.attribution import find_trained_tasks, write_attribution
from lienet.workspace import Workspace
from tests.folder_source import folder_source
from tests.stages.studio import record_of


@pytest.fixture
def params(repository: Path) -> Params:
    content = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    content["download"]["sources"] = {
        "photos": folder_source(),
        "faces": folder_source(),
        "published": folder_source(split="test"),
        "unused": folder_source(),
    }
    content["filter"] |= {"exempt_sources": ["published"], "consented_sources": ["faces"]}
    content["synthesize"]["split"] |= {"test_images": {"faces": 1}}
    tasks = content["synthesize"]["tasks"]
    tasks["sr"]["sources"] = tasks["old_photo"]["sources"] = ["photos", "published"]
    tasks["face"]["sources"] = ["photos", "faces"]
    return Params.model_validate(content)


@pytest.fixture
def workspace(params: Params, tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    photos = [
        record_of("photos__train", "train", title='A "title", with\na break', author="Jürgen"),
        record_of("photos__valid", "valid"),
        record_of("photos__refused", "train", verdict="refuse", reasons=("face",)),
        *(record_of(f"photos__{number}", "auto") for number in range(40)),
    ]
    published = [record_of("published__1", "train", detector="exempt", source="published")]
    faces = [record_of(f"faces__{number}", "auto", source="faces") for number in range(3)]
    for source, records in (("photos", photos), ("published", published), ("faces", faces)):
        write_filtered(made.filtered_dir(source) / "manifest.parquet", records)
    return made


def credit(params: Params, workspace: Workspace) -> list[dict[str, str]]:
    path = workspace.reports_dir / "ATTRIBUTION.csv"
    num_rows = write_attribution(path, params, workspace)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == num_rows
    return rows


def test_what_was_trained_on_is_credited_once(params: Params, workspace: Workspace) -> None:
    rows = credit(params, workspace)
    shares = params.synthesize.split
    drawn = {
        f"photos__{number}"
        for number in range(40)
        if draw_split(
            params.seed,
            f"photos__{number}",
            valid_share=shares.valid_share,
            test_share=shares.test_share,
        )
        == "train"
    }
    keys = [row["key"] for row in rows]
    assert 0 < len(drawn) < 40
    assert {key for key in keys if key.startswith("photos")} == drawn | {"photos__train"}
    assert sum(key.startswith("faces") for key in keys) == 2
    assert not any(key.startswith("published") for key in keys)
    assert len(set(keys)) == len(keys)
    one = next(row for row in rows if row["key"] == "photos__train")
    assert one == {
        "key": "photos__train",
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


def test_a_missing_manifest_leaves_the_last_file(params: Params, workspace: Workspace) -> None:
    credit(params, workspace)
    first = (workspace.reports_dir / "ATTRIBUTION.csv").read_bytes()
    path = workspace.filtered_dir("photos") / "manifest.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="is not a whole manifest"):
        write_attribution(workspace.reports_dir / "ATTRIBUTION.csv", params, workspace)
    assert (workspace.reports_dir / "ATTRIBUTION.csv").read_bytes() == first
