"""Networks stand side by side where they were measured in the same way at several qualities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lienet.params import Params
from lienet.report.robustness import gather_robustness
from lienet.report.tables import Group
from tests.report.mixed import make_mixed


@pytest.fixture
def mixed(params: Params, groups: list[Group]) -> tuple[Params, list[Group]]:
    return make_mixed(params, groups)


def test_networks_of_all_tasks_stand_in_one_panel_for_each_test_set(mixed):
    found = gather_robustness(*mixed)
    assert [(each.test_set, each.num_images) for each in found] == [("mixed", 2), ("solo", 1)]
    first = found[0]
    assert (first.scale, first.colour, first.jpeg_chroma) == (4, "luma", "4:2:0")
    assert first.qualities == [10, 20, 40]
    names = ["srgan", "esrgan", "sftgan", "lienet"]
    assert [(each.task, each.model) for each in first.curves] == [
        (task, name) for task in ("sr", "sr_mixed") for name in names
    ]
    assert [each.trained for each in first.curves] == [(20, 20)] * 4 + [(10.0, 60.0)] * 4
    assert [each.is_ours for each in first.curves] == 2 * [False, False, False, True]


def test_a_line_has_the_measured_gains_by_quality(mixed):
    params, groups = mixed
    curve = gather_robustness(params, groups)[0].curves[0]
    assert [*curve.gains] == [10, 20, 40], "from the lowest on, however protocols are listed"
    for quality, gain in curve.gains.items():
        group = next(
            each for each in groups if (each.protocol, each.test_set) == (f"q{quality}", "mixed")
        )
        row = next(row for row in group.rows if row.model == "srgan")
        assert gain == row.measured.gains["psnr_db"]
    assert len({gain.mean for gain in curve.gains.values()}) == 3


def test_one_quality_is_no_line(params: Params, groups: list[Group]):
    assert gather_robustness(params, groups) == []


@pytest.mark.parametrize("change", [{"border_px": 0}, {"colour": "rgb"}, {"jpeg_chroma": "4:4:4"}])
def test_what_was_measured_otherwise_is_no_point_of_the_line(mixed, change: dict[str, Any]):
    params, groups = mixed
    protocols = dict(params.evaluate.protocols)
    for name in ("q40", "mixed_q40"):
        protocols[name] = protocols[name].model_copy(update=change)
    evaluate = params.evaluate.model_copy(update={"protocols": protocols})
    found = gather_robustness(params.model_copy(update={"evaluate": evaluate}), groups)
    assert [each.qualities for each in found] == [[10, 20], [10, 20]]


def test_a_network_of_one_quality_alone_is_left_out(mixed):
    params, groups = mixed
    lone = [
        replace(group, rows=tuple(row for row in group.rows if row.model != "srgan"))
        if group.protocol != "q10"
        else group
        for group in groups
    ]
    curves = gather_robustness(params, lone)[0].curves
    assert "srgan" not in [curve.model for curve in curves if curve.task == "sr"]
