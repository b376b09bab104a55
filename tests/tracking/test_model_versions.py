from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lienet.params import Params
from lienet.tracking.model_versions import ModelVersions
from lienet.tracking.packaging import Package
from lienet.tracking.track import track
from lienet.workspace import Workspace
from tests.tracking.registered import make_package, write_quickly
from tests.tracking.stores import make_workspace, open_store
from tests.tracking.written import RUN_KEY, WEIGHTS, write_all


@pytest.fixture
def workspace(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("lienet.tracking.model_versions.build_folder", write_quickly)
    return make_workspace(tmp_path, empty_store)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    made = make_package(tmp_path, "lienet")
    return replace(made, run_key=RUN_KEY, weights_sha256=WEIGHTS)


def test_a_version_is_of_the_logged_model_that_was_measured(
    params: Params, workspace: Workspace, package: Package
):
    write_all(workspace)
    track(params, workspace)
    client = open_store(workspace)
    made = ModelVersions(client, workspace, "sr").create(package)
    version = client.get_model_version(made.registered_name, made.number)
    (output,) = client.get_run(made.run_id).outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert version.source == model.artifact_location
    (link,) = json.loads(model.tags["mlflow.modelVersions"])
    assert (link["name"], str(link["version"])) == ("lienet-sr", "1")
    assert {each.key: each.value for each in model.metrics}["psnr_db"] == 26.5
    assert model.tags["lienet.onnx_sha256"] == package.onnx_sha256
    artifacts = client.list_logged_model_artifacts(model.model_id)
    assert "candidate.json" in {each.path for each in artifacts}
    assert (made.label, made.model, made.run_id) == ("lienet-sr/1", "lienet", model.source_run_id)


def test_versions_are_found_tagged_and_fetched(
    workspace: Workspace, package: Package, tmp_path: Path
):
    client = open_store(workspace)
    versions = ModelVersions(client, workspace, "sr")
    assert versions.list_all() == []
    assert versions.find_alias("champion") is None
    first, second = (versions.create(package) for _ in range(2))
    assert versions.list_all() in ([first, second], [second, first])
    client.set_registered_model_alias("lienet-sr", "champion", second.number)
    assert versions.find_alias("champion") == second
    versions.tag_version(first, {"long": "x" * 6000, "gone": "soon"})
    versions.tag_version(first, {"gone": None})
    tags = client.get_model_version("lienet-sr", "1").tags
    assert len(tags["long"]) == 5000
    assert "gone" not in tags
    (tmp_path / "fetched").mkdir()
    place = versions.download(first, tmp_path / "fetched")
    assert (place / "artifacts" / "model.onnx").read_bytes() == package.onnx
