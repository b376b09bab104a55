"""A plain network at low resolution, in EDSR's form: what a light network has to beat.

Residual blocks and nothing else, with the ends of lienet's own networks, so that a comparison at
equal cost tells what dense modulation is worth.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.architectures import PlainModel
from lienet.networks.blocks import NEGATIVE_SLOPE, ResidualBlock, conv
from lienet.networks.global_skip import make_skip, make_tail, shuffle_out
from lienet.networks.padding import crop_to, pad_to_multiple
from lienet.networks.shapes import Enlarged, Images


class Plain(nn.Module):
    """A convolution, residual blocks, a convolution and a pixel-shuffle.

    With a ``fold`` it works at that fraction of the input's sides, after space-to-depth; sides that
    are no multiple of it are padded by repeating the last row and column.

    Source of the form: Lim et al., "Enhanced deep residual networks for single image
    super-resolution", 2017, Fig. 3, with one shuffle for the whole scale.
    """

    def __init__(self, spec: PlainModel, scale: int) -> None:
        super().__init__()
        self.scale, self.fold = scale, spec.fold
        self.head = conv(3 * spec.fold**2, spec.channels)
        self.blocks = nn.Sequential(*(ResidualBlock(spec.channels) for _ in range(spec.num_blocks)))
        self.tail = make_tail(spec.channels, 3 * (scale * spec.fold) ** 2, spec.global_skip)
        self.skip = make_skip(spec.global_skip, scale)

    def forward(self, degraded: Images) -> Enlarged:
        """Enhance images."""
        if self.fold == 1:
            return shuffle_out(self._run(degraded), self.skip, degraded, self.scale)
        folded = functional.pixel_unshuffle(pad_to_multiple(degraded, self.fold), self.fold)
        enhanced = crop_to(functional.pixel_shuffle(self._run(folded), self.fold), degraded)
        return enhanced if self.skip is None else enhanced + self.skip(degraded)

    def _run(self, image: Tensor) -> Tensor:
        features = functional.leaky_relu(self.head(image), NEGATIVE_SLOPE)
        phases: Tensor = self.tail(self.blocks(features))
        return phases
