"""What the best single colour map of each old photograph would give: a bound for global colour.

``python docs/measurements/old_photo_colour.py SHARDS`` prints PSNR in RGB of the inputs, of what
the network that comes with lienet makes of them, and of both after the affine map of RGB (twelve
numbers) that fits the reference best; SHARDS is such as data/shards/old_photo/test.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import lienet
from lienet.images import Pixels, decode_image
from lienet.shards.reading import iterate_samples


def fit_colours(pixels: Pixels, reference: Pixels) -> Pixels:
    """Return ``pixels`` by the affine map of RGB that comes nearest to ``reference``."""
    ones = np.full((pixels.size // 3, 1), 255.0)
    given = np.concatenate([pixels.reshape(-1, 3), ones], axis=1)
    weights = np.linalg.lstsq(given, reference.reshape(-1, 3).astype(float), rcond=None)[0]
    fitted: Pixels = np.clip(np.rint(given @ weights), 0, 255).astype(np.uint8)
    return fitted.reshape(pixels.shape)


def main(shards: Path) -> None:
    """Measure every test image; print the means of each test set."""
    rows = []
    for sample in iterate_samples(shards):
        assert sample.reference_png is not None
        reference, degraded = decode_image(sample.reference_png), decode_image(sample.degraded[1])
        enhanced = lienet.enhance(degraded, task="old_photo")
        versions = {
            "input": degraded,
            "network": enhanced,
            "input, best colours": fit_colours(degraded, reference),
            "network, best colours": fit_colours(enhanced, reference),
        }
        scores = {name: lienet.score(reference, each).psnr_db for name, each in versions.items()}
        rows.append({"test set": sample.info["test_set"], **scores})
    sys.stdout.write(pd.DataFrame(rows).groupby("test set").mean().round(2).to_string() + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
