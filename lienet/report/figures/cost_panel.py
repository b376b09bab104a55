"""One panel of Figure 6: the quality of methods against one of their costs; upper left is better.

Owns where markers, lines and labels stand. What a cost is, and what of it is said, is its caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from lienet.report.palette import Theme

LABEL_HEIGHT_PX = 57
"""Room for one label of two lines."""
_LARGEST_AREA_PT2 = 620.0
_DIAMOND_AREA_PT2 = 110.0


@dataclass(frozen=True)
class Mark:
    """One method: a circle where it is a network, else a diamond, or a line without a cost."""

    name: str
    note: str
    """What stands below the name."""
    colour: str
    quality: float
    cost: float | None
    area_share: float | None = None
    """Area of a network's circle as a share of the largest; None: no network."""
    is_ours: bool = False


@dataclass(frozen=True)
class Panel:
    """One panel, with at least one mark that has a cost."""

    title: str
    note: str
    cost_title: str
    quality_title: str
    quality_range: tuple[float, float]
    """The lowest and highest quality that the panel has room for."""
    marks: Sequence[Mark]


def draw_cost_panel(axes: Axes, panel: Panel, theme: Theme) -> None:
    """Draw a panel; its labels stand to the right of ``axes``, in the order of quality."""
    _set_limits(axes, panel)
    _style_axes(axes, panel, theme)
    for mark in panel.marks:
        _draw_mark(axes, mark, theme)
    _draw_labels(axes, panel.marks, theme)


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


def _draw_mark(axes: Axes, mark: Mark, theme: Theme) -> None:
    if mark.cost is None:
        axes.axhline(mark.quality, color=mark.colour, linewidth=2, linestyle=(0, (5, 4)))
        return
    share = mark.area_share
    axes.scatter(
        [mark.cost],
        [mark.quality],
        s=_DIAMOND_AREA_PT2 if share is None else _LARGEST_AREA_PT2 * share,
        marker="D" if share is None else "o",
        color=mark.colour,
        edgecolor=theme.paper,
        linewidth=1.5,
        zorder=3,
        clip_on=False,
    )


def _set_limits(axes: Axes, panel: Panel) -> None:
    costs = [mark.cost for mark in panel.marks if mark.cost is not None]
    low, high = min(costs), max(costs)
    room = 0.22 * (high - low) or 0.1 * high or 1.0
    axes.set_xlim(max(low - room, -0.05 * high), high + room)
    low, high = panel.quality_range
    room = 0.14 * (high - low) or 0.5
    axes.set_ylim(low - room, high + 1.3 * room)


def _style_axes(axes: Axes, panel: Panel, theme: Theme) -> None:
    axes.set_facecolor(theme.paper)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(theme.rule)
    axes.tick_params(colors=theme.muted, labelsize=14, length=0, pad=8)
    axes.grid(axis="y", color=theme.rule, linewidth=1)
    axes.set_axisbelow(True)
    axes.locator_params(nbins=6)
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.set_xlabel(panel.cost_title, fontsize=15, color=theme.muted, labelpad=10)
    axes.set_ylabel(panel.quality_title, fontsize=15, color=theme.muted, labelpad=10)
    axes.set_title(panel.title, fontsize=18, color=theme.ink, loc="left", pad=34, fontweight="bold")
    axes.annotate(
        panel.note,
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
        "↖ better",
        transform=axes.transAxes,
        fontsize=13,
        color=theme.muted,
        va="top",
        bbox={"facecolor": theme.paper, "edgecolor": "none", "pad": 3},
    )


def _draw_labels(axes: Axes, marks: Sequence[Mark], theme: Theme) -> None:
    bottom, top = axes.get_ylim()
    left, right = axes.get_xlim()
    gap = LABEL_HEIGHT_PX / axes.get_window_extent().height
    ranked = sorted(marks, key=lambda mark: mark.quality)
    wanted = [(mark.quality - bottom) / (top - bottom) for mark in ranked]
    for mark, start, place in zip(ranked, wanted, spread(wanted, gap=gap), strict=True):
        is_line = mark.cost is None
        axes.plot(
            [1.0 if mark.cost is None else (mark.cost - left) / (right - left), 1.0, 1.05],
            [start, start if is_line else place, place],
            transform=axes.transAxes,
            color=mark.colour,
            linewidth=1.2,
            alpha=0.75,
            clip_on=False,
            zorder=2,
        )
        _write_label(axes, mark, place, theme)


def _write_label(axes: Axes, mark: Mark, place: float, theme: Theme) -> None:
    weight = "bold" if mark.is_ours else "normal"
    name = {"fontsize": 15, "color": theme.ink, "va": "bottom", "fontweight": weight}
    note = {"fontsize": 12, "color": theme.muted, "va": "top"}
    lines: tuple[tuple[str, int, dict[str, Any]], ...] = (
        (mark.name, 1, name),
        (mark.note, -2, note),
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
