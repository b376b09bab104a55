"""What every metric says of the same damage, as a Markdown table of means over photographs.

``python docs/measurements/metrics_on_damage.py PHOTOGRAPH…``
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from lienet.evaluation.methods import make_method
from lienet.images import Pixels, decode_image, encode_jpeg
from lienet.params import metrics
from lienet.params.evaluation import Unsharp

SHARPEN = Unsharp(task="sr", name="unsharp", method="unsharp", radius_px=2.0, amount=1.0)
NAMES = ("psnr_db", "ssim", "vmaf", "ssimulacra2", "flip", "ciede2000", "niqe", "sharpness")


def add_noise(pixels: Pixels) -> Pixels:
    """Add white noise of standard deviation 10, the same to every picture of a size."""
    noise = np.random.default_rng(0).normal(0.0, 10.0, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def make_grey(pixels: Pixels) -> Pixels:
    """Take the colours out."""
    luma = np.rint(pixels @ np.array([0.299, 0.587, 0.114]))
    return luma[..., None].repeat(3, axis=2).astype(np.uint8)


DAMAGE: dict[str, Callable[[Pixels], Pixels]] = {
    "none": lambda pixels: pixels,
    "moved by one pixel": lambda pixels: np.roll(pixels, 1, axis=1),
    "a tenth darker": lambda pixels: np.rint(pixels * 0.9).astype(np.uint8),
    "without colours": make_grey,
    "unsharp mask": make_method(SHARPEN, 1, tile_px=4096).enhance,
    "noise, σ 10": add_noise,
    "JPEG quality 20": lambda pixels: decode_image(encode_jpeg(pixels, quality=20, chroma="4:2:0")),
    "blur, σ 1": lambda pixels: gaussian_filter(pixels, (1.0, 1.0, 0.0)),
    "blur, σ 2": lambda pixels: gaussian_filter(pixels, (2.0, 2.0, 0.0)),
    "upside down": lambda pixels: np.ascontiguousarray(pixels[::-1]),
}


def main(paths: list[Path]) -> None:
    """Measure every damage by every metric; print a row for each damage."""
    references = [decode_image(path.read_bytes()) for path in paths]
    chosen = [metrics.get(name)() for name in NAMES]
    sys.stdout.write(f"| damage | {' | '.join(metric.title for metric in chosen)} |\n")
    sys.stdout.write(f"|---|{'--:|' * len(chosen)}\n")
    for name, damage in DAMAGE.items():
        damaged = [damage(each) for each in references]
        means = [
            np.mean([metric.measure(*pair) for pair in zip(references, damaged, strict=True)])
            for metric in chosen
        ]
        cells = (f"{mean:.{metric.decimals}f}" for mean, metric in zip(means, chosen, strict=True))
        sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
