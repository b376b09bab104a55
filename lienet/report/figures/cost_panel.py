"""One panel of Figure 6: the quality of methods against one of their costs; upper left is better.

Owns where markers, lines and labels stand. What a cost is, and what of it is said, is its caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from lienet.report.figures.axes import SideLabel, style_axes, write_side_labels
from lienet.report.palette import Theme

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
    style_axes(
        axes,
        theme,
        title=panel.title,
        note=panel.note,
        x_title=panel.cost_title,
        y_title=panel.quality_title,
        better="↖ better",
    )
    for mark in panel.marks:
        _draw_mark(axes, mark, theme)
    _draw_labels(axes, panel.marks, theme)


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


def _draw_labels(axes: Axes, marks: Sequence[Mark], theme: Theme) -> None:
    bottom, top = axes.get_ylim()
    left, right = axes.get_xlim()
    labels = [
        SideLabel(
            name=mark.name,
            note=mark.note,
            colour=mark.colour,
            start=(
                1.0 if mark.cost is None else (mark.cost - left) / (right - left),
                (mark.quality - bottom) / (top - bottom),
            ),
            is_ours=mark.is_ours,
        )
        for mark in sorted(marks, key=lambda mark: mark.quality)
    ]
    write_side_labels(axes, labels, theme)
