"""LPIPS 0.1, how differently a classifier sees two images, weighted by what people said of pairs.

Owns the distance, and the weights of each channel that its authors learnt (``lpips.safetensors``;
origin and licence lie beside).

Source: R. Zhang, P. Isola, A. A. Efros, E. Shechtman and O. Wang, "The unreasonable effectiveness
of deep features as a perceptual metric", 2018.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from lienet.evaluation.metrics import prepare_pair
from lienet.evaluation.optional.trunks import TrunkName, as_tensor, load_trunk
from lienet.images import Pixels

_CHANNEL_WEIGHTS = Path(__file__).parent / "lpips.safetensors"
_LEAST_LENGTH = 1e-10


def measure_lpips(
    reference: Pixels, distorted: Pixels, *, trunk: Path, network: TrunkName
) -> float:
    """Return the distance, from 0 (equal).

    ``sum_l mean_hw(w_l (x_l - y_l)^2)`` over the stages l of a classifier, features of a place
    being divided by their length.

    Args:
        reference: RGB uint8 or uint16, ``h w 3``, 32 px a side or more.
        distorted: the same shape.
        trunk: the classifier's file.
        network: which classifier it is.

    Raises:
        InputError: the images are too small, or see
            :func:`lienet.evaluation.metrics.prepare_pair`.
        ToolError: see :func:`lienet.evaluation.optional.trunks.load_trunk`.
    """
    pair = prepare_pair(reference, distorted, colour="rgb", border_px=0)
    seen = load_trunk(network, trunk, metric="lpips")
    with torch.inference_mode():
        stages = zip(*(seen.look(as_tensor(each)) for each in pair), strict=True)
        return sum(
            float(torch.einsum("bchw,c->bhw", (_normalise(x) - _normalise(y)) ** 2, weights).mean())
            for (x, y), weights in zip(stages, _load_weights(network), strict=True)
        )


@cache
def _load_weights(network: TrunkName) -> tuple[Tensor, ...]:
    tensors = load_file(_CHANNEL_WEIGHTS)
    return tuple(tensors[f"{network}.{stage}"] for stage in range(5))


def _normalise(features: Tensor) -> Tensor:
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + _LEAST_LENGTH)
