"""Table 1's order and values, the nearest protocol, and verdicts on pairs."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.report import tables
from lienet.report.evaluations import ImageScore


@dataclass(frozen=True)
class Span:
    mean: float
    low: float
    high: float


def span_of(differences) -> Span:
    return Span(float(np.mean(differences)), float(min(differences)), float(max(differences)))


def with_bicubic(group: tables.Group, psnr_db: float, ssim: float) -> tables.Group:
    row = group.rows[0]
    measured = row.measured.model_copy(update={"psnr_db": psnr_db, "ssim": ssim})
    return replace(group, rows=(replace(row, measured=measured), *group.rows[1:]))


def test_groups_follow_the_protocols_of_params_then_test_sets_by_name(groups):
    assert [(group.protocol, group.test_set) for group in groups] == [
        (protocol, test_set)
        for protocol in ("x4_q20_luma", "x4_q20_rgb", "x2_q20_luma", "x2_q20_rgb")
        for test_set in ("mixed", "solo")
    ]


def test_a_model_stands_only_under_protocols_of_its_scale(groups):
    names = ["bicubic", "srgan", "esrgan", "sftgan", "lienet"]
    for group in groups:
        expected = names if group.protocol.startswith("x4") else ["bicubic"]
        assert [row.model for row in group.rows] == expected
        assert group.has_networks == group.protocol.startswith("x4")


def test_the_csv_has_the_agreed_columns_and_a_line_for_each_row(groups):
    lines = list(csv.reader(io.StringIO(tables.render_csv(groups))))
    assert ",".join(lines[0]) == (
        "task,protocol,test_set,model,psnr_db,psnr_gain_db,ssim,ssim_gain,vmaf,"
        "num_params,num_macs,latency_ms"
    )
    assert len(lines) == 1 + 4 * 5 + 4
    lienet = groups[0].rows[-1].measured
    assert lines[5][:4] == ["sr", "x4_q20_luma", "mixed", "lienet"]
    assert lines[5][9:] == ["124000", "7100000000", "58.1"]
    assert float(lines[5][4]) == pytest.approx(lienet.psnr_db, abs=5e-5)
    assert float(lines[5][7]) == pytest.approx(lienet.ssim_gain, abs=5e-7)


def test_what_was_not_measured_is_empty_in_the_csv(groups):
    row = groups[0].rows[1]
    bare = tables.Row(
        row.evaluation.model_copy(update={"num_macs": None, "latency_ms": None}),
        row.measured.model_copy(update={"vmaf": None}),
    )
    text = tables.render_csv([replace(groups[0], rows=(bare,))])
    assert text.splitlines()[1].endswith(",,131000,,")


def test_nearest_is_the_smallest_difference_in_psnr_then_in_ssim(groups):
    near = [
        with_bicubic(groups[0], 27.0, 0.8422),
        with_bicubic(groups[1], 28.82, 0.8000),
        with_bicubic(groups[2], 29.92, 0.8422),
    ]
    assert tables.find_nearest(near) is near[1]
    tied = [with_bicubic(groups[0], 29.0, 0.80), with_bicubic(groups[1], 29.0, 0.84)]
    assert tables.find_nearest(tied) is tied[1]
    assert tables.find_nearest([]) is None


def test_pairs_are_lienet_less_each_other_model_image_by_image(groups, per_image):
    pairs = tables.compare_pairs(groups[:1], per_image, span_of)
    assert [pair.other for pair in pairs] == ["bicubic", "srgan", "esrgan", "sftgan"]
    lienet, srgan = (
        per_image["sr", model, "x4_q20_luma", "mixed"] for model in ("lienet", "srgan")
    )
    differences = [lienet[key].psnr_db - srgan[key].psnr_db for key in lienet]
    assert pairs[1].psnr_db == span_of(differences)
    assert pairs[1].num_images == 2


def test_groups_without_lienet_have_no_pairs(groups, per_image):
    assert tables.compare_pairs(groups[4:], per_image, span_of) == []


def test_models_measured_on_different_images_cannot_be_compared(groups, per_image):
    place = ("sr", "srgan", "x4_q20_luma", "mixed")
    other = {"mixed__cat": ImageScore(30.0, 0.8), "mixed__dog": ImageScore(30.0, 0.8)}
    with pytest.raises(DataError, match="lienet and srgan were not measured on the same images"):
        tables.compare_pairs(groups[:1], {**per_image, place: other}, span_of)


@pytest.mark.parametrize(
    ("low", "high", "num_images", "verdict"),
    [
        (0.01, 0.2, 24, "ahead"),
        (-0.2, -0.01, 24, "behind"),
        (-0.01, 0.2, 24, "undecided"),
        (0.0, 0.2, 24, "undecided"),
        (0.01, 0.2, 6, "ahead"),
        (0.01, 0.2, 5, "too few images"),
    ],
)
def test_verdicts(low: float, high: float, num_images: int, verdict: str):
    assert tables.judge(Span(0.1, low, high), num_images) == verdict
