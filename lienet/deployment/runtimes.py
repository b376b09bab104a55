"""One interface for torch modules and ONNX files: ``1 3 h w`` in [0, 1] in, enlarged out.

Owns what the two have in common. Planes and statistics are numpy's, so that an ONNX file runs where
torch is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

Planes = NDArray[np.float32]
"""Images or features, ``1 c h w``."""
Statistics = tuple[Planes, Planes]
"""Mean and variance of each channel, ``1 c 1 1``."""


class Network(Protocol):
    """A network ready to be put to use."""

    input_size_px: tuple[int, int] | None
    """The only (height, width) it takes; None where it takes any."""

    @property
    def num_statistics(self) -> int:
        """How many layers normalise by statistics that can be given; none in most networks."""

    @property
    def fold(self) -> int:
        """Input pixels for each of what is normalised, per side."""

    def __call__(self, degraded: Planes, statistics: Sequence[Statistics] | None = None) -> Planes:
        """Map float32 ``1 3 h w`` to float32 ``1 3 h*scale w*scale``, not clipped.

        Args:
            degraded: the input.
            statistics: the whole image's, for each of ``num_statistics`` layers; None takes the
                input's own.
        """

    def features_to_normalise(self, degraded: Planes, known: Sequence[Statistics]) -> Planes:
        """Return what layer number ``len(known)`` of ``num_statistics`` normalises.

        Args:
            degraded: the input.
            known: the statistics of the layers before it.
        """


def open_network(model: nn.Module | Path) -> Network:
    """Return a torch module, or the ONNX file at a path, ready to be put to use.

    Raises:
        ModelError: the ONNX file cannot be used.
    """
    if isinstance(model, Path):
        from lienet.deployment.onnx_network import OnnxNetwork

        return OnnxNetwork(model)
    from lienet.deployment.torch_network import TorchNetwork

    return TorchNetwork(model)
