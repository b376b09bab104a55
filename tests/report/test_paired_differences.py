"""Ours against every other row, image by image, and the verdicts that intervals allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.evaluation.scores import ImageScore, Interval
from lienet.report import paired_differences as pairs


def span_of(differences) -> Interval:
    return Interval(float(np.mean(differences)), float(min(differences)), float(max(differences)))


def test_pairs_are_lienet_less_each_other_model_image_by_image(groups, per_image):
    found = pairs.compare_pairs(groups[:1], per_image, span_of)
    assert [pair.other for pair in found] == ["bicubic", "srgan", "esrgan", "sftgan"]
    lienet, srgan = (
        per_image["sr", model, "x4_q20_luma", "mixed"] for model in ("lienet", "srgan")
    )
    differences = [lienet[key].values["psnr_db"] - srgan[key].values["psnr_db"] for key in lienet]
    assert found[1].differences["psnr_db"] == span_of(differences)
    assert found[1].num_images == 2


def test_groups_without_lienet_have_no_pairs(groups, per_image):
    assert pairs.compare_pairs(groups[4:], per_image, span_of) == []


def test_models_measured_on_different_images_cannot_be_compared(groups, per_image):
    place = ("sr", "srgan", "x4_q20_luma", "mixed")
    score = ImageScore("x4_q20_luma", "mixed", "", {"psnr_db": 30.0, "ssim": 0.8})
    other = {"mixed__cat": score, "mixed__dog": score}
    with pytest.raises(DataError, match="lienet and srgan were not measured on the same images"):
        pairs.compare_pairs(groups[:1], {**per_image, place: other}, span_of)


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
    assert pairs.judge(Interval(0.1, low, high), num_images) == verdict


def test_less_colour_error_is_ahead():
    less = Interval(-2.0, -3.0, -1.0)
    assert pairs.judge(less, 24, is_less_better=True) == "ahead"
    assert pairs.judge(less, 24) == "behind"


def test_what_both_measured_is_compared_and_nothing_else(groups, per_image):
    (pair, *_) = pairs.compare_pairs(groups[:1], per_image, span_of)
    ours = per_image["sr", "lienet", "x4_q20_luma", "mixed"]
    assert pair.differences["vmaf"].mean == pytest.approx(2 * pair.differences["psnr_db"].mean)
    assert "ciede2000" not in pair.differences
    place = ("sr", "lienet", "x4_q20_luma", "mixed")
    part = {
        key: replace(score, values={**score.values, "vmaf": None}) for key, score in ours.items()
    }
    for score in part.values():
        del score.values["vmaf"]
    (first, *_) = pairs.compare_pairs(groups[:1], {**per_image, place: part}, span_of)
    assert "vmaf" not in first.differences


def test_ablations_are_compared_with_lienet_and_with_nobody_else(groups, per_image):
    group = groups[0]
    row = group.rows[1]
    ablation = row.evaluation.model_copy(
        update={"model": "ablation_no_skip", "architecture": "lienet"}
    )
    rows = (*group.rows, replace(row, evaluation=ablation))
    scores = per_image["sr", "srgan", "x4_q20_luma", "mixed"]
    known = {**per_image, ("sr", "ablation_no_skip", "x4_q20_luma", "mixed"): scores}
    whole = replace(group, rows=rows)
    assert whole.ours.model == "lienet"
    assert len(whole.without_ablations.rows) == len(group.rows)
    (found,) = pairs.compare_ablations([whole], known, span_of)
    assert (found.ours, found.other) == ("ablation_no_skip", "lienet")
    assert found.differences["psnr_db"].mean < 0
    rivals = {pair.other for pair in pairs.compare_pairs([whole], known, span_of)}
    assert "ablation_no_skip" not in rivals
