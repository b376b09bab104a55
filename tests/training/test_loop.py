"""The loop: it learns, it resumes bit by bit, it stops on a loss that is not finite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.errors import ParamsError, TrainingError
from lienet.images import Pixels
from lienet.networks.discriminator import Discriminator
from lienet.params import Objective
from lienet.shards.patch_sampling import BatchRequest
from lienet.training.checkpoint import CHECKPOINT_NAME
from lienet.training.loop import Assignment, Outcome, fit, start_fabric
from tests.deployment.formats.phone_tools import needs
from tests.training.loop_inputs import GAN, OBJECTIVE, Net, Patches, make_train, run


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return start_fabric(make_train(), "fp32")


def weights(outcome: Outcome) -> dict[str, Tensor]:
    return outcome.model.state_dict()


def test_learns(fabric: Fabric, tmp_path: Path):
    train = make_train(steps=60, lr_halve_every_steps=1000)
    history = run(fabric, tmp_path, train=train).history
    first, last = history[0]["loss"], history[-1]["loss"]
    assert first is not None
    assert last is not None
    assert last < 0.5 * first
    scores = [row["valid_psnr_db"] for row in history if row["valid_psnr_db"] is not None]
    assert len(scores) == 10
    assert scores[-1] > scores[0] + 3


@pytest.mark.parametrize("objective", [OBJECTIVE, GAN], ids=["pixel", "gan"])
@pytest.mark.parametrize("killed_after", [4, 5, 9, 11])
def test_resumed_run_equals_an_unbroken_one(
    fabric: Fabric, tmp_path: Path, killed_after: int, objective: dict[str, Any]
):
    unbroken = run(fabric, tmp_path / "unbroken", objective=objective)

    def stop(step: int) -> None:
        if step == killed_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(fabric, tmp_path / "broken", on_step=stop, objective=objective)
    steps: list[int] = []
    resumed = run(fabric, tmp_path / "broken", on_step=steps.append, objective=objective)
    last_checkpoint = (killed_after - 1) // 4 * 4  # a kill at a due step comes before its save
    assert steps[0] == last_checkpoint + 1
    assert resumed.history == unbroken.history
    for name, value in weights(unbroken).items():
        assert torch.equal(weights(resumed)[name], value), name


def test_a_run_may_end_with_the_weights_of_the_best_validation(
    fabric: Fabric, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    scores = iter([20.0, 30.0, 30.0, 25.0])
    monkeypatch.setattr("lienet.training.loop.measure_psnr", lambda *_: next(scores))
    keeping = make_train(steps=12, validate_every_steps=3, log_every_steps=3, keep="best")

    def stop(step: int) -> None:
        if step == 11:  # the checkpoint of step 8 knows of step 6
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(fabric, tmp_path / "broken", train=keeping, on_step=stop)
    scores = iter([30.0, 25.0])
    kept = run(fabric, tmp_path / "broken", train=keeping)
    assert (kept.kept_step, kept.valid_psnr_db) == (6, 30.0)
    shorter = make_train(steps=6, validate_every_steps=6, log_every_steps=3)
    scores = iter([30.0])
    last = run(fabric, tmp_path / "shorter", train=shorter)
    assert (last.kept_step, last.valid_psnr_db) == (6, 30.0)
    for name, value in weights(last).items():
        assert torch.equal(weights(kept)[name], value), name


@needs("executorch")
def test_a_quantised_run_resumes_with_its_ranges(fabric: Fabric, tmp_path: Path):
    def make() -> nn.Module:
        torch.manual_seed(0)
        layers = (nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1))
        return nn.Sequential(*layers, nn.PixelShuffle(2))

    unbroken = run(fabric, tmp_path / "unbroken", model=make(), quantised=True)
    plain = run(fabric, tmp_path / "plain", model=make())
    assert not torch.equal(weights(unbroken)["0.weight"], weights(plain)["0.weight"])

    def stop(step: int) -> None:
        if step == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(fabric, tmp_path / "broken", model=make(), quantised=True, on_step=stop)
    resumed = run(fabric, tmp_path / "broken", model=make(), quantised=True)
    assert resumed.history == unbroken.history
    assert torch.equal(weights(resumed)["0.weight"], weights(unbroken)["0.weight"])


def test_a_checkpoint_of_other_params_is_not_taken_up(fabric: Fabric, tmp_path: Path):
    run(fabric, tmp_path, run_key="other")
    assert (tmp_path / CHECKPOINT_NAME).is_file()
    steps: list[int] = []
    run(fabric, tmp_path, on_step=steps.append)
    assert steps[0] == 1


class PoisonedPatches(Patches):
    """Makes a weight NaN when step 6 is drawn."""

    def __init__(self, model: Callable[[], nn.Module]) -> None:
        self.model = model

    def draw(self, asked: BatchRequest) -> tuple[Pixels, Pixels]:
        if asked.step == 6:
            with torch.no_grad():
                next(self.model().parameters()).fill_(float("nan"))
        return super().draw(asked)


def test_a_loss_that_is_not_finite_stops_at_its_step(fabric: Fabric, tmp_path: Path):
    model = Net()
    work = Assignment(
        train=make_train(),
        objective=Objective.model_validate(OBJECTIVE),
        seed=5,
        run_key="key",
        patches=PoisonedPatches(lambda: model),
        valid_tiles=[],
        state_dir=tmp_path,
    )
    with pytest.raises(TrainingError, match=r"not finite at step 6, got nan; the last good"):
        fit(model, work, fabric)
    state = torch.load(tmp_path / CHECKPOINT_NAME, weights_only=True)
    assert state["step"] == 4
    assert all(value.isfinite().all() for value in state["model"].values())


def test_the_adversary_begins_after_the_warm_up(fabric: Fabric, tmp_path: Path):
    alone = run(fabric, tmp_path / "alone").history
    rows = run(fabric, tmp_path / "opposed", objective=GAN).history
    terms = [f"discriminator_{name}" for name in ("loss", "accuracy", "spread", "gradient_norm")]
    assert rows[0] == alone[0]
    for row in rows[1:]:
        assert {"adversarial_loss", *terms} <= row.keys()
        assert 0 <= row["discriminator_accuracy"] <= 1
    opposed = rows[1]["loss"] - rows[1]["pixel_loss"] - 0.1 * rows[1]["ssim_loss"]
    # One step in the window of three had the term: its mean is over that one.
    assert opposed == pytest.approx(0.01 * rows[1]["adversarial_loss"] / 3, rel=1e-3)
    assert "valid_discriminator_accuracy" in rows[-1]


def test_both_sides_are_in_the_checkpoint(fabric: Fabric, tmp_path: Path):
    run(fabric, tmp_path, objective=GAN)
    state = torch.load(tmp_path / CHECKPOINT_NAME, weights_only=True)
    assert state["step"] == 8
    other = state["criterion"]
    for optimizer, rate in ((state["optimizer"], 1e-2), (other["optimizer"], 1e-3)):
        assert optimizer["param_groups"][0]["lr"] == rate / 2  # at the eighth step, from four on
        assert optimizer["state"][0]["exp_avg"].abs().sum() > 0
    weight = next(name for name in other["average"] if name.endswith("head.bias"))
    assert not torch.equal(other["average"][weight], other["discriminator"][weight])


class Mute(nn.Module):
    """Makes every score the same, whatever there is to see."""

    def forward(self, features: Tensor) -> Tensor:
        return features * 0.0


def test_a_collapsed_discriminator_stops_the_run(
    fabric: Fabric, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    build = Discriminator.__init__

    def build_mute(self: Discriminator, channels: int, *, has_spectral_norm: bool) -> None:
        build(self, channels, has_spectral_norm=has_spectral_norm)
        self.features.append(Mute())

    monkeypatch.setattr(Discriminator, "__init__", build_mute)
    with pytest.raises(TrainingError, match=r"collapsed at step 8: .* the last good checkpoint is"):
        run(fabric, tmp_path, objective=GAN)
    state = torch.load(tmp_path / CHECKPOINT_NAME, weights_only=True)
    assert state["step"] == 4  # the one of step 8 was not written: the row of step 6 was dull
    assert [row["step"] for row in state["history"]] == [3]


def test_a_gradient_that_is_not_finite_never_reaches_a_checkpoint(fabric: Fabric, tmp_path: Path):
    """The loss is finite at the fourth step, its gradient is not: a square root at zero."""

    class Rooted(Net):
        calls = 0

        def forward(self, degraded: Tensor) -> Tensor:
            enhanced = super().forward(degraded)
            self.calls += self.training
            hidden = (enhanced * 0.0).sum().sqrt() if self.calls == 4 else 0.0
            return enhanced + hidden

    with pytest.raises(TrainingError, match=r"gradient norm is not finite at step 3, got nan"):
        run(fabric, tmp_path, model=Rooted())
    assert not (tmp_path / CHECKPOINT_NAME).exists()


def test_history_averages_the_steps_of_its_window(fabric: Fabric, tmp_path: Path):
    each = run(fabric, tmp_path / "each", train=make_train(log_every_steps=1)).history
    rows = run(fabric, tmp_path / "three").history
    mean = sum(row["loss"] for row in each[:3]) / 3  # type: ignore[misc]
    assert rows[0]["loss"] == pytest.approx(mean)
    assert [row["step"] for row in rows] == [3, 6, 9, 12]
    assert [row["valid_psnr_db"] is None for row in rows] == [True, False, True, False]


def test_batch_must_divide_by_devices():
    with pytest.raises(ParamsError, match=r"train\.batch_size must divide"):
        start_fabric(make_train(batch_size=3, num_nodes=2), "fp32")
