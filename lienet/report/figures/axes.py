"""What the panels of several figures share: how axes look, and names to the right of what is drawn.

Owns no data: where a mark or a line ends, and what is to be said of it, is its caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from lienet.report.palette import Theme

LABEL_HEIGHT_PX = 57
"""Room for one label of two lines."""


@dataclass(frozen=True)
class SideLabel:
    """The name of a mark or a line, with a note below it."""

    name: str
    note: str
    colour: str
    start: tuple[float, float]
    """What it names, as shares of the axes' width and height; 1 across for a line that goes through
    to the right."""
    is_ours: bool = False


def style_axes(
    axes: Axes, theme: Theme, *, title: str, note: str, x_title: str, y_title: str, better: str
) -> None:
    """Write titles and draw rules; ``better`` stands in the upper left corner."""
    axes.set_facecolor(theme.paper)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(theme.rule)
    axes.tick_params(colors=theme.muted, labelsize=14, length=0, pad=8)
    axes.grid(axis="y", color=theme.rule, linewidth=1)
    axes.set_axisbelow(True)
    axes.locator_params(nbins=6)
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.set_xlabel(x_title, fontsize=15, color=theme.muted, labelpad=10)
    axes.set_ylabel(y_title, fontsize=15, color=theme.muted, labelpad=10)
    axes.set_title(title, fontsize=18, color=theme.ink, loc="left", pad=34, fontweight="bold")
    axes.annotate(
        note,
        (0, 1),
        xytext=(0, 10),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=13,
        color=theme.muted,
    )
    axes.text(
        0.015,
        0.975,
        better,
        transform=axes.transAxes,
        fontsize=13,
        color=theme.muted,
        va="top",
        bbox={"facecolor": theme.paper, "edgecolor": "none", "pad": 3},
    )


def write_side_labels(axes: Axes, labels: Sequence[SideLabel], theme: Theme) -> None:
    """Write labels to the right of ``axes``, each with a thin line to what it names.

    Args:
        axes: with their limits set.
        labels: from the lowest start to the highest.
        theme: ground and inks.
    """
    gap = LABEL_HEIGHT_PX / axes.get_window_extent().height
    places = spread([label.start[1] for label in labels], gap=gap)
    for label, place in zip(labels, places, strict=True):
        across, height = label.start
        axes.plot(
            [across, 1.0, 1.05],
            [height, height if across == 1.0 else place, place],
            transform=axes.transAxes,
            color=label.colour,
            linewidth=1.2,
            alpha=0.75,
            clip_on=False,
            zorder=2,
        )
        _write_label(axes, label, place, theme)


def spread(wanted: Sequence[float], *, gap: float) -> list[float]:
    """Move ascending places in [0, 1] apart to at least ``gap``, as little as one pass allows."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + gap) if places else place)
    ceiling = 1.0
    for index in reversed(range(len(places))):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - gap
    return places


def _write_label(axes: Axes, label: SideLabel, place: float, theme: Theme) -> None:
    weight = "bold" if label.is_ours else "normal"
    name = {"fontsize": 15, "color": theme.ink, "va": "bottom", "fontweight": weight}
    note = {"fontsize": 12, "color": theme.muted, "va": "top"}
    lines: tuple[tuple[str, int, dict[str, Any]], ...] = (
        (label.name, 1, name),
        (label.note, -2, note),
    )
    for text, rise_pt, style in lines:
        axes.annotate(
            text,
            (1.065, place),
            xytext=(0, rise_pt),
            xycoords="axes fraction",
            textcoords="offset points",
            annotation_clip=False,
            **style,
        )
