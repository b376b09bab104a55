"""A network's own losses: their sum, their names in the log, and what they draw at each step."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.networks.auxiliary import AuxiliaryLoss
from lienet.shards.patch_sampling import BatchRequest
from lienet.training.auxiliary import AuxiliaryObjective
from lienet.training.loop import Outcome, start_fabric
from tests.training.loop_inputs import OBJECTIVE, Net, make_train, run


class Noisy(Net):
    """Brings two losses along, one of which draws and alone trains a part of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.probe = nn.Conv2d(3, 3, 1)

    @property
    def training_parts(self) -> list[nn.Module]:
        return [self.probe]

    def auxiliary_losses(self, degraded: Tensor, reference: Tensor) -> dict[str, AuxiliaryLoss]:
        noisy = degraded + torch.randn_like(degraded)
        return {
            "probe_loss": AuxiliaryLoss((self.probe(noisy) - degraded).square().mean(), 0.5),
            "brightness_loss": AuxiliaryLoss(reference.mean() - degraded.mean(), 2.0),
        }


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return start_fabric(make_train(), "fp32")


@pytest.fixture
def own(fabric: Fabric) -> AuxiliaryObjective:
    return AuxiliaryObjective(Noisy(), seed=5, fabric=fabric)


DEGRADED, REFERENCE = torch.full((1, 3, 4, 4), 0.25), torch.full((1, 3, 8, 8), 0.75)


def test_the_sum_is_weighted_and_the_terms_are_not(own: AuxiliaryObjective):
    total, terms = own.compute(DEGRADED, REFERENCE)
    assert list(terms) == ["probe_loss", "brightness_loss"]
    assert terms["brightness_loss"].item() == pytest.approx(0.5)
    assert total.item() == pytest.approx(0.5 * terms["probe_loss"].item() + 2.0 * 0.5)
    assert total.requires_grad
    assert not terms["probe_loss"].requires_grad


def test_what_is_drawn_follows_from_seed_and_step(own: AuxiliaryObjective, fabric: Fabric):
    def draw(objective: AuxiliaryObjective, step: int) -> float:
        objective.seed_step(step)
        return torch.rand(()).item()

    other = AuxiliaryObjective(Noisy(), seed=6, fabric=fabric)
    assert draw(own, 3) == draw(own, 3)
    assert len({draw(own, 3), draw(own, 4), draw(other, 3)}) == 3


def test_a_row_names_each_term_and_its_loss_holds_them(fabric: Fabric, tmp_path: Path):
    row = run(fabric, tmp_path, model=Noisy()).history[0]
    usual = row["pixel_loss"] + OBJECTIVE["ssim_weight"] * row["ssim_loss"]
    added = 0.5 * row["probe_loss"] + 2.0 * row["brightness_loss"]
    assert row["loss"] == pytest.approx(usual + added, rel=1e-5)


def test_a_part_that_no_output_depends_on_learns(fabric: Fabric, tmp_path: Path):
    model = Noisy()
    before = model.probe.weight.detach().clone()
    learned = run(fabric, tmp_path, model=model).model.state_dict()["probe.weight"]
    assert not torch.equal(learned, before)


@pytest.mark.parametrize("killed_after", [5, 9])
def test_a_resumed_run_draws_what_an_unbroken_one_does(
    fabric: Fabric, tmp_path: Path, killed_after: int
):
    def stop(step: int) -> None:
        if step == killed_after:
            raise KeyboardInterrupt

    unbroken = run(fabric, tmp_path / "unbroken", model=Noisy())
    torch.manual_seed(99)  # as another process would begin
    with pytest.raises(KeyboardInterrupt):
        run(fabric, tmp_path / "broken", model=Noisy(), on_step=stop)
    torch.manual_seed(98)
    resumed = run(fabric, tmp_path / "broken", model=Noisy())
    assert resumed.history == unbroken.history
    assert_equal_weights(resumed, unbroken)


def test_the_losses_leave_a_network_without_any_as_it_was(fabric: Fabric, tmp_path: Path):
    """It draws nothing by torch's generator, which stays where it was."""
    model = Net()
    state = torch.random.get_rng_state()
    run(fabric, tmp_path, model=model)
    assert torch.equal(torch.random.get_rng_state(), state)


class Told(Noisy):
    """Learns a number that it is told beside each pair."""

    def auxiliary_losses(
        self, degraded: Tensor, reference: Tensor, *targets: Tensor
    ) -> dict[str, AuxiliaryLoss]:
        (told,) = targets
        return {"told_loss": AuxiliaryLoss(told.mean() + 0.0 * self.probe.weight.sum(), 1.0)}


class Steps:
    """Tells the number of the step."""

    def draw(self, asked: BatchRequest) -> Tensor:
        return torch.full((asked.batch_size,), float(asked.step))


def test_targets_are_those_of_the_step(fabric: Fabric, tmp_path: Path):
    history = run(fabric, tmp_path, model=Told(), targets=[Steps()]).history
    assert [row["told_loss"] for row in history] == [1.0, 4.0, 7.0, 10.0]  # means over three


def assert_equal_weights(one: Outcome, other: Outcome) -> None:
    found = other.model.state_dict()
    for name, value in one.model.state_dict().items():
        assert torch.equal(found[name], value), name
