from __future__ import annotations

import pytest

from lienet.errors import DataError
from lienet.report.features import load_feature_maps
from lienet.workspace import Workspace


def test_each_task_s_own_network_shows_its_map(other_workspace, other_groups):
    maps = load_feature_maps(other_workspace, other_groups)
    assert [(each.task, each.model) for each in maps] == [
        ("face", "lienet"),
        ("old_photo", "lienet"),
    ]
    assert maps[0].seen.channels.shape == (16, 40, 40)
    assert maps[0].seen.high[2] == pytest.approx(0.4)


def test_no_map_is_no_figure_and_a_broken_one_is_named(other_groups, tmp_path):
    place = Workspace(tmp_path)
    assert load_feature_maps(place, other_groups) == []
    folder = place.evaluation_dir("face", "lienet")
    folder.mkdir(parents=True)
    (folder / "features.npz").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"is no feature map.*evaluate face-lienet"):
        load_feature_maps(place, other_groups)
