"""Extraction of the AI feature map that a network modulates by in one image.

Owns how channels become 8-bit pictures: each is stretched from its own lowest to its own highest
value, and both are kept beside it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from lienet.evaluation.feature_map import FeatureMap
from lienet.images import Pixels, to_tensor
from lienet.networks.features import extract_features


def extract_feature_map(
    model: nn.Module, degraded: Pixels, *, test_set: str, key: str, max_side_px: int
) -> FeatureMap:
    """Look at what a network modulates by.

    Args:
        model: one of the paper's networks, with self-features.
        degraded: a network input, RGB uint8 ``h w 3``.
        test_set: the image's test set.
        key: the image's key.
        max_side_px: a larger input is cropped to its middle.

    Raises:
        ModelError: the network has no AI feature map.
    """
    top, left = (max(0, side - max_side_px) // 2 for side in degraded.shape[:2])
    cut = np.ascontiguousarray(degraded[top : top + max_side_px, left : left + max_side_px])
    with torch.inference_mode():
        features = extract_features(model.eval(), to_tensor(cut))[0].float().numpy()
    low, high = features.min(axis=(1, 2)), features.max(axis=(1, 2))
    span = np.where(high > low, high - low, 1.0)
    stretched = (features - low[:, None, None]) / span[:, None, None]
    channels = np.rint(255 * stretched).astype(np.uint8)
    return FeatureMap(test_set, key, cut, channels, low, high)
