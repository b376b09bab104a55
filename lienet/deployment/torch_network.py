"""A torch module put to use: in eval mode, on its own device, without gradients."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lienet.deployment.runtimes import MIN_INPUT_SIDE_PX, Planes, Statistics
from lienet.networks.memory_layout import lay_out
from lienet.networks.spade import NormalisesWholeImage, count_spade_layers


class TorchNetwork:
    """A torch module in eval mode, on its own device, channels last."""

    max_side_px: int | None = None

    def __init__(self, module: nn.Module) -> None:
        self.input_size_px: tuple[int, int] | None = None
        self._module = lay_out(module.eval())
        first = next(module.parameters(), None)
        self._device = torch.device("cpu") if first is None else first.device

    def fit_size(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Return the least height and width that it takes and that are no smaller than these."""
        fixed = self.input_size_px
        return fixed or (max(height_px, MIN_INPUT_SIDE_PX), max(width_px, MIN_INPUT_SIDE_PX))

    @property
    def num_statistics(self) -> int:
        """How many layers normalise by statistics of the whole image; none in other networks."""
        return count_spade_layers(self._module)

    @property
    def fold(self) -> int:
        """Input pixels for each of what is normalised, per side."""
        module = self._module
        return module.fold if isinstance(module, NormalisesWholeImage) else 1

    def __call__(self, degraded: Planes, statistics: Sequence[Statistics] | None = None) -> Planes:
        """Run the module without gradients."""
        with torch.inference_mode():
            given = () if statistics is None else (self._placed(statistics),)
            enhanced: Tensor = self._module(self._place(degraded), *given)
            return _to_planes(enhanced)

    def features_to_normalise(self, degraded: Planes, known: Sequence[Statistics]) -> Planes:
        """Return what layer number ``len(known)`` of ``num_statistics`` normalises."""
        assert isinstance(self._module, NormalisesWholeImage)
        with torch.inference_mode():
            features = self._module.features_to_normalise(
                self._place(degraded), self._placed(known)
            )
            return _to_planes(features)

    def _place(self, degraded: Planes) -> Tensor:
        tensor = torch.from_numpy(degraded)
        return tensor.to(self._device, memory_format=torch.channels_last)

    def _placed(self, statistics: Sequence[Statistics]) -> list[tuple[Tensor, Tensor]]:
        return [
            (torch.from_numpy(mean).to(self._device), torch.from_numpy(variance).to(self._device))
            for mean, variance in statistics
        ]


def _to_planes(tensor: Tensor) -> Planes:
    planes: Planes = tensor.float().cpu().numpy()
    return planes
