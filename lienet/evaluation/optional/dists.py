"""DISTS, structure and texture as a classifier sees them: detail of the same kind counts as alike.

Owns the index, and the weights of each channel that its authors learnt (``dists.safetensors``;
origin and licence lie beside).

Source: K. Ding, K. Ma, S. Wang and E. P. Simoncelli, "Image quality assessment: unifying structure
and texture similarity", 2020.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from lienet.evaluation.metrics import prepare_pair
from lienet.evaluation.optional.trunks import as_tensor, load_trunk
from lienet.images import Pixels

_CHANNEL_WEIGHTS = Path(__file__).parent / "dists.safetensors"
_STABLE = 1e-6
_LEAST_POWER = 1e-12


def measure_dists(reference: Pixels, distorted: Pixels, *, trunk: Path) -> float:
    """Return one less the similarity, from 0 (equal).

    ``1 - sum_ij (a_ij l(x_ij, y_ij) + b_ij s(x_ij, y_ij))`` over the channels j of the image itself
    and of VGG16's five stages i: l compares means, s variances and covariance, as SSIM does, over
    the whole picture. The picture is not made smaller first.

    Args:
        reference: RGB uint8 or uint16, ``h w 3``, 32 px a side or more.
        distorted: the same shape.
        trunk: VGG16's file.

    Raises:
        InputError: the images are too small, or see
            :func:`lienet.evaluation.metrics.prepare_pair`.
        ToolError: see :func:`lienet.evaluation.optional.trunks.load_trunk`.
    """
    pair = prepare_pair(reference, distorted, colour="rgb", border_px=0)
    seen = load_trunk("vgg16", trunk, metric="dists")
    with torch.inference_mode():
        images = [as_tensor(each) for each in pair]
        stages = zip(*(seen.look(image, pool=_pool_power) for image in images), strict=True)
        likeness = torch.cat([_compare(*images), *(_compare(x, y) for x, y in stages)], dim=1)
        weights = _load_weights()
        return float(1.0 - (likeness * weights).sum() / weights.sum())


def _compare(x: Tensor, y: Tensor) -> Tensor:
    """Return the likeness of means and of structures, ``2 c`` in float64."""
    x_mean, y_mean = (each.mean((2, 3), keepdim=True) for each in (x, y))
    x_rest, y_rest = x - x_mean, y - y_mean
    moments = (
        (x_mean * y_mean, x_mean**2, y_mean**2),
        (x_rest * y_rest, x_rest**2, y_rest**2),
    )
    likeness = []
    for both in moments:
        product, x_power, y_power = (each.mean((0, 2, 3)).double() for each in both)
        likeness.append((2 * product + _STABLE) / (x_power + y_power + _STABLE))
    return torch.stack(likeness)


def _pool_power(features: Tensor) -> Tensor:
    """Halve the sides by the root of the mean power under a Hann window of 3 px."""
    window = torch.from_numpy(np.hanning(5)[1:-1]).float()
    kernel = torch.outer(window, window) / window.sum() ** 2
    channels = features.shape[1]
    power = functional.conv2d(
        features.square(), kernel.expand(channels, 1, 3, 3), stride=2, padding=1, groups=channels
    )
    return (power + _LEAST_POWER).sqrt()


@cache
def _load_weights() -> Tensor:
    """Return the weights of means and of structures, ``2 c`` in float64."""
    tensors = load_file(_CHANNEL_WEIGHTS)
    return torch.stack([tensors["alpha"], tensors["beta"]]).double()
