"""A canvas measured in pixels from its upper left corner; the same drawing gives the same bytes."""

from __future__ import annotations

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lienet.images import Pixels
from lienet.report.palette import Theme

DPI = 100


def make_figure(width_px: int, height_px: int, theme: Theme) -> Figure:
    """Return an empty figure of exactly this size, on the theme's ground."""
    figure = Figure(figsize=(width_px / DPI, height_px / DPI), dpi=DPI, facecolor=theme.paper)
    FigureCanvasAgg(figure)
    return figure


def place_image(figure: Figure, pixels: Pixels, left_px: int, top_px: int) -> None:
    """Put RGB uint8 HWC pixels down one to one, their upper left corner where it is said."""
    height = round(figure.get_size_inches()[1] * DPI)
    figure.figimage(pixels, xo=left_px, yo=height - top_px - pixels.shape[0], origin="upper")


def write_label(
    figure: Figure,
    text: str,
    corner_px: tuple[float, float],
    colour: str,
    *,
    points: int,
    weight: str = "normal",
    align: str = "left",
) -> None:
    """Write a line of text below ``corner_px`` (left, top), or ending at it with align "right"."""
    width, height = figure.get_size_inches() * DPI
    figure.text(
        corner_px[0] / width,
        1 - corner_px[1] / height,
        text,
        color=colour,
        fontsize=points,
        fontweight=weight,
        ha=align,
        va="top",
    )


def to_png(figure: Figure) -> bytes:
    """Return the figure as PNG, free of times and versions."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()
