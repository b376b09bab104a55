"""Figure 6: quality against parameters, a panel for each test set; upper left is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from lienet.report.figures.canvas import make_figure, to_png
from lienet.report.number_format import count_noun, format_count
from lienet.report.palette import LIGHT, Theme, colour_models
from lienet.report.tables import Group, Row

_PANEL_WIDTH_PX = 790
_PANEL_HEIGHT_PX = 640
_LARGEST_AREA_PT2 = 620.0
_LABEL_GAP = 0.125


def draw_figure6(groups: Sequence[Group], *, theme: Theme = LIGHT) -> bytes:
    """Draw VMAF against parameters, a panel for each test set; upper left is better.

    The area of a marker is in proportion to multiply-adds; what has no parameters, as bicubic, is
    a horizontal line. Where VMAF was not measured PSNR stands in its place, and the axis says so.

    Each group has at least one network.
    """
    columns = min(2, len(groups))
    lines = -(-len(groups) // columns)
    figure = make_figure(columns * _PANEL_WIDTH_PX, lines * _PANEL_HEIGHT_PX, theme)
    for place, group in enumerate(groups, start=1):
        _draw_panel(figure.add_subplot(lines, columns, place), group, theme)
    figure.subplots_adjust(
        left=100 / (columns * _PANEL_WIDTH_PX),
        right=1 - 190 / (columns * _PANEL_WIDTH_PX),
        bottom=96 / (lines * _PANEL_HEIGHT_PX),
        top=1 - 84 / (lines * _PANEL_HEIGHT_PX),
        wspace=0.62,
        hspace=0.36,
    )
    return to_png(figure)


def _draw_panel(axes: Axes, group: Group, theme: Theme) -> None:
    has_vmaf = all("vmaf" in row.measured.means for row in group.rows)
    networks = [row for row in group.rows if row.is_network]
    colours = colour_models(row.model for row in group.rows)
    heights = {row.model: _height(row, has_vmaf=has_vmaf) for row in group.rows}
    _set_limits(axes, networks, list(heights.values()))
    _style_axes(axes, group, theme, has_vmaf=has_vmaf)
    for row in group.rows:
        if not row.is_network:
            level, colour = heights[row.model], colours[row.model]
            axes.axhline(level, color=colour, linewidth=2, linestyle=(0, (5, 4)))
    largest = max((row.evaluation.num_macs or 0 for row in networks), default=0) or 1
    for row in networks:
        share = (row.evaluation.num_macs or largest) / largest
        axes.scatter(
            [row.evaluation.num_params / 1e3],
            [heights[row.model]],
            s=_LARGEST_AREA_PT2 * share,
            color=colours[row.model],
            edgecolor=theme.paper,
            linewidth=1.5,
            zorder=3,
        )
    _draw_labels(axes, group, heights, colours, theme)


def _height(row: Row, *, has_vmaf: bool) -> float:
    return row.measured.means["vmaf" if has_vmaf else "psnr_db"]


def _set_limits(axes: Axes, networks: Sequence[Row], heights: Sequence[float]) -> None:
    sizes = [row.evaluation.num_params / 1e3 for row in networks]
    low, high = min(sizes), max(sizes)
    room = 0.22 * (high - low) or 0.1 * high or 1.0
    axes.set_xlim(low - room, high + room)
    low, high = min(heights), max(heights)
    room = 0.14 * (high - low) or 0.5
    axes.set_ylim(low - room, high + 1.3 * room)


def _style_axes(axes: Axes, group: Group, theme: Theme, *, has_vmaf: bool) -> None:
    axes.set_facecolor(theme.paper)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(theme.rule)
    axes.tick_params(colors=theme.muted, labelsize=14, length=0, pad=8)
    axes.grid(axis="y", color=theme.rule, linewidth=1)
    axes.set_axisbelow(True)
    axes.locator_params(nbins=6)
    axes.set_xlabel("parameters (thousands)", fontsize=15, color=theme.muted, labelpad=10)
    label = "VMAF" if has_vmaf else "PSNR (dB); VMAF was not measured"
    axes.set_ylabel(label, fontsize=15, color=theme.muted, labelpad=10)
    title = f"{group.test_set}, {count_noun(group.num_images, 'image')}"
    axes.set_title(title, fontsize=18, color=theme.ink, loc="left", pad=34, fontweight="bold")
    quality = "VMAF" if has_vmaf else "PSNR"
    height, width = group.rows[-1].evaluation.macs_output_px
    note = f"{group.protocol} · {quality} · multiply-adds at {width}×{height}"
    axes.text(0, 1.03, note, transform=axes.transAxes, fontsize=13, color=theme.muted)
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


def _draw_labels(
    axes: Axes,
    group: Group,
    heights: dict[str, float],
    colours: dict[str, str],
    theme: Theme,
) -> None:
    low, high = axes.get_ylim()
    rows = sorted(group.rows, key=lambda row: heights[row.model])
    wanted = [(heights[row.model] - low) / (high - low) for row in rows]
    for row, start, place in zip(rows, wanted, spread(wanted, gap=_LABEL_GAP), strict=True):
        left = 1.0
        if row.is_network:
            limits = axes.get_xlim()
            left = (row.evaluation.num_params / 1e3 - limits[0]) / (limits[1] - limits[0])
        axes.plot(
            [left, 1.0, 1.05],
            [start, place, place] if row.is_network else [start, start, place],
            transform=axes.transAxes,
            color=colours[row.model],
            linewidth=1.2,
            alpha=0.75,
            clip_on=False,
            zorder=2,
        )
        cost = "no parameters"
        if row.is_network:
            cost = f"{heights[row.model]:.1f} · {format_count(row.evaluation.num_macs)}"
        styles: dict[str, dict[str, Any]] = {
            row.model: {"fontsize": 15, "color": theme.ink, "va": "bottom", "xytext": (0, 1)},
            cost: {"fontsize": 12, "color": theme.muted, "va": "top", "xytext": (0, -2)},
        }
        styles[row.model]["fontweight"] = "bold" if row.is_ours else "normal"
        for text, style in styles.items():
            axes.annotate(
                text,
                (1.065, place),
                xycoords="axes fraction",
                textcoords="offset points",
                annotation_clip=False,
                **style,
            )


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
