from __future__ import annotations

import shutil

import pytest

from lienet.errors import DataError
from lienet.report.evaluations import read_evaluations
from lienet.report.real_photographs import load_real_photographs
from lienet.workspace import Workspace


def test_every_method_s_version_is_loaded_in_table_order(other_params, other_workspace):
    evaluations = read_evaluations(other_params, other_workspace)
    found = load_real_photographs(other_params, other_workspace, evaluations)
    assert [each.key for each in found] == ["set__cat", "set__cup"]
    assert next(iter(found[0].enhanced)) == "classical"
    assert list(found[0].enhanced) == ["classical", "srresnet", "lienet_gan", "lienet"]
    assert all(pixels.shape == found[0].degraded.shape for pixels in found[0].enhanced.values())


def test_there_may_be_none_and_a_missing_version_is_named(other_params, other_workspace, tmp_path):
    evaluations = read_evaluations(other_params, other_workspace)
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(other_workspace.root, copy.root)
    path = copy.evaluation_dir("old_photo", "lienet") / "real" / "x1" / "set" / "set__cup.png"
    path.unlink()
    with pytest.raises(DataError, match=r"old_photo-lienet has no picture of .*set__cup\.png"):
        load_real_photographs(other_params, copy, evaluations)
    shutil.rmtree(copy.shards_dir("old_photo") / "real")
    assert load_real_photographs(other_params, copy, evaluations) == []
