"""Bicubic by several scales and ways of measuring, on folders of photographs.

``python docs/measurements/table1_protocol.py FOLDER…`` prints a line for each folder and protocol.
"""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from lienet.degradations.resize import resize_bicubic
from lienet.evaluation.metrics import measure_quality
from lienet.images import Pixels, decode_image, encode_jpeg


def measure_ssim_of_volume(reference: Pixels, distorted: Pixels) -> float:
    """SSIM as MATLAB's ``ssim`` computes it of a colour image: the channels are a third axis."""

    def blur(values: Pixels) -> Pixels:
        return gaussian_filter(values, 1.5, truncate=3.4, mode="nearest")

    x, y = reference.astype(np.float32), distorted.astype(np.float32)
    mx, my = blur(x), blur(y)
    over = (2 * mx * my + 6.5025) * (2 * (blur(x * y) - mx * my) + 58.5225)
    under = (mx**2 + my**2 + 6.5025) * (blur(x * x) - mx**2 + blur(y * y) - my**2 + 58.5225)
    return float((over / under).mean())


def main(folders: list[Path]) -> None:
    """Measure every photograph of each folder; print means."""
    for folder in folders:
        found: dict[tuple[int, str], list[tuple[float, ...]]] = {}
        for path in sorted(folder.iterdir()):
            whole = decode_image(path.read_bytes())
            height_px, width_px = (side - side % 12 for side in whole.shape[:2])
            reference = whole[:height_px, :width_px]
            for scale in (2, 3, 4):
                clean = resize_bicubic(reference, scale=Fraction(1, scale))
                stored = decode_image(encode_jpeg(clean, quality=20, chroma="4:2:0"))
                for name, small in (("clean", clean), ("JPEG q20", stored)):
                    enlarged = resize_bicubic(small, scale=scale)
                    luma, rgb = (
                        measure_quality(reference, enlarged, colour=colour, border_px=scale)
                        for colour in ("luma", "rgb")
                    )
                    edge = np.s_[scale + 6 : -scale - 6, scale + 6 : -scale - 6]
                    volume = measure_ssim_of_volume(reference[edge], enlarged[edge])
                    found.setdefault((scale, name), []).append((*luma, *rgb, volume))
        for (scale, name), rows in found.items():
            means = np.mean(rows, axis=0)
            sys.stdout.write(
                f"{folder.name} x{scale} {name}: luma {means[0]:.2f} dB {means[1]:.4f}, "
                f"RGB {means[2]:.2f} dB {means[3]:.4f}, SSIM of the volume {means[4]:.4f}\n"
            )


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
