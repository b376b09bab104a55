from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lienet.errors import ToolError
from lienet.evaluation.optional.trunks import as_tensor, load_trunk
from lienet.files import sha256_of_file
from tests.evaluation.optional.trunk_files import REFERENCE, write_trunk


def test_five_stages_are_computed_when_they_are_asked_for(tmp_path: Path):
    trunk = load_trunk("alexnet", write_trunk(tmp_path / "drawn.pth", "alexnet"), metric="lpips")
    stages = trunk.look(as_tensor(REFERENCE))
    # 101x133 px by steps of 4 with 11 taps and a border of 2, then 3 px by steps of 2 twice.
    shapes = [(64, 24, 32), (192, 11, 15), (384, 5, 7), (256, 5, 7), (256, 5, 7)]
    for stage, shape in zip(stages, shapes, strict=True):
        assert stage.shape == (1, *shape)
        assert stage.min() == 0


def test_a_file_that_is_not_the_classifier_is_one_line(tmp_path: Path):
    drawn = write_trunk(tmp_path / "drawn.pth", "alexnet")
    with pytest.raises(ToolError, match=r"features.0.weight, finite .*; correct the trunk of d"):
        load_trunk("vgg16", drawn, metric="dists")
    state = torch.load(drawn, weights_only=True)
    state["features.8.bias"][3] = torch.nan
    torch.save(state, tmp_path / "broken.pth")
    with pytest.raises(ToolError, match=r"broken.pth must hold features.8.bias, finite"):
        load_trunk("alexnet", tmp_path / "broken.pth", metric="lpips")
    named = tmp_path / "alexnet-owt-7be5be79.pth"
    named.write_bytes(drawn.read_bytes())
    with pytest.raises(ToolError, match=rf"must begin with 7be5be79, got {sha256_of_file(drawn)}"):
        load_trunk("alexnet", named, metric="lpips")
