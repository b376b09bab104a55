from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest

from lienet.deployment.converted import read_list
from lienet.errors import DataError, ModelError
from lienet.files import sha256_of_file
from lienet.params import Params, load_params
from lienet.params.evaluation import FormatName
from lienet.stages.export import list_items, run
from lienet.workspace import Workspace
from tests.networks.untrained import store_untrained
from tests.stages.evaluate_inputs import make_samples, write_shards
from tests.tracking.stores import list_runs, make_workspace, open_store

KEY = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def params(repository: Path) -> Params:
    params = load_params(repository / "profiles" / "sample.yaml")
    return _with_formats(params)


def _with_formats(params: Params, *names: FormatName) -> Params:
    chosen = params.export.model_copy(update={"formats": names, "calibration_tiles": 2})
    return params.model_copy(update={"export": chosen})


@pytest.fixture
def workspace(tmp_path: Path, empty_store: Path) -> Workspace:
    return make_workspace(tmp_path, empty_store)


def _store(params: Params, workspace: Workspace, item: str) -> Path:
    spec = params.models[item]
    model_dir = workspace.model_dir(spec.task, spec.name)
    store_untrained(model_dir, spec, seed=5, run_key=KEY)
    return model_dir


def test_the_items_are_the_models(params: Params):
    assert list_items(params) == list(params.models)


def test_a_model_is_exported_with_its_report_and_tracked(params: Params, workspace: Workspace):
    model_dir = _store(params, workspace, "sr-lienet")
    run(params, workspace, "sr-lienet")
    report = json.loads(workspace.export_report_path("sr", "lienet").read_text())
    assert report["max_error"] <= report["tolerance"] == params.export.parity_tolerance
    assert report["passed"] is True
    assert report["sizes_px"] == [list(size) for size in params.export.parity_sizes_px]
    assert report["opset"] == params.export.opset
    assert report["onnx_sha256"] == sha256_of_file(model_dir / "model.onnx")
    metadata = {one.key: one.value for one in onnx.load(model_dir / "model.onnx").metadata_props}
    assert (metadata["model"], metadata["scale"], metadata["run_key"]) == ("lienet", "4", KEY)
    assert "licences of the photographs" in metadata["licence"]
    client = open_store(workspace)
    (tracked,) = list_runs(client)
    assert tracked.data.metrics["export/max_error"] == report["max_error"]
    files = [Path(each.path).name for each in client.list_artifacts(tracked.info.run_id, "model")]
    assert files == ["model.json", "model.onnx", "weights.safetensors"]


def test_a_model_is_converted_to_the_formats_of_params(params: Params, workspace: Workspace):
    _store(params, workspace, "sr-lienet")
    write_shards(workspace, "sr", "valid", make_samples())
    run(_with_formats(params, "onnx_int8", "onnx_fp16"), workspace, "sr-lienet")
    folder = workspace.formats_dir("sr", "lienet")
    found = read_list(folder, remedy="")
    assert [each.format for each in found] == ["onnx_int8", "onnx_fp16"]
    assert [each.reason for each in found] == [None, None]
    float32 = (workspace.model_dir("sr", "lienet") / "model.onnx").stat().st_size
    for each in found:
        assert each.sha256 == sha256_of_file(folder / (each.file or ""))
        assert (each.size_bytes or 0) < 0.75 * float32


def test_formats_without_validation_tiles_are_one_clear_error(params: Params, workspace: Workspace):
    _store(params, workspace, "sr-lienet")
    write_shards(workspace, "sr", "valid", [])
    with pytest.raises(DataError, match=r"holds no tiles.*empty export\.formats"):
        run(_with_formats(params, "onnx_int8"), workspace, "sr-lienet")


def test_a_model_that_strays_leaves_no_file(params: Params, workspace: Workspace):
    model_dir = _store(params, workspace, "sr-lienet")
    strict = params.model_copy(  # only an impossible tolerance fails a sound export
        update={"export": params.export.model_copy(update={"parity_tolerance": -1.0})}
    )
    with pytest.raises(ModelError, match="must agree within"):
        run(strict, workspace, "sr-lienet")
    assert not (model_dir / "model.onnx").exists()
    assert not workspace.export_report_path("sr", "lienet").exists()


def test_a_model_that_was_not_trained_is_one_clear_error(params: Params, workspace: Workspace):
    with pytest.raises(ModelError, match=r"model\.json"):
        run(params, workspace, "sr-srgan")
