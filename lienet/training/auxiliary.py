"""A network's own losses in a training step; see ``networks.auxiliary``."""

from __future__ import annotations

import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor

from lienet.draws import keyed_generator
from lienet.networks.auxiliary import HasAuxiliaryLosses
from lienet.networks.shapes import Images

_NUM_SEEDS = 2**63


class AuxiliaryObjective:
    """The weighted sum of the losses that a network brings along.

    Args:
        network: the module itself, not what a strategy made of it.
        seed: of the run.
        fabric: devices and precision.
    """

    def __init__(self, network: HasAuxiliaryLosses, *, seed: int, fabric: Fabric) -> None:
        self._network, self._seed, self._fabric = network, seed, fabric

    def seed_step(self, step: int) -> None:
        """Seed torch's generators for ``step``, so that a resumed run draws what an unbroken does.

        A CUDA graph of the step draws by the seed of the time at which it is replayed.
        """
        generator = keyed_generator(self._seed, "auxiliary", step, self._fabric.global_rank)
        torch.manual_seed(int(generator.integers(_NUM_SEEDS)))

    def compute(
        self, degraded: Images, reference: Images, *targets: Tensor
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """Return what is added to the objective, and its unweighted terms by name."""
        with self._fabric.autocast():
            losses = self._network.auxiliary_losses(degraded, reference, *targets)
        total = torch.zeros((), device=degraded.device)
        for loss in losses.values():
            total = total + loss.weight * loss.value.float()
        return total, {name: loss.value.detach() for name, loss in losses.items()}
