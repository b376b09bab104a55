"""One training step: the network's, then its adversary's, from a batch to what is logged of it.

Nothing in it waits for a number, and a batch is all that differs from one step to the next, so
that a GPU may repeat it from a CUDA graph.
"""

from __future__ import annotations

import math
from typing import Any

from lightning_fabric import Fabric
from torch import Tensor

from lienet.networks.shapes import Images
from lienet.params import Train
from lienet.training.adversarial import measure_gradient
from lienet.training.auxiliary import AuxiliaryObjective
from lienet.training.graphs import GraphedFunction
from lienet.training.objectives import Criterion
from lienet.training.optimizers import set_rate


def learning_rate_at(train: Train, step: int) -> float:
    """Return the rate of ``step``: halved every so many steps, so many times (section 2.5)."""
    halvings = min(step // train.lr_halve_every_steps, train.lr_halve_times)
    return train.learning_rate * math.pow(0.5, halvings)


class TrainingStep:
    """The step of a network, its optimizer and its criterion, all set up by ``fabric``.

    ``auxiliary`` is for a network that brings losses of its own along.
    """

    def __init__(
        self,
        forward: Any,
        optimizer: Any,
        criterion: Criterion,
        *,
        train: Train,
        fabric: Fabric,
        auxiliary: AuxiliaryObjective | None = None,
    ) -> None:
        self._forward, self._optimizer, self._criterion = forward, optimizer, criterion
        self._train, self._fabric = train, fabric
        self._auxiliary = auxiliary
        self._is_repeated = fabric.device.type == "cuda" and fabric.world_size == 1
        self._graphed: dict[bool, GraphedFunction] = {}

    def take(
        self, degraded: Images, reference: Images, *targets: Tensor, step: int
    ) -> dict[str, Tensor]:
        """Take one step and return what is logged of it, each a tensor on the device.

        Args:
            degraded: the network's input.
            reference: what is to become of it.
            targets: what the network's own losses take besides.
            step: of the run, from 0.
        """
        rate = learning_rate_at(self._train, step)
        set_rate(self._optimizer, rate)
        self._criterion.set_halving(rate / self._train.learning_rate)
        opposed = self._criterion.is_opposed(step)
        if self._auxiliary is not None:
            self._auxiliary.seed_step(step)
        if not self._is_repeated:
            return self._learn(degraded, reference, *targets, opposed=opposed)
        if opposed not in self._graphed:  # with the adversary begins another step
            self._graphed = {
                opposed: GraphedFunction(lambda *batch: self._learn(*batch, opposed=opposed))
            }
        return self._graphed[opposed](degraded, reference, *targets)

    def _learn(
        self, degraded: Images, reference: Images, *targets: Tensor, opposed: bool
    ) -> dict[str, Tensor]:
        enhanced = self._forward(degraded).float()
        loss, terms = self._criterion.compute(enhanced, reference, opposed=opposed)
        if self._auxiliary is not None:
            added, more = self._auxiliary.compute(degraded, reference, *targets)
            loss, terms = loss + added, terms | more
        self._optimizer.zero_grad(set_to_none=True)
        self._fabric.backward(loss)
        norm = self._clip_gradient()
        self._optimizer.step()
        told = {name: term.detach().double() for name, term in ({"loss": loss} | terms).items()}
        told["gradient_norm"] = norm
        return told | (self._criterion.learn(enhanced, reference) if opposed else {})

    def _clip_gradient(self) -> Tensor:
        """Return the gradient's 2-norm, which is limited if params say so."""
        if self._train.grad_clip_norm is None:
            return measure_gradient(self._forward)
        norm = self._fabric.clip_gradients(
            self._forward,
            self._optimizer,
            max_norm=self._train.grad_clip_norm,
            error_if_nonfinite=False,  # found when a row is due
        )
        assert norm is not None, "a norm was asked for"
        return norm
