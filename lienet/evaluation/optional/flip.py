"""LDR-FLIP, the difference that is seen when two images alternate, by NVIDIA's package.

Owns the viewing distance and the mean. It depends on how large a pixel appears: a value goes with
its pixels per degree.

Source: P. Andersson, J. Nilsson, T. Akenine-Moller, M. Oskarsson, K. Astrom and M. Fairchild,
"FLIP: a difference evaluator for alternating images", 2020.
"""

from __future__ import annotations

import numpy as np

from lienet.evaluation.metrics import prepare_pair
from lienet.images import Pixels


def measure_flip(reference: Pixels, distorted: Pixels, *, pixels_per_degree: float) -> float:
    """Return the mean error over pixels, from 0 (equal) to 1.

    The mean is taken in float64 of the package's map: its own, of float32, is off by up to 1e-4 on
    a photograph. The map is the same with any number of threads.

    Args:
        reference: RGB uint8 or uint16, ``h w 3``.
        distorted: the same shape.
        pixels_per_degree: of visual angle; fewer pixels per degree show more.

    Raises:
        InputError: see :func:`lienet.evaluation.metrics.prepare_pair`.
    """
    from flip_evaluator import evaluate

    pair = prepare_pair(reference, distorted, colour="rgb", border_px=0)
    planes = [each.astype(np.float32) / np.float32(np.iinfo(each.dtype).max) for each in pair]
    errors, _, _ = evaluate(
        *planes,
        "LDR",
        applyMagma=False,
        computeMeanError=False,
        parameters={"ppd": pixels_per_degree},
    )
    return float(np.mean(errors, dtype=np.float64))
