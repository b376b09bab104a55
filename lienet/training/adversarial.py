"""The discriminator in training: its optimizer, schedule, average and the check for collapse.

The network's own optimizer and step stay with the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor, nn

from lienet.images import Pixels
from lienet.networks.discriminator import Discriminator
from lienet.networks.memory_layout import lay_out
from lienet.networks.shapes import Images, Scores
from lienet.params import Adversarial
from lienet.training.divergence import COLLAPSED_SPREAD, refuse_collapse
from lienet.training.ema import WeightAverage
from lienet.training.optimizers import make_adam, set_rate, take_up
from lienet.training.relativistic import accuracy, discriminator_loss, generator_loss
from lienet.training.validation import score_tiles

_MAX_VALID_TILES = 8


class Adversary:
    """A discriminator in training."""

    def __init__(self, params: Adversarial, *, ema_decay: float, seed: int, fabric: Fabric) -> None:
        """Draw its first weights from ``seed``, leaving torch's global generator as it was."""
        self.params = params
        self._dull_points = 0
        """Logged points in a row at which all scores were the same."""
        self._fabric = fabric
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.discriminator = Discriminator(
                params.discriminator_channels, has_spectral_norm=params.spectral_norm
            )
        lay_out(self.discriminator.to(fabric.device))
        self._adam = make_adam(
            self.discriminator.parameters(),
            learning_rate=params.learning_rate,
            device=fabric.device,
        )
        self._runner, self._optimizer = fabric.setup(self.discriminator, self._adam)
        self.average = WeightAverage(self.discriminator, decay=ema_decay)

    def has_begun(self, step: int) -> bool:
        """Tell whether the warm-up is over at ``step``."""
        return step >= self.params.warm_up_steps

    def set_halving(self, halving: float) -> None:
        """Bring the learning rate down to a share of its first value."""
        set_rate(self._optimizer, self.params.learning_rate * halving)

    def oppose(self, enhanced: Images, reference: Images) -> Float[Tensor, ""]:
        """Return the network's adversarial loss (eq. 8).

        The discriminator only judges: it gets no gradient, and spectral norms stay as they are.
        """
        self.discriminator.requires_grad_(False).eval()
        with self._fabric.autocast():
            with torch.no_grad():
                real = self._join(self.discriminator(reference))
            loss = generator_loss(real, self._join(self.discriminator(enhanced)))
        self.discriminator.requires_grad_(True).train()
        return loss

    def learn(self, enhanced: Images, reference: Images) -> dict[str, Tensor]:
        """Take the discriminator's step and return what is logged of it.

        Args:
            enhanced: the network's outputs; no gradient goes back to it.
            reference: what they should be.
        """
        scores = self._runner(torch.cat((reference, enhanced.detach())))
        real, fake = (self._join(half) for half in scores.chunk(2))
        loss = discriminator_loss(real, fake)
        told = {
            "discriminator_loss": loss.detach(),
            "discriminator_accuracy": accuracy(real, fake),
            "discriminator_spread": torch.cat((real, fake)).detach().std(correction=0),
        }
        self._optimizer.zero_grad(set_to_none=True)
        self._fabric.backward(loss)
        norm = measure_gradient(self.discriminator)
        self._optimizer.step()
        wide = {name: value.double() for name, value in told.items()}
        return {**wide, "discriminator_gradient_norm": norm}

    def update_average(self, step: int) -> None:
        """Take in the weights after ``step`` of the run."""
        self.average.update(self.discriminator, step - self.params.warm_up_steps)

    def _join(self, scores: Scores) -> Scores:
        """Return the scores of the whole batch, those of other processes too: means are over it."""
        return cast(Tensor, self._fabric.all_gather(scores, sync_grads=True)).flatten()

    @property
    def is_doubtful(self) -> bool:
        """Whether all scores were the same at the last logged point."""
        return self._dull_points > 0

    def watch(self, spread: float, *, step: int, state_dir: Path) -> None:
        """Take in the deviation of the scores at a logged point, and stop a run that has collapsed.

        Raises:
            TrainingError: all scores were the same at ``collapse_after_points`` points in a row.
        """
        self._dull_points = self._dull_points + 1 if spread < COLLAPSED_SPREAD else 0
        refuse_collapse(
            self._dull_points,
            at_most=self.params.collapse_after_points,
            step=step,
            state_dir=state_dir,
        )

    def validate(self, model: nn.Module, tiles: Sequence[tuple[Pixels, Pixels]]) -> float:
        """Return the averaged discriminator's accuracy on the first few tiles of validation."""
        with self.average.applied_to(self.discriminator):
            scores = score_tiles(model, self.discriminator, tiles[:_MAX_VALID_TILES], self._fabric)
        return accuracy(*scores).item()

    def state_dict(self) -> dict[str, Any]:
        """Return all that a resumed run needs; the optimizer's holds the learning rate."""
        return {
            "discriminator": self.discriminator.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self._adam.state_dict(),
            "dull_points": self._dull_points,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what ``state_dict`` returned."""
        self.discriminator.load_state_dict(state["discriminator"])
        self.average.load_state_dict(state["average"])
        self.average.to(self._fabric.device)
        take_up(self._adam, state["optimizer"])
        self._dull_points = state["dull_points"]


def measure_gradient(model: nn.Module) -> Float[Tensor, ""]:
    """Return the 2-norm of a model's whole gradient."""
    gradients = [each.grad for each in model.parameters() if each.grad is not None]
    return torch.nn.utils.get_total_norm(gradients)
