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
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from lienet.degradations.sr import degrade_sr
from lienet.errors import DataError, ToolError
from lienet.files import sha256_of_file
from lienet.images import encode_png
from lienet.networks.registry import load_model, read_card
from lienet.params import Params, load_params
from lienet.shards.reading import Sample
from lienet.shards.writing import write_split
from lienet.stages import train
from lienet.workspace import Workspace

OUTPUTS = ("weights.safetensors", "model.json", "history.csv")


def make_sample(index: int) -> Sample:
    generator = np.random.default_rng(index)
    coarse = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    reference = coarse.repeat(8, axis=0).repeat(8, axis=1)
    key = f"photo_{index}"
    info = {"image": key, "source": "photos", "test_set": "photos", "top_px": 0, "left_px": 0}
    info |= {"height_px": 64, "width_px": 64, "licence": "CC0", "author": "nobody"}
    jpeg = degrade_sr(reference, scale=4, jpeg_quality=20, jpeg_chroma="4:2:0")
    return Sample(key=key, reference_png=encode_png(reference), degraded={4: jpeg}, info=info)


GAN = {
    "pixel": "mse",
    "pixel_weight": 1.0,
    "ssim_weight": 0.02,
    "perceptual": {"weight": 0.01, "layers": {"conv1_1": 1.0}, "weights": "vgg.npz"},
    "adversarial": {
        "weight": 0.001,
        "warm_up_steps": 12,
        "discriminator_channels": 2,
        "spectral_norm": False,
        "learning_rate": 1e-4,
        "collapse_after_points": 5,
    },
}


def write_vgg19(path: Path, *, seed: int = 0) -> None:
    generator = np.random.default_rng(seed)
    weight = generator.normal(0, 0.1, (64, 3, 3, 3)).astype(np.float32)
    np.savez(path, **{"conv1_1.weight": weight, "conv1_1.bias": np.zeros(64, np.float32)})


def make_workspace(
    root: Path, repository: Path, *, objective: str = "sr", **changes: Any
) -> tuple[Workspace, Params]:
    content = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    content["synthesize"]["tasks"]["sr"] |= {"tile_px": 64, "tile_stride_px": 64, "scales": [4]}
    content["evaluate"]["protocols"] = {
        name: protocol
        for name, protocol in content["evaluate"]["protocols"].items()
        if protocol["scale"] in (1, 4)
    }
    content["models"]["sr-lienet"] |= {"channels": 4, "num_blocks": 1, "objective": objective}
    content["train"] |= {
        "steps": 60,
        "batch_size": 2,
        "patch_px": 16,
        "num_threads": 1,
        "precision": "fp32",
        "accelerator": "cpu",
        "log_every_steps": 10,
        "validate_every_steps": 30,
        "checkpoint_every_steps": 5,
    } | changes
    root.mkdir(parents=True)
    write_vgg19(root / "vgg.npz")
    content["train"]["objectives"]["gan"] = GAN
    (root / "params.yaml").write_text(yaml.safe_dump(content))
    workspace = Workspace(root)
    shards = workspace.shards_dir("sr")
    for split, numbers in (("train", range(4)), ("valid", range(10, 12))):
        samples = [make_sample(number) for number in numbers]
        write_split(
            shards / split,
            samples,
            task="sr",
            split=split,
            params={},
            shard_max_bytes=1 << 20,
        )
    return workspace, load_params(root / "params.yaml")


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
    assert card.training == train.describe_training(params, params.models["sr-lienet"], None)
    assert card.num_params == sum(value.numel() for value in model.parameters())
    assert set(card.data_sha256) == {"train", "valid"}
    with (workspace.model_dir("sr", "lienet") / "history.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["step"]) for row in rows] == list(range(10, 61, 10))
    assert float(rows[-1]["valid_psnr_db"]) == card.valid_psnr_db
    assert not list(workspace.checkpoint_dir("sr", "lienet").iterdir())


@pytest.mark.usefixtures("unreachable")
def test_bicubic_has_nothing_to_learn(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository)
    train.run(params, workspace, "sr-bicubic")
    card = read_card(workspace.model_dir("sr", "bicubic"))
    assert (card.num_params, card.steps, card.valid_psnr_db) == (0, 0, None)


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
def test_stream_trains_too(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, store="stream", steps=10)
    train.run(params, workspace, "sr-lienet")
    assert read_card(workspace.model_dir("sr", "lienet")).steps == 10


def test_no_training_data_is_one_clear_error(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository)
    index = workspace.shards_dir("sr") / "train" / "index.json"
    index.unlink()
    with pytest.raises(DataError, match="no shards in"):
        train.run(params, workspace, "sr-lienet")


def test_run_key_ignores_what_changes_no_weight(tmp_path: Path, repository: Path):
    keys = []
    for number, changes in enumerate(({}, {"log_every_steps": 30}, {"learning_rate": 0.5})):
        _, params = make_workspace(tmp_path / str(number), repository, **changes)
        keys.append(train.find_run_key(params, params.models["sr-lienet"], {"train": "x"}))
    assert keys[0] == keys[1] != keys[2]


def test_the_card_holds_the_params_that_the_run_key_stands_for(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan")
    spec = params.models["sr-lienet"]
    path = train.find_vgg19(params, spec, workspace)
    training = train.describe_training(params, spec, path)
    assert training["train"]["learning_rate"] == params.train.learning_rate
    assert "log_every_steps" not in training["train"]
    assert training["objective"]["perceptual"]["weights"] == sha256_of_file(
        workspace.root / "vgg.npz"
    )


def test_run_key_takes_vgg19_by_its_content(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan")
    spec = params.models["sr-lienet"]
    path = train.find_vgg19(params, spec, workspace)
    assert path == workspace.root / "vgg.npz"
    moved = path.with_name("moved.npz")
    moved.write_bytes(path.read_bytes())
    write_vgg19(other := path.with_name("other.npz"), seed=1)
    keys = [train.find_run_key(params, spec, {}, each) for each in (path, moved, other)]
    assert keys[0] == keys[1] != keys[2]


def test_vgg19_is_looked_for_only_where_it_is_of_use(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository)
    spec = params.models["sr-lienet"]
    assert train.find_vgg19(params, spec, workspace) is None


def test_published_vgg19_is_what_the_stage_download_stored(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(GAN, "perceptual", GAN["perceptual"] | {"weights": None})
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan")
    spec = params.models["sr-lienet"]
    with pytest.raises(ToolError, match=r"VGG19's weights are not there, .*lienet download vgg19"):
        train.find_vgg19(params, spec, workspace)
    workspace.vgg19_dir.mkdir(parents=True)
    (stored := workspace.vgg19_dir / "vgg19-dcbb9e9d.pth").write_bytes(b"weights")
    assert train.find_vgg19(params, spec, workspace) == stored


def test_named_vgg19_must_be_there(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(GAN, "perceptual", GAN["perceptual"] | {"weights": "none.npz"})
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan")
    with pytest.raises(ToolError, match=r"none\.npz; correct train\.objectives\.gan\.perceptual"):
        train.find_vgg19(params, params.models["sr-lienet"], workspace)


@pytest.mark.usefixtures("unreachable")
def test_history_of_an_adversarial_run(tmp_path: Path, repository: Path):
    workspace, params = make_workspace(tmp_path / "a", repository, objective="gan", steps=20)
    train.run(params, workspace, "sr-lienet")
    path = workspace.model_dir("sr", "lienet") / "history.csv"
    with path.open(encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        first, last = reader
    columns = list(reader.fieldnames or ())
    assert columns[:6] == list(train.HISTORY_COLUMNS)
    assert columns[6:9] == ["gradient_norm", "perceptual_loss", "adversarial_loss"]
    assert first["discriminator_loss"] == ""
    assert float(last["discriminator_loss"]) > 0
    assert 0 <= float(last["valid_discriminator_accuracy"]) <= 1


@pytest.mark.slow
@pytest.mark.usefixtures("unreachable")
@pytest.mark.parametrize("objective", ["sr", "gan"])
def test_two_processes_train_one_model(tmp_path: Path, repository: Path, objective: str):
    workspace, _ = make_workspace(
        tmp_path / "a", repository, objective=objective, devices=2, steps=20
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
    train.run(strict, workspace, "sr-bicubic")  # it learns nothing of them
