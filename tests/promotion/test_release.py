"""A measured model becomes one of those that come along, with a card of what the pipeline wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.deployment.shipped_weights import find_entry, locate_onnx, read_index, read_weights_card
from lienet.errors import DataError, InputError
from lienet.files import write_json
from lienet.manifests.parquet_rows import write_rows
from lienet.manifests.trained_on import TrainedRecord
from lienet.params import Params, load_params
from lienet.promotion import release as module
from lienet.promotion.release import release
from lienet.shards.reading import hash_shards
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace
from tests.promotion.measured import make_scores, write_measured


@pytest.fixture
def workspace(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A clone in which sr-lienet is trained on two sources, exported and measured."""
    made = make_workspace(repository, tmp_path / "clone")
    write_measured(load_params(made.params_path), made, "sr-lienet", make_scores(0.5))
    records = [
        TrainedRecord(key, "", "", licence, "", source)
        for key, licence, source in (("a", "CC0", "own"), ("b", "CC BY-NC 2.0", "faces"))
    ]
    path = made.trained_on_path("sr")
    path.parent.mkdir(parents=True)
    write_rows(path, records, TrainedRecord)
    index = {"task": "sr", "split": "train", "num_samples": 0, "num_images": 0, "shards": []}
    index |= {"sha256": hash_shards(()), "params": {}}
    index |= {"sources": {"own": "commercial", "faces": "non_commercial"}}
    write_json(made.shards_dir("sr") / "train" / "index.json", index)
    monkeypatch.setattr(module, "describe_code", lambda root: {"lienet.git_commit": "c" * 40})
    return made


@pytest.fixture
def params(workspace: Workspace) -> Params:
    return load_params(workspace.params_path)


def test_the_files_are_copied_with_a_card_and_an_index(
    params: Params, workspace: Workspace, tmp_path: Path
):
    folder = tmp_path / "weights"
    card = release(params, workspace, "sr-lienet", folder=folder)
    entry = find_entry("sr", folder=folder)
    assert (entry.name, entry.scale, entry.model) == ("sr_lienet_x4", 4, "lienet")
    model_dir = workspace.model_dir("sr", "lienet")
    assert locate_onnx(entry, folder).read_bytes() == (model_dir / "model.onnx").read_bytes()
    weights = (folder / "sr_lienet_x4.safetensors").read_bytes()
    assert weights == (model_dir / "weights.safetensors").read_bytes()
    assert read_weights_card(entry, folder) == card
    assert release(params, workspace, "sr-lienet", folder=folder) == card
    assert len(read_index(folder).weights) == 1


def test_the_card_says_data_licences_and_scores(
    params: Params, workspace: Workspace, tmp_path: Path
):
    card = release(params, workspace, "sr-lienet", folder=tmp_path / "weights")
    assert [(each.source, each.use, dict(each.licences)) for each in card.data] == [
        ("faces", "non_commercial", {"CC BY-NC 2.0": 1}),
        ("own", "commercial", {"CC0": 1}),
    ]
    assert (card.use, card.commit) == ("non_commercial", "c" * 40)
    assert card.notice == "trained on photographs that permit no commercial use"
    assert card.protocols["x4_q20_luma"]["scale"] == 4
    scores = card.results["x4_q20_luma"]["near"]
    assert scores["psnr_gain_low_db"] < scores["psnr_gain_db"] < scores["psnr_gain_high_db"]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("data/models/sr/lienet/model.onnx", "model.onnx is missing; run dvc repro"),
        ("reports/evaluate/sr/lienet.json", "no evaluation at"),
        ("reports/export/sr/lienet.json", "is missing or broken; run dvc repro"),
        ("data/shards/sr/trained_on.parquet", "there is no manifest at"),
        ("data/shards/sr/train/index.json", "no shards in"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_written(
    params: Params, workspace: Workspace, tmp_path: Path, missing: str, said: str
):
    (workspace.root / missing).unlink()
    with pytest.raises(DataError, match=said):
        release(params, workspace, "sr-lienet", folder=tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_files_of_two_trainings_are_refused(params: Params, workspace: Workspace, tmp_path: Path):
    path = workspace.model_dir("sr", "lienet") / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + np.float32(0.5).tobytes())
    with pytest.raises(DataError, match="are not of one training"):
        release(params, workspace, "sr-lienet", folder=tmp_path)
    onnx = workspace.model_dir("sr", "lienet") / "model.onnx"
    onnx.write_bytes(onnx.read_bytes() + b" ")
    with pytest.raises(DataError, match="is not the file that was checked"):
        release(params, workspace, "sr-lienet", folder=tmp_path)


def test_more_than_a_package_should_weigh_is_refused(
    params: Params, workspace: Workspace, tmp_path: Path
):
    (tmp_path / "other.onnx").write_bytes(bytes(9_900_000))
    with pytest.raises(DataError, match=r"at most 10 MB in all, got 10\.\d MB"):
        release(params, workspace, "sr-lienet", folder=tmp_path)


def test_unknown_models_and_commits_are_refused(
    params: Params, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(InputError, match="the models are"):
        release(params, workspace, "sr-none", folder=tmp_path)
    monkeypatch.setattr(module, "describe_code", lambda root: {})
    with pytest.raises(DataError, match="is not known; use a git clone"):
        release(params, workspace, "sr-lienet", folder=tmp_path)
