"""Ours against every other row, image by image, and the verdicts that intervals allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lienet.errors import DataError
from lienet.evaluation.intervals import Estimate, estimate_mean
from lienet.evaluation.scores import ImageScore
from lienet.report import paired_differences as pairs
from lienet.report.paired_differences import Pair


def make_pair(mean: float, p_value: float, *, num_images: int = 24, **changes) -> Pair:
    where = {"protocol": "x4_q20_luma", "test_set": "mixed", "other": "srgan"} | changes
    made = pairs.make_pair(
        ("sr", where["protocol"], where["test_set"]),
        ("lienet", where["other"]),
        {"psnr_db": Estimate(mean, 0.01, 23.0)},
        num_images=num_images,
        confidence=0.95,
        seed_spreads=changes.get("seed_spreads"),
    )
    return replace(made, p_values={"psnr_db": p_value})


def test_pairs_are_lienet_less_each_other_model_image_by_image(groups, per_image):
    found = pairs.compare_pairs(groups[:1], per_image, confidence=0.95)
    assert [pair.other for pair in found] == ["bicubic", "srgan", "esrgan", "sftgan"]
    lienet, srgan = (
        per_image["sr", model, "x4_q20_luma", "mixed"] for model in ("lienet", "srgan")
    )
    differences = [lienet[key].values["psnr_db"] - srgan[key].values["psnr_db"] for key in lienet]
    interval = estimate_mean(differences).bound(0.95)
    assert found[1].differences["psnr_db"].mean == pytest.approx(interval.mean)
    assert found[1].differences["psnr_db"].low == pytest.approx(interval.low)
    assert found[1].num_images == 2


def test_groups_without_lienet_have_no_pairs(groups, per_image):
    assert pairs.compare_pairs(groups[4:], per_image, confidence=0.95) == []


def test_params_may_name_more_pairs(groups, per_image):
    found = pairs.compare_pairs(
        groups[:1],
        per_image,
        confidence=0.95,
        chosen=[("sr-esrgan", "sr-srgan"), ("sr-lienet", "sr-srgan"), ("sr-esrgan", "sr-unknown")],
    )
    assert [(pair.ours, pair.other) for pair in found[4:]] == [("esrgan", "srgan")]
    esrgan, srgan = (found[4].differences["psnr_db"], found[1].differences["psnr_db"])
    assert esrgan.mean == pytest.approx(srgan.mean - found[2].differences["psnr_db"].mean)


def test_models_measured_on_different_images_cannot_be_compared(groups, per_image):
    place = ("sr", "srgan", "x4_q20_luma", "mixed")
    score = ImageScore("x4_q20_luma", "mixed", "", {"psnr_db": 30.0, "ssim": 0.8})
    other = {"mixed__cat": score, "mixed__dog": score}
    with pytest.raises(DataError, match="lienet and srgan were not measured on the same images"):
        pairs.compare_pairs(groups[:1], {**per_image, place: other}, confidence=0.95)


@pytest.mark.parametrize(
    ("mean", "p_value", "num_images", "verdict"),
    [
        (0.1, 0.04, 24, "ahead"),
        (-0.1, 0.04, 24, "behind"),
        (0.1, 0.06, 24, "undecided"),
        (0.0, 1.0, 24, "undecided"),
        (0.1, 0.04, 6, "ahead"),
        (0.1, 0.0, 5, "too few images"),
    ],
)
def test_verdicts(mean: float, p_value: float, num_images: int, verdict: str):
    assert pairs.judge(make_pair(mean, p_value, num_images=num_images), "psnr_db") == verdict


def test_a_difference_within_what_another_seed_changes_is_no_lead():
    assert pairs.judge(make_pair(0.013, 0.001, seed_spreads={"psnr_db": 0.013}), "psnr_db") == (
        "undecided"
    )
    assert pairs.judge(make_pair(-0.014, 0.001, seed_spreads={"psnr_db": 0.013}), "psnr_db") == (
        "behind"
    )
    assert pairs.judge(make_pair(0.013, 0.001, seed_spreads={"ssim": 1.0}), "psnr_db") == "ahead"


def test_less_colour_error_is_ahead():
    less = make_pair(-2.0, 0.001)
    assert pairs.judge(less, "psnr_db", is_less_better=True) == "ahead"
    assert pairs.judge(less, "psnr_db") == "behind"
    assert pairs.judge(make_pair(2.0, 0.001), "psnr_db", is_less_better=True) == "behind"


def test_p_values_are_corrected_over_the_test_sets_and_rivals_of_a_protocol():
    """By hand: of 0.01, 0.04, 0.03 and 0.005 Holm makes 0.03, 0.06, 0.06 and 0.02."""
    family = [
        make_pair(0.1, 0.01),
        make_pair(0.1, 0.04, other="esrgan"),
        make_pair(0.1, 0.03, test_set="solo"),
        make_pair(0.1, 0.005, test_set="solo", other="esrgan"),
    ]
    alone = make_pair(0.1, 0.04, protocol="x4_q20_rgb")
    found = pairs.correct_pairs([*family[:2], alone, *family[2:]])
    assert [pair.p_values["psnr_db"] for pair in found] == pytest.approx(
        [0.03, 0.06, 0.04, 0.06, 0.02]
    )
    verdicts = [pairs.judge(pair, "psnr_db") for pair in found]
    assert verdicts == ["ahead", "undecided", "ahead", "undecided", "ahead"]


def test_metrics_and_tasks_are_families_of_their_own():
    first = replace(make_pair(0.1, 0.0), p_values={"psnr_db": 0.03, "ssim": 0.04})
    second = replace(first, p_values={"psnr_db": 0.9}, other="esrgan")
    third = replace(first, p_values={"psnr_db": 0.03}, task="sr_clean")
    found = pairs.correct_pairs([first, second, third])
    assert found[0].p_values == pytest.approx({"psnr_db": 0.06, "ssim": 0.04})
    assert found[2].p_values == {"psnr_db": 0.03}


def test_what_both_measured_is_compared_and_nothing_else(groups, per_image):
    (pair, *_) = pairs.compare_pairs(groups[:1], per_image, confidence=0.95)
    ours = per_image["sr", "lienet", "x4_q20_luma", "mixed"]
    assert pair.differences["vmaf"].mean == pytest.approx(2 * pair.differences["psnr_db"].mean)
    assert "ciede2000" not in pair.differences
    place = ("sr", "lienet", "x4_q20_luma", "mixed")
    part = {
        key: replace(score, values={**score.values, "vmaf": None}) for key, score in ours.items()
    }
    for score in part.values():
        del score.values["vmaf"]
    (first, *_) = pairs.compare_pairs(groups[:1], {**per_image, place: part}, confidence=0.95)
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
    (found,) = pairs.compare_ablations([whole], known, confidence=0.95)
    assert (found.ours, found.other) == ("ablation_no_skip", "lienet")
    assert found.differences["psnr_db"].mean < 0
    rivals = {pair.other for pair in pairs.compare_pairs([whole], known, confidence=0.95)}
    assert "ablation_no_skip" not in rivals
