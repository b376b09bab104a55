"""The figure of robustness: gain over the baseline against JPEG quality, a line for each network.

A panel for each test set, side by side; a row for each way of measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes

from lienet.report.figures.axes import LABEL_HEIGHT_PX, SideLabel, style_axes, write_side_labels
from lienet.report.figures.canvas import make_figure, to_png
from lienet.report.number_format import count_noun, name_baseline
from lienet.report.palette import LIGHT, Theme, colour_models, keep_legible
from lienet.report.robustness import Curve, Robustness

_AXES_WIDTH_PX = 540
_MIN_AXES_HEIGHT_PX = 400
_LEFT_PX, _TOP_PX, _BOTTOM_PX = 104, 84, 96
_LABEL_LEFT_PX, _CHARACTER_PX, _MIN_LABEL_PX = 44, 13, 272
"""Where a label begins, right of the axes, the width of a bold character, and room for a note."""
_APART_SHARE, _MOST_APART_SHARE = 0.016, 0.5
"""How far neighbouring lines are moved apart, so that no interval hides another, of the width of
the axes; and all together at most, of the way to the next quality."""
_MARK_PT = 9.0


def draw_robustness(found: Sequence[Robustness], *, theme: Theme = LIGHT) -> bytes:
    """Draw the gains of each network with their intervals; a filled mark is a trained quality.

    Args:
        found: at least one.
        theme: ground and inks.
    """
    rows: dict[object, list[Robustness]] = {}
    for each in found:
        rows.setdefault((each.scale, each.colour, each.jpeg_chroma), []).append(each)
    most = max(len(each.curves) for each in found) + 1
    axes_height = max(_MIN_AXES_HEIGHT_PX, LABEL_HEIGHT_PX * most)
    longest = max(len(curve.model) for each in found for curve in each.curves)
    label_px = max(_MIN_LABEL_PX, _LABEL_LEFT_PX + _CHARACTER_PX * longest)
    panel_width = _LEFT_PX + _AXES_WIDTH_PX + label_px
    panel_height = _TOP_PX + axes_height + _BOTTOM_PX
    width, height = panel_width * max(map(len, rows.values())), panel_height * len(rows)
    figure = make_figure(width, height, theme)
    for row, panels in enumerate(rows.values()):
        for column, each in enumerate(panels):
            left = column * panel_width + _LEFT_PX
            bottom = (len(rows) - row - 1) * panel_height + _BOTTOM_PX
            size = (_AXES_WIDTH_PX / width, axes_height / height)
            draw_panel(figure.add_axes((left / width, bottom / height, *size)), each, theme)
    return to_png(figure)


def draw_panel(axes: Axes, found: Robustness, theme: Theme) -> None:
    """Draw one panel; its labels stand to the right of ``axes``."""
    baseline = name_baseline(enlarges=found.scale > 1)
    scale = f"×{found.scale} · " if found.scale > 1 else ""
    _set_limits(axes, found)
    style_axes(
        axes,
        theme,
        title=f"{found.test_set}, {count_noun(found.num_images, 'image')}",
        note=f"{scale}JPEG {found.jpeg_chroma} · PSNR in {found.colour} · ● trained at it  ○ not",
        x_title="JPEG quality of the input",
        y_title=f"gain over {baseline} (dB)",
        better="↑ better",
    )
    axes.set_xticks(found.qualities)
    grey = colour_models(["bicubic"])["bicubic"]
    axes.axhline(0.0, color=grey, linewidth=2, linestyle=(0, (5, 4)))
    colours = [keep_legible(colour, theme) for colour in _choose_colours(found.curves)]
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    labels = [SideLabel(baseline, "no network", grey, (1.0, -bottom / (top - bottom)))]
    nearest = min(after - before for before, after in pairwise(found.qualities))
    apart = min(_APART_SHARE * (right - left), _MOST_APART_SHARE * nearest / len(found.curves))
    for place, (curve, colour) in enumerate(zip(found.curves, colours, strict=True)):
        shift = (place - (len(found.curves) - 1) / 2) * apart
        _draw_curve(axes, curve, colour, shift, theme)
        last = max(curve.gains)
        end = (last + shift - left) / (right - left)
        height = (curve.gains[last].mean - bottom) / (top - bottom)
        note = say_trained(curve)
        labels.append(SideLabel(curve.model, note, colour, (end, height), curve.is_ours))
    write_side_labels(axes, sorted(labels, key=lambda label: label.start[1]), theme)


def is_trained(curve: Curve, quality: int) -> bool:
    """Tell whether a network learned from inputs of a quality."""
    return curve.trained is not None and curve.trained[0] <= quality <= curve.trained[1]


def say_trained(curve: Curve) -> str:
    """Say which qualities a network learned from; the name of its task where that is unknown."""
    if curve.trained is None:
        return curve.task
    return "trained at quality " + " to ".join(f"{each:g}" for each in sorted({*curve.trained}))


def _set_limits(axes: Axes, found: Robustness) -> None:
    first, last = found.qualities[0], found.qualities[-1]
    side = 0.09 * (last - first)
    axes.set_xlim(first - side, last + side)
    intervals = [gain for curve in found.curves for gain in curve.gains.values()]
    low = min(0.0, *(gain.low for gain in intervals))
    high = max(0.0, *(gain.high for gain in intervals))
    room = 0.1 * (high - low) or 0.1
    axes.set_ylim(low - room, high + 1.3 * room)


def _draw_curve(axes: Axes, curve: Curve, colour: str, shift: float, theme: Theme) -> None:
    across = [quality + shift for quality in curve.gains]
    means = [gain.mean for gain in curve.gains.values()]
    lows, highs = ([getattr(gain, end) for gain in curve.gains.values()] for end in ("low", "high"))
    axes.vlines(across, lows, highs, color=colour, linewidth=1.6, alpha=0.6, zorder=3)
    axes.plot(across, means, color=colour, linewidth=2.2, zorder=4)
    for quality, place, mean in zip(curve.gains, across, means, strict=True):
        axes.plot(
            [place],
            [mean],
            marker="o",
            markersize=_MARK_PT,
            markerfacecolor=colour if is_trained(curve, quality) else theme.paper,
            markeredgecolor=colour,
            markeredgewidth=2.0,
            zorder=5,
        )


def _choose_colours(curves: Sequence[Curve]) -> list[str]:
    """Return a colour for each network; of one that stands in several tasks, shades of its own."""
    names: list[str] = []
    for curve in curves:
        names.append(f"{curve.model}_{curve.task}" if curve.model in names else curve.model)
    colours = colour_models(names)
    return [colours[name] for name in names]
