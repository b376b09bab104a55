"""Figure 6: a panel of parameters and one of latency for each test set, the same bytes again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lienet.evaluation.format_costs import Difference, FormatCost, FormatSet
from lienet.images import decode_image
from lienet.report.figures.cost_panel import Panel
from lienet.report.figures.figure6 import draw_figure6, make_panels
from lienet.report.palette import DARK
from lienet.report.tables import Group, Row
from tests.report.evaluated import COSTS, with_means


def change(group: Group, model: str, **changes: object) -> Group:
    """Return a group in which a model's evaluation says something else."""
    rows = [
        replace(row, evaluation=row.evaluation.model_copy(update=changes))
        if row.model == model
        else row
        for row in group.rows
    ]
    return replace(group, rows=tuple(rows))


def places(panel: Panel) -> dict[str, tuple[float | None, float]]:
    return {mark.name: (mark.cost, mark.quality) for mark in panel.marks}


def test_the_same_groups_give_the_same_bytes(groups):
    assert draw_figure6(groups[:2]) == draw_figure6(groups[:2])


def test_a_row_for_each_test_set_on_the_theme_s_ground(groups):
    one = decode_image(draw_figure6(groups[:1]))
    two = decode_image(draw_figure6(groups[:2], theme=DARK))
    assert two.shape == (2 * one.shape[0], *one.shape[1:])
    assert tuple(one[0, 0]) == (255, 255, 255)
    assert tuple(two[0, 0]) == tuple(bytes.fromhex(DARK.paper[1:]))


def test_more_rows_than_fit_make_the_panels_taller(groups):
    many = replace(groups[0], rows=groups[0].rows * 3)
    assert decode_image(draw_figure6([many])).shape > decode_image(draw_figure6(groups[:1])).shape


def test_quality_stands_against_thousands_of_parameters(groups):
    panel = make_panels(groups[0])[0]
    vmaf = {row.model: row.measured.means["vmaf"] for row in groups[0].rows}
    assert panel.cost_title == "parameters (thousands)"
    assert places(panel) == {model: (COSTS[model][0] / 1e3 or None, vmaf[model]) for model in COSTS}
    shares = {mark.name: mark.area_share for mark in panel.marks}
    assert shares["lienet"] == pytest.approx(7.1 / 8.4)
    assert shares["bicubic"] is None


def test_quality_stands_against_latency_in_the_same_colours(groups):
    parameters, latency = make_panels(groups[0])
    assert latency.cost_title == "latency (ms), one thread, 320×180 px input"
    assert "ONNX Runtime, fp32" in latency.note
    vmaf = {row.model: row.measured.means["vmaf"] for row in groups[0].rows}
    assert places(latency) == {model: (COSTS[model][2], vmaf[model]) for model in COSTS}
    assert {mark.name: mark.note for mark in latency.marks}["srgan"].endswith(" · 61.0 ms")
    colours = [{mark.name: mark.colour for mark in each.marks} for each in (parameters, latency)]
    assert colours[0] == colours[1]


def test_what_has_no_latency_is_left_out_of_that_panel_alone(groups):
    parameters, latency = make_panels(change(groups[0], "srgan", latency_ms=None))
    assert "srgan" in places(parameters)
    assert set(places(latency)) == set(COSTS) - {"srgan"}
    assert latency.quality_range == parameters.quality_range


def test_without_any_latency_there_is_no_panel_of_it(groups):
    group = groups[0]
    for model in COSTS:
        group = change(group, model, latency_ms=None)
    assert len(make_panels(group)) == 1
    both, alone = (decode_image(draw_figure6([each])) for each in (groups[0], group))
    assert both.shape[1] == 2 * alone.shape[1]


def test_a_slower_network_changes_the_picture(groups):
    slower = change(groups[0], "lienet", latency_ms=70.0)
    assert draw_figure6([slower]) != draw_figure6(groups[:1])


def test_without_vmaf_the_axis_says_that_psnr_stands_in(groups):
    rows = tuple(Row(row.evaluation, with_means(row.measured, vmaf=None)) for row in groups[0].rows)
    for panel in make_panels(replace(groups[0], rows=rows)):
        assert panel.quality_title == "PSNR (dB); VMAF was not measured"
        assert panel.marks[4].quality == rows[4].measured.means["psnr_db"]
        assert panel.marks[4].note.startswith(f"{panel.marks[4].quality:.2f} · ")


def test_each_converted_network_stands_in_its_fastest_format(groups):
    group = groups[0]

    def make(name: str, latency_ms: float, vmaf: float) -> FormatCost:
        found = Difference(mean=vmaf, difference=0, difference_low=0, difference_high=0)
        measured = FormatSet(num_images=3, metrics={"vmaf": found})
        return FormatCost(
            format=name,
            tool="tool 1",
            reason=None,
            size_bytes=1,
            latency_ms={1: latency_ms},
            peak_memory_mb=None,
            results={group.protocol: {group.test_set: measured}},
        )

    formats = (make("onnx", 58.1, 60.0), make("onnx_int8", 30.0, 59.0), make("slow", 99.0, 58.0))
    lienet = replace(group.rows[-1], formats=formats)
    panels = make_panels(replace(group, rows=(*group.rows[:-1], lienet)))
    assert len(panels) == 3
    (mark,) = panels[2].marks
    assert (mark.name, mark.cost, mark.quality) == ("lienet", 30.0, 59.0)
    assert mark.note == "59.0 · 30.0 ms, onnx_int8"
    assert mark.colour == panels[1].marks[-1].colour
