"""What is said of a method beside its results; the stage's own test runs trained ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lienet.errors import ModelError
from lienet.evaluation.items import open_item
from lienet.evaluation.methods import Unchanged, UnsharpMask
from lienet.networks.features import extract_features, has_feature_map
from lienet.networks.registry import build_model
from lienet.params import Params, load_params
from lienet.shards.reading import ShardIndex
from lienet.shards.writing import write_split
from lienet.workspace import Workspace


@pytest.fixture(scope="module")
def params(repository: Path) -> Params:
    return load_params(repository / "params.yaml")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ShardIndex:
    return write_split(
        tmp_path_factory.mktemp("shards") / "test",
        [],
        task="face",
        split="test",
        params={},
        shard_max_bytes=2**20,
    )


def test_a_method_has_no_parameters_and_no_multiply_adds(params, index, tmp_path):
    method = open_item(params, Workspace(tmp_path), "face-unsharp", index)
    assert (method.task, method.name, method.network) == ("face", "unsharp", None)
    assert method.facts["num_params"] == 0
    assert method.facts["num_macs"] is None
    assert method.facts["architecture"] == "unsharp"
    assert method.facts["data_sha256"] == {"test": index.sha256}
    contender = method.contenders[1]
    assert isinstance(contender.enhancer, UnsharpMask)
    pixels = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    assert isinstance(contender.baseline, Unchanged)
    assert contender.baseline.enhance(pixels) is pixels


def test_the_baselines_cover_every_scale_and_count_their_filter(params, index, tmp_path):
    bicubic = open_item(params, Workspace(tmp_path), "sr-bicubic", index)
    assert sorted(bicubic.contenders) == [2, 4]
    assert all(each.enhancer is each.baseline for each in bicubic.contenders.values())
    assert bicubic.facts["num_macs"] > 0
    kept = open_item(params, Workspace(tmp_path), "face-input", index)
    assert isinstance(kept.contenders[1].enhancer, Unchanged)
    assert kept.facts["num_macs"] == 0


def test_bicubic_by_three_counts_for_the_largest_output_that_has_whole_inputs(
    repository, index, tmp_path
):
    clean = load_params(repository / "profiles" / "clean.yaml")
    bicubic = open_item(clean, Workspace(tmp_path), "sr_clean_x3-bicubic", index)
    assert sorted(bicubic.contenders) == [3]
    assert bicubic.facts["macs_output_px"] == [720, 1278]
    # 27 outputs per input pixel, 25 taps each, of one channel.
    assert bicubic.facts["num_macs"] == 27 * 25 * 240 * 426
    enlarged = bicubic.contenders[3].enhancer.enhance(np.full((5, 4, 3), 77, np.uint8))
    assert enlarged.shape == (15, 12, 3)
    assert (enlarged == 77).all()


def test_a_model_that_is_not_there_is_one_error(params, index, tmp_path):
    with pytest.raises(ModelError, match="train the model first"):
        open_item(params, Workspace(tmp_path), "sr-lienet", index)


def test_a_feature_map_is_asked_only_of_networks_that_have_one(repository: Path):
    specs = load_params(repository / "profiles" / "ablation.yaml").models.values()
    models = [build_model(spec).eval() for spec in specs]
    degraded = torch.rand(1, 3, 16, 16)
    for model in models:
        if has_feature_map(model):
            assert extract_features(model, degraded).shape[0] == 1
        else:
            with pytest.raises(ModelError, match="self-feature extraction"):
                extract_features(model, degraded)
    assert {has_feature_map(model) for model in models} == {True, False}
