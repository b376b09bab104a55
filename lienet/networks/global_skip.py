"""Global skip connections: what a network's output is added to.

Owns bicubic upsampling as a fixed filter, the learned map of colours, and which of them a param
names.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from lienet.networks.blocks import conv, scale_weights
from lienet.networks.shapes import Enlarged, Images, Phases
from lienet.params import GlobalSkip


class BicubicUpsampling(nn.Module):
    """Bicubic interpolation (a = -0.5) by a whole factor, symmetric borders, as a fixed filter.

    Equals MATLAB's ``imresize`` before rounding. Output pixel ``s i + p`` lies at
    ``i + (p + 1/2) / s - 1/2`` of the input, so five taps around ``i`` serve every phase ``p``.
    """

    kernel: Tensor

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        taps = torch.arange(-2.0, 3.0, dtype=torch.float64)
        offsets = (torch.arange(scale, dtype=torch.float64) + 0.5) / scale - 0.5
        phases = cubic(offsets[:, None] - taps[None, :])
        kernel = torch.einsum("py,qx->pqyx", phases, phases).reshape(scale * scale, 5, 5)
        # Three axes: a memory format for images leaves it alone, as DDP's broadcast needs.
        self.register_buffer("kernel", kernel.repeat(3, 1, 1).float(), persistent=False)

    def forward(self, image: Images) -> Enlarged:
        """Enlarge images of two pixels a side or more."""
        return functional.pixel_shuffle(self.phases(image), self.scale)

    def phases(self, image: Images) -> Phases:
        """Return what a pixel-shuffle makes the enlarged images of."""
        padded = torch.cat((image[..., :2].flip(-1), image, image[..., -2:].flip(-1)), dim=-1)
        padded = torch.cat((padded[..., :2, :].flip(-2), padded, padded[..., -2:, :].flip(-2)), -2)
        return functional.conv2d(padded, self.kernel[:, None].to(image.dtype), groups=3)


class ColourMap(nn.Module):
    """An affine map of colours that starts as the identity and learns: ``x + A x + b``.

    What all images of a task have in common, such as the mean fading of old photographs, need then
    not be carried through every layer. Its twelve weights are what it changes, so that precision
    lower than float32 rounds the change and not the image.
    """

    def __init__(self) -> None:
        super().__init__()
        self.change = nn.Conv2d(3, 3, 1)
        nn.init.zeros_(self.change.weight)
        assert self.change.bias is not None
        nn.init.zeros_(self.change.bias)

    def forward(self, image: Images) -> Images:
        """Map the colours of images."""
        mapped: Images = image + self.change(image)
        return mapped


def enlargement(scale: int) -> nn.Module:
    """Return bicubic upsampling, at scale 1 the identity."""
    return nn.Identity() if scale == 1 else BicubicUpsampling(scale)


def make_skip(kind: GlobalSkip, scale: int) -> nn.Module | None:
    """Return what a network's output is added to, as a module of its input; None for nothing."""
    if kind == "none":
        return None
    enlarge = enlargement(scale)
    return enlarge if kind == "bicubic" else nn.Sequential(enlarge, ColourMap())


def make_tail(inputs: int, outputs: int, skip: GlobalSkip, *, kernel: int = 3) -> nn.Conv2d:
    """Return a last convolution; what is added to a skip starts at a tenth of its He size."""
    layer = conv(inputs, outputs, kernel)
    return layer if skip == "none" else scale_weights(layer, 0.1)


def shuffle_out(tail: Tensor, skip: nn.Module | None, degraded: Images, scale: int) -> Tensor:
    """Return a network's output: its last layer's phases, shuffled, and what they are added to.

    A bicubic skip is added before the shuffle: equal to adding it afterwards, and one shuffle and
    one pass over the output less.

    Args:
        tail: ``n 3*scale*scale h w``.
        skip: of :func:`make_skip`.
        degraded: the network's input, ``n 3 h w``.
        scale: of the enlargement.
    """
    if isinstance(skip, BicubicUpsampling):
        return functional.pixel_shuffle(tail + skip.phases(degraded), scale)
    enhanced = functional.pixel_shuffle(tail, scale)
    return enhanced if skip is None else enhanced + skip(degraded)


def cubic(distance: Float[Tensor, "*shape"], *, sharpness: float = -0.5) -> Float[Tensor, "*shape"]:
    """Return Keys' cubic kernel at signed ``distance``, zero beyond 2.

    Source: Keys, "Cubic convolution interpolation for digital image processing", 1981, eq. 4.
    """
    x = distance.abs()
    a = sharpness
    inner = (a + 2) * x**3 - (a + 3) * x**2 + 1
    outer = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return torch.where(x <= 1, inner, torch.where(x < 2, outer, torch.zeros_like(x)))
