"""Figure 6: quality against parameters and measured latency, a row for each test set.

Where networks were converted, a third panel has each in the format that is fastest of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lienet.evaluation.format_costs import FormatCost
from lienet.report.figures.axes import LABEL_HEIGHT_PX
from lienet.report.figures.canvas import make_figure, to_png
from lienet.report.figures.cost_panel import Mark, Panel, draw_cost_panel
from lienet.report.number_format import count_noun, format_count
from lienet.report.palette import LIGHT, Theme, colour_models
from lienet.report.tables import Group, Row

_AXES_WIDTH_PX = 490
_MIN_AXES_HEIGHT_PX = 460
_NUM_WITH_FORMATS = 3
"""Panels of a line in which networks were converted."""
_LEFT_PX, _TOP_PX, _BOTTOM_PX = 100, 84, 96
_LABEL_LEFT_PX, _CHARACTER_PX = 44, 13
"""Where a label begins, right of the axes, and the width of a bold character."""
_MIN_LABEL_PX, _FORMAT_LABEL_PX = 190, 320
"""The least width of labels; and where the notes below the names tell a format."""


def draw_figure6(groups: Sequence[Group], *, theme: Theme = LIGHT) -> bytes:
    """Draw VMAF against parameters and against latency; upper left is better.

    The area of a network's circle is in proportion to multiply-adds. What has no parameters, as
    bicubic, is a horizontal line on the left and a diamond on the right; what has no latency is
    left out there. Where VMAF was not measured PSNR stands in its place, and the axis says so.

    Each group has at least one network.
    """
    lines = [make_panels(group) for group in groups]
    marks = [mark for line in lines for panel in line for mark in panel.marks]
    longest = max(len(mark.name) for mark in marks)
    most = max(len(panel.marks) for line in lines for panel in line)
    axes_height = max(_MIN_AXES_HEIGHT_PX, LABEL_HEIGHT_PX * (most - 1))
    num_panels = max(map(len, lines))
    least_px = _MIN_LABEL_PX if num_panels < _NUM_WITH_FORMATS else _FORMAT_LABEL_PX
    label_px = max(least_px, _LABEL_LEFT_PX + _CHARACTER_PX * longest)
    panel_width = _LEFT_PX + _AXES_WIDTH_PX + label_px
    panel_height = _TOP_PX + axes_height + _BOTTOM_PX
    width, height = panel_width * num_panels, panel_height * len(lines)
    figure = make_figure(width, height, theme)
    for row, line in enumerate(lines):
        for column, panel in enumerate(line):
            left = column * panel_width + _LEFT_PX
            bottom = (len(lines) - row - 1) * panel_height + _BOTTOM_PX
            size = (_AXES_WIDTH_PX / width, axes_height / height)
            draw_cost_panel(figure.add_axes((left / width, bottom / height, *size)), panel, theme)
    return to_png(figure)


def make_panels(group: Group) -> list[Panel]:
    """Return the panel of parameters, that of latency where anything has one, that of formats."""
    panels = [_make_parameters_panel(group)]
    timed = [row for row in group.rows if row.evaluation.latency_ms is not None]
    if timed:
        panels.append(_make_latency_panel(group, timed))
    converted = [row for row in group.rows if _find_fastest(group, row) is not None]
    if converted:
        panels.append(_make_formats_panel(group, converted))
    return panels


def _make_parameters_panel(group: Group) -> Panel:
    height_px, width_px = group.rows[-1].evaluation.macs_output_px

    def count(row: Row) -> float | None:
        return row.evaluation.num_params / 1e3 if row.is_network else None

    def say(row: Row) -> str:
        return format_count(row.evaluation.num_macs) if row.is_network else "no parameters"

    return _make_panel(
        group,
        group.rows,
        count,
        say,
        cost_title="parameters (thousands)",
        note=f"multiply-adds at {width_px}×{height_px}",
    )


def _make_latency_panel(group: Group, timed: Sequence[Row]) -> Panel:
    height_px, width_px = _find_input(timed)
    return _make_panel(
        group,
        timed,
        lambda row: row.evaluation.latency_ms,
        lambda row: f"{row.evaluation.latency_ms:.1f} ms",
        cost_title=f"latency (ms), one thread, {width_px}×{height_px} px input",
        note="ONNX Runtime, fp32",
    )


def _find_input(rows: Sequence[Row]) -> tuple[int, int]:
    """Return the height and width of the input that rows were timed on."""
    return next(size for row in rows if (size := row.evaluation.latency_input_px) is not None)


def _find_fastest(group: Group, row: Row) -> FormatCost | None:
    """Return the format of a row that is fastest on one thread, of those measured here."""
    run = (
        each
        for each in row.formats
        if 1 in each.latency_ms and group.test_set in each.results.get(group.protocol, {})
    )
    return min(run, key=lambda each: each.latency_ms[1], default=None)


def _make_formats_panel(group: Group, converted: Sequence[Row]) -> Panel:
    """Return the panel in which each network stands in its fastest format, at its quality there."""
    fastest = {row.model: _find_fastest(group, row) for row in converted}
    metric = _find_metric(group)

    def find(row: Row) -> FormatCost:
        cost = fastest[row.model]
        assert cost is not None
        return cost

    def measure(row: Row) -> float:
        return find(row).results[group.protocol][group.test_set].metrics[metric].mean

    height_px, width_px = _find_input(converted)
    return _make_panel(
        group,
        converted,
        lambda row: find(row).latency_ms[1],
        lambda row: f"{find(row).latency_ms[1]:.1f} ms, {find(row).format}",
        cost_title=f"latency (ms), one thread, {width_px}×{height_px} px input",
        note="each in its fastest format",
        measure=measure,
    )


def _find_metric(group: Group) -> str:
    """Return the quality that is drawn: VMAF where all have it."""
    return "vmaf" if all("vmaf" in row.measured.means for row in group.rows) else "psnr_db"


def _make_panel(
    group: Group,
    shown: Sequence[Row],
    cost_of: Callable[[Row], float | None],
    say_cost: Callable[[Row], str],
    *,
    cost_title: str,
    note: str,
    measure: Callable[[Row], float] | None = None,
) -> Panel:
    """Return a panel of some rows, on the colours, areas and heights of the whole group.

    Their quality is that of the network as it is, unless ``measure`` says another.
    """
    metric = _find_metric(group)
    name, decimals = ("VMAF", 1) if metric == "vmaf" else ("PSNR", 2)
    qualities = {row.model: row.measured.means[metric] for row in group.rows}
    colours = colour_models(qualities)
    if measure is not None:
        qualities |= {row.model: measure(row) for row in shown}
    largest = max(row.evaluation.num_macs or 0 for row in group.rows if row.is_network) or 1

    def mark(row: Row) -> Mark:
        cost, quality = cost_of(row), qualities[row.model]
        return Mark(
            name=row.model,
            note=say_cost(row) if cost is None else f"{quality:.{decimals}f} · {say_cost(row)}",
            colour=colours[row.model],
            quality=quality,
            cost=cost,
            area_share=(row.evaluation.num_macs or largest) / largest if row.is_network else None,
            is_ours=row.is_ours,
        )

    return Panel(
        title=f"{group.test_set}, {count_noun(group.num_images, 'image')}",
        note=f"{group.protocol} · {name} · {note}",
        cost_title=cost_title,
        quality_title=name if name == "VMAF" else "PSNR (dB); VMAF was not measured",
        quality_range=(min(qualities.values()), max(qualities.values())),
        marks=[mark(row) for row in shown],
    )
