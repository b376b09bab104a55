from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienet.catalogues.open_images_lists import DESCRIPTIONS
from lienet.cli import app
from tests.fresh_workspace import make_workspace


def test_labels_are_found_in_the_list_that_was_fetched(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    workspace = make_workspace(repository, tmp_path)
    path = workspace.depot_dir("open_images") / "lists" / Path(DESCRIPTIONS).name
    path.parent.mkdir(parents=True)
    many = "".join(f"/m/0{number:02},House of {number:02}\n" for number in range(40))
    path.write_text(f"LabelName,DisplayName\n/m/03jm5,House\n{many}")
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, ["labels", "House"], catch_exceptions=False)
    assert ran.stdout.splitlines()[1].split() == ["/m/03jm5", "House"]
    assert ran.stdout.splitlines()[-1] == "and 11 more; --json prints all"
    ran = CliRunner().invoke(app, ["labels", "house", "of", "3", "--json"])
    assert len(json.loads(ran.stdout)) == 10
