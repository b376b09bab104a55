"""Train: weights, card and history; a run ended by SIGKILL goes on to the very same bytes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lienet.errors import DataError, ParamsError
from lienet.files import sha256_of_file
from lienet.networks.registry import build_model, load_model, read_card
from lienet.params import FineTuning, Params
from lienet.stages import train
from lienet.training.history import HISTORY_COLUMNS
from lienet.training.run_key import describe_training
from lienet.workspace import Workspace
from tests.stages.train_inputs import add_portrait, make_workspace

OUTPUTS = ("weights.safetensors", "model.json", "history.csv")


def read_step(checkpoint: Path) -> int:
    return int(torch.load(checkpoint, weights_only=True)["step"])


def read_outputs(workspace: Workspace) -> dict[str, bytes]:
    folder = workspace.model_dir("sr", "lienet")
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens where runs would be tracked: training must not mind."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")


@pytest.mark.usefixtures("unreachable")
def test_outputs(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository)
    train.run(params, workspace, "sr-lienet")
    model, card = load_model(workspace.model_dir("sr", "lienet"))
    assert (card.task, card.name, card.steps, card.scale) == ("sr", "lienet", 60, 4)
    assert card.training == describe_training(params, params.models["sr-lienet"], None, "fp32")
    assert card.num_params == sum(value.numel() for value in model.parameters())
    assert set(card.data_sha256) == {"train", "valid"}
    with (workspace.model_dir("sr", "lienet") / "history.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["step"]) for row in rows] == list(range(10, 61, 10))
    assert float(rows[-1]["valid_psnr_db"]) == card.valid_psnr_db
    assert not list(workspace.checkpoint_dir("sr", "lienet").iterdir())


@pytest.mark.usefixtures("unreachable")
def test_a_fine_tuning_starts_from_the_weights_that_it_names(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository)
    start = build_model(params.models["sr-lienet"])
    save_file(start.state_dict(), tmp_path / "a" / "start.safetensors")
    spec = params.models["sr-lienet"].model_copy(
        update={
            "learning_rate": 1e-6,
            "fine_tuning": FineTuning(
                weights="start.safetensors",
                sha256=sha256_of_file(tmp_path / "a" / "start.safetensors"),
                steps=2,
                quantised=False,
            ),
        }
    )
    tuned = params.model_copy(update={"models": {"sr-lienet": spec}})
    train.run(tuned, workspace, "sr-lienet")
    model, card = load_model(workspace.model_dir("sr", "lienet"))
    assert card.steps == 2
    assert card.spec["fine_tuning"]["weights"] == "start.safetensors"
    for name, value in start.state_dict().items():
        found = model.state_dict()[name]
        assert 0 < (found - value).abs().max() < 1e-4 or not value.ndim, name


def test_a_network_without_weights_is_refused(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    workspace, params = make_workspace(tmp_path / "a", repository)
    monkeypatch.setattr("lienet.stages.train.build_model", lambda spec: torch.nn.Identity())
    with pytest.raises(ParamsError, match=r"models\.sr-lienet has no weights to train, got lienet"):
        train.run(params, workspace, "sr-lienet")


@pytest.mark.slow
@pytest.mark.usefixtures("unreachable")
@pytest.mark.parametrize(("objective", "at_least"), [("sr", 0), ("gan", 20)])
def test_sigkill_and_again_gives_the_same_bytes(
    tmp_path: Path, repository: Path, objective: str, at_least: int
):
    unbroken, params = make_workspace(tmp_path / "unbroken", repository, objective=objective)
    train.run(params, unbroken, "sr-lienet")

    killed, _ = make_workspace(tmp_path / "killed here", repository, objective=objective)
    checkpoint = killed.checkpoint_dir("sr", "lienet") / "checkpoint.pt"
    command = [sys.executable, "-m", "lienet", "train", "sr-lienet"]
    environment = dict(os.environ, PYTHONPATH=str(repository))
    process = subprocess.Popen(command, cwd=killed.root, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if checkpoint.is_file() and read_step(checkpoint) >= at_least:
            break
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL
    assert checkpoint.is_file()
    assert not (killed.model_dir("sr", "lienet") / "model.json").exists()

    again = subprocess.run(
        command, cwd=killed.root, env=environment, capture_output=True, text=True, check=True
    )
    assert "resuming at step" in again.stderr
    assert read_outputs(killed) == read_outputs(unbroken)


@pytest.mark.usefixtures("unreachable")
def test_a_begun_run_keeps_its_number_format_on_another_machine(
    tmp_path: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level("INFO", logger="lienet")
    workspace, params = make_workspace(tmp_path / "a", repository, precision="auto", steps=20)
    monkeypatch.setattr("lienet.stages.train.choose_precision", lambda *_, **__: "bf16")
    monkeypatch.setattr("lienet.stages.train.remove_checkpoint", lambda folder: None)
    train.run(params, workspace, "sr-lienet")
    card = read_card(workspace.model_dir("sr", "lienet"))
    assert card.training["train"]["precision"] == "bf16"
    monkeypatch.setattr("lienet.stages.train.choose_precision", lambda *_, **__: "fp32")
    train.run(params, workspace, "sr-lienet")
    assert read_card(workspace.model_dir("sr", "lienet")).run_key == card.run_key
    assert "resuming at step 15 of 20" in caplog.text


@pytest.mark.usefixtures("unreachable")
def test_auto_leaves_a_note_of_what_was_timed(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lienet.training.precision.has_native_bf16", lambda *, cuda: True)
    workspace, params = make_workspace(tmp_path / "a", repository, precision="auto", steps=10)
    train.run(params, workspace, "sr-lienet")
    (note,) = (workspace.state_dir / "precision").iterdir()
    step_s = json.loads(note.read_text())["step_s"]
    faster = "bf16" if step_s["bf16"] < 0.95 * step_s["fp32"] else "fp32"
    trained = read_card(workspace.model_dir("sr", "lienet")).training["train"]
    assert trained["precision"] == faster


@pytest.mark.usefixtures("unreachable")
def test_seeds_of_a_network_train_in_one_number_format(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lienet.training.precision.has_native_bf16", lambda *, cuda: True)
    workspace, params = make_workspace(tmp_path / "a", repository, precision="auto", steps=10)
    first = params.models["sr-lienet"]
    second = first.model_copy(update={"name": "lienet_1", "seed": 1, "learning_rate": 0.002})
    params = params.model_copy(update={"models": {**params.models, "sr-lienet_1": second}})
    train.run(params, workspace, "sr-lienet")

    def refuse(*_: object) -> float:
        raise AssertionError("the same network was timed again")

    monkeypatch.setattr("lienet.stages.train.time_step", refuse)
    train.run(params, workspace, "sr-lienet_1")
    assert len(list((workspace.state_dir / "precision").iterdir())) == 1


@pytest.mark.usefixtures("unreachable")
def test_stream_trains_too(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, store="stream", steps=10)
    train.run(params, workspace, "sr-lienet")
    assert read_card(workspace.model_dir("sr", "lienet")).steps == 10


@pytest.mark.usefixtures("unreachable")
def test_landmarks_are_found_for_a_network_that_learns_them(
    tmp_path: Path, repository: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", logger="lienet")
    workspace, params = make_workspace(tmp_path / "a", repository)
    train.run(add_portrait(workspace, params), workspace, "face-fsrnet")
    assert "fsrnet: landmarks of 1 faces in 1 tiles" in caplog.text
    with (workspace.model_dir("face", "fsrnet") / "history.csv").open(encoding="utf-8") as stream:
        losses = [float(row["prior_loss"]) for row in csv.DictReader(stream)]
    assert len(losses) == 2
    assert min(losses) > 0


def test_landmarks_of_streamed_tiles_are_refused(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, store="stream")
    with pytest.raises(ParamsError, match=r"fsrnet learns landmarks of tiles in memory, got .*str"):
        train.run(add_portrait(workspace, params), workspace, "face-fsrnet")


def test_no_training_data_is_one_clear_error(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository)
    index = workspace.shards_dir("sr") / "train" / "index.json"
    index.unlink()
    with pytest.raises(DataError, match="no shards in"):
        train.run(params, workspace, "sr-lienet")


@pytest.mark.usefixtures("unreachable")
def test_history_of_an_adversarial_run(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan", steps=20)
    train.run(params, workspace, "sr-lienet")
    path = workspace.model_dir("sr", "lienet") / "history.csv"
    with path.open(encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        first, last = reader
    columns = list(reader.fieldnames or ())
    assert columns[:6] == list(HISTORY_COLUMNS)
    assert columns[6:9] == ["gradient_norm", "perceptual_loss", "adversarial_loss"]
    assert first["discriminator_loss"] == ""
    assert float(last["discriminator_loss"]) > 0
    assert 0 <= float(last["valid_discriminator_accuracy"]) <= 1


@pytest.mark.slow
@pytest.mark.usefixtures("unreachable")
@pytest.mark.parametrize(("objective", "store"), [("sr", "memory"), ("gan", "stream")])
def test_two_processes_train_one_model(
    tmp_path: Path, repository: Path, objective: str, store: str
):
    workspace, _ = make_workspace(
        tmp_path / "a", repository, objective=objective, store=store, devices=2, steps=20
    )
    trained = subprocess.run(
        [sys.executable, "-m", "lienet", "train", "sr-lienet"],
        cwd=workspace.root,
        env=dict(os.environ, PYTHONPATH=str(repository)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert trained.returncode == 0, trained.stderr[-2000:]
    assert "Starting with 2 processes" in trained.stderr
    assert trained.stderr.count("parameters, 20 steps") == 1  # the first process speaks alone
    assert read_card(workspace.model_dir("sr", "lienet")).steps == 20


def test_photographs_that_the_purpose_does_not_permit_are_refused_before_any_work(
    repository: Path, tmp_path: Path
):
    workspace, params = make_workspace(tmp_path / "clone", repository)
    content = params.model_dump()
    content["intended_use"]["purpose"] = "commercial"
    strict = Params.model_validate(content)
    shards = workspace.shards_dir("sr")
    for split, use in (("train", "commercial"), ("valid", "academic")):
        index = json.loads((shards / split / "index.json").read_text())
        index["sources"] = {f"{use}_photos": use}
        (shards / split / "index.json").write_text(json.dumps(index))
    with pytest.raises(DataError, match=r"not permitted by academic_photos \(academic\); leave"):
        train.run(strict, workspace, "sr-lienet")
    assert not workspace.model_dir("sr", "lienet").exists()
