"""Which figures there are, and what their captions admit."""

from __future__ import annotations

from dataclasses import replace

from lienet.report.drawings import Material, draw_figures
from lienet.report.evaluations import read_evaluations
from lienet.report.features import load_feature_maps
from lienet.report.old_photo_strengths import age_photographs
from lienet.report.real_photographs import load_real_photographs
from tests.report.mixed import make_mixed


def gather(params, workspace, groups, comparisons, *, with_real: bool) -> Material:
    evaluations = read_evaluations(params, workspace)
    return Material(
        groups=[group.without_ablations for group in groups],
        comparisons=comparisons,
        feature_maps=load_feature_maps(workspace, groups),
        aged=age_photographs(params, comparisons),
        real=load_real_photographs(params, workspace, evaluations) if with_real else [],
    )


def test_every_figure_that_there_is_material_for_is_drawn_in_order(
    other_params, other_workspace, other_groups, other_comparisons
):
    material = gather(
        other_params, other_workspace, other_groups, other_comparisons, with_real=True
    )
    drawn = draw_figures(other_params, material)
    assert list(drawn) == [
        "figure1", "figure3", "figure5", "figure6_face", "figure6_old_photo", "figure8", "figure9",
    ]  # fmt: skip
    assert drawn["figure9"].caption.startswith("Real old photographs")
    assert all(each.light != each.dark for each in drawn.values())


def test_figure_9_admits_that_its_photographs_are_synthesized(
    other_params, other_workspace, other_groups, other_comparisons
):
    material = gather(
        other_params, other_workspace, other_groups, other_comparisons, with_real=False
    )
    alone = replace(material, groups=[], feature_maps=[])
    caption = draw_figures(other_params, alone)["figure9"].caption
    assert "synthesized pairs of the test set" in caption


def test_lienet_s_row_under_another_protocol_is_not_the_figures_(
    other_params, other_workspace, other_groups, other_comparisons
):
    material = gather(
        other_params, other_workspace, other_groups, other_comparisons, with_real=False
    )
    elsewhere = [
        replace(
            group,
            protocol="elsewhere",
            rows=tuple(
                replace(row, evaluation=row.evaluation.model_copy(update={"model": "lienet_x2"}))
                for row in group.rows
            ),
        )
        for group in material.groups
    ]
    both = replace(material, groups=[*material.groups, *elsewhere])
    drawn = draw_figures(other_params, both)
    assert drawn["figure1"] == draw_figures(other_params, material)["figure1"]


def test_robustness_is_drawn_where_networks_met_several_qualities(params, groups):
    assert "robustness" not in draw_figures(params, Material(groups, [], [], [], []))
    mixed, measured = make_mixed(params, groups)
    drawn = draw_figures(mixed, Material(measured, [], [], [], []))
    assert drawn["robustness"].title == "Robustness: gain against JPEG quality"
    assert "with 95% intervals over images" in drawn["robustness"].caption


def test_nothing_measured_is_nothing_drawn(other_params):
    assert draw_figures(other_params, Material([], [], [], [], [])) == {}
