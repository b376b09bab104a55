"""``dvc exp run``, ``dvc metrics diff`` and ``dvc plots diff`` on what a fresh clone has pulled."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from lienet.params import parse_params
from tests.sharing.conftest import EXPERIMENT, STEPS, Team
from tests.small_clone import stages_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.timeout(2400),
    pytest.mark.xdist_group("pipeline"),
]
METRICS = "reports/metrics/sr/lienet.json"
HISTORY = "data/models/sr/lienet/history.csv"


@pytest.mark.parametrize("name", ["sample", "paper", "bench", "ablation"])
def test_an_experiment_changes_one_param_of_a_profile(repository: Path, tmp_path: Path, name: str):
    """DVC writes the file anew, and drops quotes that YAML's older readers need."""
    from dvc.utils.hydra import apply_overrides
    from dvc.utils.serialize import load_yaml

    path = tmp_path / "params.yaml"
    shutil.copyfile(repository / "profiles" / f"{name}.yaml", path)
    before = yaml.safe_load(path.read_text())
    apply_overrides(path, [f"train.steps={STEPS}"])
    before["train"]["steps"] = STEPS
    assert yaml.safe_load(path.read_text()) == before
    assert load_yaml(path) == before
    assert parse_params(path.read_text(), name=name).train.steps == STEPS


def test_an_experiment_runs_what_its_param_makes_stale(team: Team):
    of_model = ("train", "export", "evaluate", "evaluate_formats")
    stages = {"code", *(f"{stage}@sr-lienet" for stage in of_model), "report"}
    stages |= {f"time@{task}" for task in ("sr", "face", "old_photo")}  # what it keeps, it reads
    assert stages_run(team.outputs["experiment"]) == stages
    shown = json.loads(team.second.run("dvc", "exp", "show", "--json"))
    names = [one["name"] for revision in shown for one in revision["experiments"] or []]
    assert EXPERIMENT in names


def test_metrics_are_told_apart(team: Team):
    differences = json.loads(team.second.run("dvc", "metrics", "diff", "--json"))[METRICS]
    moved = differences["psnr_db"]
    assert moved["diff"] == pytest.approx(moved["new"] - moved["old"])
    assert moved["diff"] != 0


def test_params_are_told_apart(team: Team):
    differences = json.loads(team.second.run("dvc", "params", "diff", "HEAD", EXPERIMENT, "--json"))
    assert differences == {"params.yaml": {"train.overrides.sr.steps": {"old": None, "new": STEPS}}}


def test_training_curves_lie_over_each_other_and_figure_6_beside(team: Team, tmp_path: Path):
    plots = ("dvc", "plots", "diff", "HEAD", EXPERIMENT)
    drawn = json.loads(team.second.run(*plots, "--json"))["data"]
    (curve,) = drawn[HISTORY]
    assert curve["revisions"] == ["HEAD", EXPERIMENT]
    content = curve["content"]
    # Not every row has a validation, and a gap would end the line.
    assert content["transform"] == [{"filter": "datum['valid_psnr_db'] !== ''"}]
    last = [row["step"] for row in content["data"]["values"] if row["valid_psnr_db"]][-1]
    assert int(last) == STEPS
    page = tmp_path / "plots"
    team.second.run(*plots, "--out", str(page))
    assert f'"rev": "{EXPERIMENT}"' in (page / "index.html").read_text()
    assert len(list((page / "static").glob("*figure6.png"))) == 2
