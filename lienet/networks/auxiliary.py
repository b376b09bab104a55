"""Losses that a network brings along for its training, beside the objective of all networks.

Owns the protocol alone: ``training/auxiliary`` adds such losses to an objective, and whoever counts
a network's parameters leaves out what serves these losses only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from lienet.networks.shapes import Images


class AuxiliaryLoss(NamedTuple):
    """A loss, not weighted, and its weight in the sum that is minimised."""

    value: Float[Tensor, ""]
    weight: float


@runtime_checkable
class HasAuxiliaryLosses(Protocol):
    """A network that is trained by more than what its output looks like."""

    @property
    def training_parts(self) -> Sequence[nn.Module]:
        """The parts that no output depends on; none is allowed."""
        ...

    def auxiliary_losses(
        self, degraded: Images, reference: Images, *targets: Tensor
    ) -> Mapping[str, AuxiliaryLoss]:
        """Return losses by the names under which they are logged, such as ``kl_loss``.

        Random numbers are drawn from torch's global generator, which is seeded anew for each step.

        Args:
            degraded: a step's input.
            reference: what is to become of it, in [0, 1].
            targets: what else a network is to learn, for one whose params ask for it: the heat maps
                of a face's landmarks.
        """
        ...


def list_training_parts(network: nn.Module) -> Sequence[nn.Module]:
    """Return the parts of a network that no output depends on; none for most networks."""
    return network.training_parts if isinstance(network, HasAuxiliaryLosses) else ()
