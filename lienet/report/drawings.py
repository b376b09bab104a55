"""Every figure of the report with its title and caption, as PNG bytes by name.

Owns which figures there are: each is drawn where what it shows was measured, and its caption says
what stands in where something was not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from lienet.params import Params
from lienet.report.features import NetworkFeatures
from lienet.report.figures.figure1 import draw_figure1
from lienet.report.figures.figure3 import draw_figure3
from lienet.report.figures.figure5 import draw_figure5
from lienet.report.figures.figure6 import draw_figure6
from lienet.report.figures.figure7 import draw_figure7
from lienet.report.figures.figure8 import draw_figure8, draw_figure9
from lienet.report.figures.robustness import draw_robustness
from lienet.report.number_format import format_percent, title_task
from lienet.report.old_photo_strengths import AgedPhotograph
from lienet.report.palette import DARK, LIGHT
from lienet.report.pictures import Comparison
from lienet.report.real_photographs import RealPhotograph
from lienet.report.robustness import gather_robustness
from lienet.report.tables import Group


@dataclass(frozen=True)
class Drawing:
    """One figure on a light and on a dark ground, as PNG bytes."""

    title: str
    caption: str
    light: bytes
    dark: bytes


@dataclass(frozen=True)
class Material:
    """What there is to draw."""

    groups: Sequence[Group]
    """Without ablations."""
    comparisons: Sequence[Comparison]
    feature_maps: Sequence[NetworkFeatures]
    aged: Sequence[AgedPhotograph]
    real: Sequence[RealPhotograph]


def draw_figures(params: Params, material: Material) -> dict[str, Drawing]:
    """Draw every figure that there is material for, by name, in the paper's order."""
    drawings = _draw_purposes(params, material)
    if material.feature_maps:
        drawings["figure3"] = _draw_both(
            partial(draw_figure3, material.feature_maps),
            "Figure 3: AI feature maps",
            "What the network extracts from its input and modulates by. Each channel is stretched "
            "from its lowest to its highest value, which stand below it.",
        )
    if material.aged:
        drawings["figure5"] = _draw_both(
            partial(draw_figure5, material.aged),
            "Figure 5: synthesized old photographs",
            "Each range of synthesize.tasks.old_photo at its mild end, its middle and its strong "
            "end: fading, saturation, paper texture, grain, recapture blur and JPEG.",
        )
    drawings |= _draw_complexity(params, material)
    if robustness := gather_robustness(params, material.groups):
        drawings["robustness"] = _draw_both(
            partial(draw_robustness, robustness),
            "Robustness: gain against JPEG quality",
            "Gain in PSNR at each quality that the test images were stored at, with "
            f"{format_percent(params.evaluate.confidence)} intervals over images. A filled mark is "
            "a quality that the network learned from, a hollow one is none. Two networks see the "
            "same images: one may be ahead on each of them where intervals overlap.",
        )
    drawings |= _draw_comparisons(params, material)
    return drawings


def _draw_purposes(params: Params, material: Material) -> dict[str, Drawing]:
    ours = _find_ours(params, material)
    firsts = {each.task: each for each in reversed(material.comparisons) if each.task in ours}
    tasks = params.synthesize.tasks
    if not firsts:
        return {}
    draw = partial(
        draw_figure1,
        [firsts[task] for task in tasks if task in firsts],
        ours=ours,
        with_faces=frozenset(task for task in firsts if tasks[task].shows_faces),
    )
    return {
        "figure1": _draw_both(
            draw,
            "Figure 1: what the networks are for",
            "The first of the test photographs below of each task, given and enhanced, pixel by "
            "pixel: a crop where it is larger. Sizes are those of the whole.",
        )
    }


def _find_ours(params: Params, material: Material) -> dict[str, str]:
    """Return the name of lienet's row of each task under the protocol of its figures."""
    return {
        each.task: each.ours.model
        for each in material.groups
        if each.ours is not None and each.protocol == params.report.figure_protocols.get(each.task)
    }


def _draw_complexity(params: Params, material: Material) -> dict[str, Drawing]:
    drawings = {}
    for task, protocol in params.report.figure_protocols.items():
        shown = [each for each in material.groups if each.protocol == protocol]
        shown = [each for each in shown if each.has_networks]
        if not shown:
            continue
        is_first = "figure6" not in drawings and shown[0].enlarges
        name = "figure6" if is_first else f"figure6_{task}"
        of_task = "" if is_first else f", {title_task(task).lower()}"
        quality = "VMAF" if "vmaf" in params.evaluate.metrics else "PSNR, as VMAF was not measured,"
        drawings[name] = _draw_both(
            partial(draw_figure6, shown),
            f"Figure 6: quality against complexity{of_task}",
            f"{quality} under {protocol} against parameters and, where it was measured, against "
            "latency in ONNX Runtime (fp32, one thread); upper left is better. The area of a "
            "circle is in proportion to multiply-adds. Dashed lines and diamonds learn nothing; "
            "diamonds are timed in their own code.",
        )
    return drawings


def _draw_comparisons(params: Params, material: Material) -> dict[str, Drawing]:
    ours = _find_ours(params, material)
    by_task: dict[str, list[Comparison]] = {}
    for each in material.comparisons:
        by_task.setdefault(each.task, []).append(each)
    drawings: dict[str, Drawing] = {}
    for task, degradation in params.synthesize.tasks.items():
        shown = by_task.get(task, [])
        is_first_real = degradation.shows_real and "figure9" not in drawings
        real = material.real if is_first_real else ()
        if not shown and not real:
            continue
        if degradation.shows_real:
            name, drawing = "figure9", _draw_old(shown, real, ours.get(task))
        elif degradation.shows_faces:
            name, drawing = "figure8", _draw_faces(shown, ours.get(task))
        else:
            name, drawing = "figure7", _draw_crops(shown, params.report.figure_crop_px)
        drawings[f"{name}_{task}" if name in drawings else name] = drawing
    return dict(sorted(drawings.items()))


def _draw_crops(shown: Sequence[Comparison], crop_px: int) -> Drawing:
    return _draw_both(
        partial(draw_figure7, shown, crop_px=crop_px),
        "Figure 7: visual comparison",
        "Each crop is the window of the reference with the greatest gradient energy, chosen "
        "before any result was looked at, and enlarged by whole pixels. PSNR is that of the "
        f"whole photograph under {shown[0].protocol}.",
    )


def _draw_faces(shown: Sequence[Comparison], ours: str | None) -> Drawing:
    return _draw_both(
        partial(draw_figure8, shown, ours=ours),
        "Figure 8: faces",
        "Test faces, pixel by pixel; a larger picture is cropped where its reference has most "
        f"detail. PSNR is that of the whole picture under {shown[0].protocol}.",
    )


def _draw_old(
    shown: Sequence[Comparison], real: Sequence[RealPhotograph], ours: str | None
) -> Drawing:
    said = (
        "Real old photographs, of which no undegraded original exists."
        if real
        else "No real old photographs were given: these are synthesized pairs of the test set."
    )
    return _draw_both(
        partial(draw_figure9, real or shown, ours=ours),
        "Figure 9: old photographs",
        f"{said} They are shown whole, brought to one width.",
    )


def _draw_both(draw: Callable[..., bytes], title: str, caption: str) -> Drawing:
    return Drawing(title, caption, draw(theme=LIGHT), draw(theme=DARK))
