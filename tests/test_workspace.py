"""Where everything lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import InputError
from lienet.workspace import Workspace


def test_the_workspace_is_found_from_a_folder_inside_it(tmp_path: Path):
    (tmp_path / "params.yaml").write_text("")
    inside = tmp_path / "data" / "raw"
    inside.mkdir(parents=True)
    assert Workspace.find(inside) == Workspace(tmp_path.resolve())


def test_outside_any_workspace_one_line_says_so(tmp_path: Path):
    with pytest.raises(InputError, match=r"no params.yaml in .* run inside a clone"):
        Workspace.find(tmp_path)


def test_paths_are_those_that_dvc_tracks(tmp_path: Path):
    workspace = Workspace(tmp_path)
    assert workspace.raw_dir("kodak24") == tmp_path / "data/raw/kodak24"
    assert workspace.filtered_dir("kodak24") == tmp_path / "data/filtered/kodak24"
    assert workspace.shards_dir("sr") == tmp_path / "data/shards/sr"
    assert workspace.model_dir("sr", "lienet") == tmp_path / "data/models/sr/lienet"
    assert workspace.export_report_path("sr", "a") == tmp_path / "reports/export/sr/a.json"
    assert workspace.evaluation_path("sr", "a") == tmp_path / "reports/evaluate/sr/a.json"
    assert workspace.evaluation_dir("sr", "a") == tmp_path / "reports/evaluate/sr/a"


def test_resumable_state_lies_outside_every_output(tmp_path: Path):
    workspace = Workspace(tmp_path)
    assert workspace.checkpoint_dir("sr", "a").is_relative_to(tmp_path / "data/state")


def test_outputs_behind_a_link_are_refused_before_any_work(tmp_path: Path):
    clone, disk = tmp_path / "clone", tmp_path / "disk"
    for folder in (clone / "reports", disk):
        folder.mkdir(parents=True)
    Workspace(clone).refuse_linked_data()
    (clone / "data").symlink_to(disk)
    with pytest.raises(InputError, match=f"must lie in the clone itself.* a link to {disk}"):
        Workspace(clone).refuse_linked_data()
