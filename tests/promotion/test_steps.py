from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from lienet.errors import InputError
from lienet.params import Params, load_params
from lienet.promotion.steps import promote, roll_back
from lienet.shards.reading import read_index
from lienet.tracking.store import connect
from lienet.workspace import Workspace
from tests.fresh_workspace import make_workspace
from tests.promotion.latency_budget import with_latency_budget
from tests.promotion.measured import make_scores, write_measured
from tests.stages.evaluate_inputs import make_samples, write_shards

RACER = """
import sys, time
from pathlib import Path
from lienet.params import load_params
from lienet.promotion import steps
from lienet.workspace import Workspace

root, item = Path(sys.argv[1]), sys.argv[2]
judge = steps.judge

def judge_together(params, task, challenger, champion):
    verdict = judge(params, task, challenger, champion)
    (root / f"{item}.judged").touch()
    while len(list(root.glob("*.judged"))) < 2:
        time.sleep(0.05)
    return verdict

steps.judge = judge_together
workspace = Workspace(root)
outcome = steps.promote(load_params(workspace.params_path), workspace, item)
sys.stdout.write(f"{outcome.gate['against']}|{outcome.promoted}")
"""


@pytest.fixture
def workspace(repository: Path, tmp_path: Path, empty_store: Path) -> Workspace:
    made = make_workspace(repository, tmp_path / "a clone")
    made.state_dir.mkdir(parents=True)
    shutil.copy(empty_store, made.state_dir / "mlflow.db")
    return made


@pytest.fixture
def params(workspace: Workspace) -> Params:
    return load_params(workspace.params_path)


def read_aliases(workspace: Workspace) -> dict[str, str]:
    client = connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", None)
    aliases = client.get_registered_model("lienet-sr").aliases
    return {alias: str(number) for alias, number in aliases.items()}


@pytest.mark.slow
def test_a_worse_model_is_kept_out_a_better_one_gets_in_and_rollback_returns(
    params: Params, workspace: Workspace
):
    for key, gain_db in (("sr-lienet", 0.5), ("sr-esrgan", 0.3), ("sr-srgan", 0.6)):
        write_measured(params, workspace, key, make_scores(gain_db))
    first = promote(params, workspace, "sr-lienet")
    assert (first.promoted, first.champion) == (True, "lienet-sr/1")
    assert "the gain over the baseline is +0." in first.reasons[0]
    worse = promote(params, workspace, "sr-esrgan")
    assert (worse.promoted, worse.champion, worse.champion_model) == (
        False, "lienet-sr/1", "lienet",
    )  # fmt: skip
    assert "the gain over lienet is -0.2000" in worse.reasons[0]
    assert read_aliases(workspace) == {"champion": "1", "challenger": "2"}
    better = promote(params, workspace, "sr-srgan")
    assert (better.promoted, better.champion, better.former_champion) == (
        True, "lienet-sr/3", "lienet-sr/1",
    )  # fmt: skip
    assert "the gain over lienet is +0.1" in better.reasons[0]
    again = promote(params, workspace, "sr-srgan")
    assert (again.promoted, again.champion) == (False, "lienet-sr/3")
    assert again.reasons == ("lienet-sr/3 is the champion already",)
    former, present = roll_back(workspace, "sr")
    assert (former.label, present.label) == ("lienet-sr/1", "lienet-sr/3")
    refused = promote(params, workspace, "sr-srgan")
    assert not refused.promoted
    assert refused.reasons[0].startswith("lienet-sr/3 was rolled back at 20")
    by_hand = promote(params, workspace, "sr-esrgan", is_by_hand=True)
    assert (by_hand.promoted, by_hand.champion) == (True, "lienet-sr/2")
    assert by_hand.reasons[0] == "promoted by hand, without the gate"
    assert "the gain over lienet" in by_hand.reasons[1]
    _check_records(workspace)


def _check_records(workspace: Workspace) -> None:
    client = connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", None)
    kept = client.get_model_version("lienet-sr", "3")
    assert kept.tags["lienet.gate"] == "kept"
    assert kept.tags["lienet.gate.reasons"].startswith("lienet-sr/3 was rolled back")
    path = client.download_artifacts(kept.run_id, "gate/version_3.json")
    assert json.loads(Path(path).read_text())["promoted"] is False
    assert client.get_model_version("lienet-sr", "2").tags["lienet.gate"] == "promoted"


@pytest.mark.slow
def test_a_network_slower_than_its_budget_stays_challenger_and_the_record_says_why(
    params: Params, workspace: Workspace
):
    budgeted = with_latency_budget(params, "sr-srgan", 1.2)
    write_measured(params, workspace, "sr-lienet", make_scores(0.5), latency_ms=242.0)
    unjudged = promote(budgeted, workspace, "sr-lienet")
    assert "run lienet evaluate sr-srgan" in unjudged.reasons[0]
    write_measured(params, workspace, "sr-srgan", make_scores(0.4), latency_ms=100.0)
    slow = promote(budgeted, workspace, "sr-lienet")
    assert not slow.promoted
    client = connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", None)
    kept = client.get_model_version("lienet-sr", "1")
    assert kept.tags["lienet.gate.reasons"].startswith("latency 242.0 ms is 2.420 times the 100.0")
    path = client.download_artifacts(kept.run_id, "gate/version_1.json")
    assert json.loads(Path(path).read_text())["gate"]["latency"] == {
        "latency_ms": 242.0, "reference": "sr-srgan", "reference_ms": 100.0, "ratio": 2.42,
        "max_ratio": 1.2, "input_px": [180, 320],
    }  # fmt: skip


@pytest.mark.slow
def test_two_promotions_at_once_leave_the_better_one_champion(params: Params, workspace: Workspace):
    items = ("sr-lienet", "sr-srgan")
    for item, gain_db in zip(items, (0.5, 0.6), strict=True):
        write_measured(params, workspace, item, make_scores(gain_db))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(workspace.root), item],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for item in items
    ]
    said = [process.communicate(timeout=200) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    (first, _), (second, _) = said
    client = connect(f"sqlite:///{workspace.state_dir / 'mlflow.db'}", None)
    champion = client.get_model_version_by_alias("lienet-sr", "champion")
    assert champion.tags["lienet.model"] == "srgan"
    assert second in ("the baseline|True", "lienet|True")
    # Whoever came second judged again, against the champion that the first had become.
    assert first == ("srgan|False" if second == "the baseline|True" else "the baseline|True")
    names = [found.name for found in client.search_registered_models()]
    assert names == ["lienet-sr"], "no lease is left behind"


@pytest.mark.slow
def test_a_champion_of_other_images_is_measured_again_on_those_of_the_challenger(
    repository: Path, workspace: Workspace
):
    content = yaml.safe_load(workspace.params_path.read_text())
    del content["evaluate"]["metrics"]["vmaf"]
    workspace.params_path.write_text(yaml.safe_dump(content))
    params = load_params(workspace.params_path)
    write_measured(params, workspace, "sr-lienet", make_scores(0.5))
    assert promote(params, workspace, "sr-lienet").promoted
    write_shards(workspace, "sr", "test", make_samples())
    sha256 = read_index(workspace.shards_dir("sr") / "test").sha256
    from lienet.evaluation.measuring import score_onnx

    onnx_path = workspace.model_dir("sr", "lienet") / "model.onnx"
    measured = score_onnx(params, workspace, onnx_path, task="sr", scale=4)
    better = [
        replace(
            score,
            values={
                **score.values,
                "psnr_db": score.values["psnr_db"] + 0.02 + 0.0001 * (place % 3 - 1),
            },
        )
        for place, score in enumerate(measured)
    ]
    data = {"test": sha256}
    write_measured(params, workspace, "sr-srgan", better, data_sha256=data)
    outcome = promote(params, workspace, "sr-srgan")
    assert outcome.promoted, outcome.reasons
    assert outcome.gate is not None
    assert outcome.gate["num_images"] == 3
    gain = outcome.gate["gain"]
    assert isinstance(gain, dict)
    assert gain["mean"] == pytest.approx(0.02, abs=1e-5)


def test_what_is_no_model_is_named_with_those_that_are(params: Params, workspace: Workspace):
    with pytest.raises(InputError, match=r"the models are sr-srgan, .*got face-unsharp"):
        promote(params, workspace, "face-unsharp")
