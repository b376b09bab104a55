"""The script for a lent GPU: it runs on a processor with a few steps, and says what bounds them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml
from safetensors.torch import load_file

from bench import gpu, gpu_schedule
from bench.gpu_rates import name_bound
from bench.gpu_schedule import choose_format, shorten, train_for
from lienet.params import Params, load_params
from tests.training.loop_inputs import make_train


@pytest.fixture
def params_path(tmp_path: Path, repository: Path) -> Path:
    """The paper's profile with a tiny network and patches, and 12 steps."""
    content = yaml.safe_load((repository / "profiles" / "paper.yaml").read_text())
    content["train"] |= {"batch_size": 2, "patch_px": 16, "steps": 12}
    content["train"]["overrides"] = {task: {} for task in content["train"]["overrides"]}
    small = content["models"]["sr-lienet"] | {"channels": 4, "num_blocks": 1}
    content["models"] = {"sr-lienet": small}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def params(params_path: Path) -> Params:
    return load_params(params_path)


@pytest.mark.slow
def test_all_parts_run_on_a_processor(tmp_path: Path, params_path: Path):
    folder = tmp_path / "out"
    asked = [str(folder), "--minutes=10", f"--params={params_path}", "--accelerator=cpu"]
    assert gpu.main([*asked, "--steps=2"]) == 0
    report = json.loads((folder / "report.json").read_text())
    assert report["failures"] == {}
    assert "skipped" in report["tests"] or "passed" in report["tests"]
    assert report["rates"]["sr-lienet"]["fp32_steps_per_s"] > 0
    assert report["schedule"]["steps"] == 12
    assert "aten::convolution" in (folder / "profiles.txt").read_text()
    with (folder / "history.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 13)]
    curve = [row["valid_psnr_db"] for row in rows if row["valid_psnr_db"]]
    assert float(curve[-1]) == report["schedule"]["valid_psnr_db"][-1]
    checkpoint = torch.load(folder / "checkpoint.pt", weights_only=True)
    assert checkpoint["model"].keys() == load_file(folder / "weights.safetensors").keys()


def test_a_schedule_that_was_guessed_too_long_leaves_its_checkpoint(
    tmp_path: Path, params: Params, monkeypatch: pytest.MonkeyPatch
):
    now_s = 0.0

    def tick() -> float:
        nonlocal now_s
        now_s += 1.0
        return now_s

    # The module's clock alone: other threads of this process ask the time, too.
    monkeypatch.setattr(gpu_schedule, "time", SimpleNamespace(monotonic=tick))
    told = train_for(
        params,
        "sr-lienet",
        folder=tmp_path,
        data_dir=None,
        accelerator="cpu",
        rates={"fp32_steps_per_s": 100.0},
        until_s=8.0,
    )
    assert told["steps"] == 12
    assert told["cut_short_after"] == 8
    assert load_file(tmp_path / "weights.safetensors")


@pytest.mark.parametrize(
    ("device_s", "at_peak_s", "bound"),
    [(0.5, 0.4, "launches"), (0.9, 0.5, "arithmetic"), (0.9, 0.1, "bandwidth")],
)
def test_what_bounds_a_step(device_s: float, at_peak_s: float, bound: str):
    assert name_bound(1.0, device_s, at_peak_s) == bound


def test_the_faster_format_is_chosen():
    rates: dict[str, float | str] = {"fp32_steps_per_s": 3.0, "bf16_steps_per_s": 5.0}
    assert choose_format(rates) == ("bf16", False, 5.0)
    assert choose_format(rates | {"fp32_compiled_steps_per_s": 6.0}) == ("fp32", True, 6.0)
    assert choose_format(rates | {"bf16_compiled_steps_per_s": "no compiler"})[1] is False
    assert choose_format({})[:2] == ("fp32", False)


def test_a_shortened_schedule_halves_at_the_same_shares():
    train = make_train(steps=1000, lr_halve_every_steps=200)
    short = shorten(train, num_steps=500)
    assert (short.steps, short.lr_halve_every_steps) == (500, 100)
    assert shorten(train, num_steps=10**6).steps == 1000
