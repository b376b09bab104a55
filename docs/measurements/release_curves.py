"""Validation PSNR of profile release's networks over the patches that they had learnt from.

``python docs/measurements/release_curves.py`` draws release_validation.csv as
docs/release_curves.png. The stage train writes such rows to ``history.csv`` of each model.
"""

import csv
from pathlib import Path

from lienet.report.figures.axes import style_axes
from lienet.report.figures.canvas import make_figure, to_png
from lienet.report.palette import LIGHT, colour_models

HERE = Path(__file__).parent
TICKS = (10_000, 20_000, 50_000, 100_000, 200_000, 400_000)
TITLES = {
    "sr_lienet_fast_x4": "×4",
    "sr_lienet_fast_x2": "×2",
    "face_lienet_x1": "Faces",
    "old_photo_lienet_x1": "Old photographs",
}


def read_curves() -> dict[str, tuple[list[int], list[float]]]:
    """Return patches and validation PSNR in dB of each network, in order."""
    curves: dict[str, tuple[list[int], list[float]]] = {name: ([], []) for name in TITLES}
    with (HERE / "release_validation.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            patches, scores = curves[row["network"]]
            patches.append(int(row["patches"]))
            scores.append(float(row["valid_psnr_db"]))
    return curves


def main() -> None:
    """Draw a panel for each network."""
    figure = make_figure(1400, 1000, LIGHT)
    colour = colour_models(["lienet"])["lienet"]
    for index, (name, (patches, scores)) in enumerate(read_curves().items()):
        axes = figure.add_subplot(2, 2, index + 1)
        best = max(range(len(scores)), key=scores.__getitem__)
        style_axes(
            axes,
            LIGHT,
            title=TITLES[name],
            note=f"{name}: best {scores[best]:.3f} dB, at the end {scores[-1]:.3f}",
            x_title="patches learnt from",
            y_title="validation PSNR, RGB, dB",
            better="",
        )
        axes.set_xscale("log")
        axes.set_xticks(TICKS, labels=[f"{tick // 1000} k" for tick in TICKS])
        axes.minorticks_off()
        axes.set_xlim(patches[0] * 0.85, 480_000)
        axes.plot(patches, scores, color=colour, linewidth=2, marker="o", markersize=4)
        axes.plot(patches[best], scores[best], color=LIGHT.ink, marker="o", markersize=8)
    figure.tight_layout(pad=2.5, h_pad=4.0)
    (HERE.parent / "release_curves.png").write_bytes(to_png(figure))


if __name__ == "__main__":
    main()
