from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError, ParamsError
from lienet.evaluation.benchmark import (
    flatten_results,
    paired_bootstrap,
    select_protocols,
    summarise,
)
from lienet.evaluation.scores import ImageScore, Interval
from lienet.params import load_params


def make_score(
    key: str, psnr_db: float, baseline_psnr_db: float, vmaf: float | None = 80.0, **names: str
) -> ImageScore:
    where = {"protocol": "x4_q20_luma", "test_set": "kodak24"} | names
    values = {"psnr_db": psnr_db, "ssim": psnr_db / 40}
    baseline = {"psnr_db": baseline_psnr_db, "ssim": baseline_psnr_db / 40}
    if vmaf is not None:
        values["vmaf"] = vmaf
    return ImageScore(**where, key=key, values=values, baseline=baseline)


def measured(score: ImageScore, values: dict | None = None, baseline: dict | None = None):
    """Return the score with further metrics of the image and of the baseline."""
    return replace(
        score,
        values={**score.values, **(values or {})},
        baseline={**score.baseline, **(baseline or {})},
    )


def bound(differences: object, seed: int = 7):
    return paired_bootstrap(differences, resamples=4000, confidence=0.95, seed=seed)


def test_the_interval_is_near_the_normal_one_for_many_differences():
    differences = np.random.default_rng(0).normal(0.4, 2.0, 400)
    half = 1.96 * differences.std() / np.sqrt(400)
    interval = bound(differences)
    assert interval.mean == pytest.approx(differences.mean(), abs=1e-12)
    assert interval.low == pytest.approx(differences.mean() - half, abs=0.02)
    assert interval.high == pytest.approx(differences.mean() + half, abs=0.02)


def test_the_interval_of_two_values_is_known():
    """Means of two draws from {0, 1} are 0, 1/2 and 1 with chances 1/4, 1/2, 1/4."""
    wide = paired_bootstrap([0.0, 1.0], resamples=4000, confidence=0.95, seed=1)
    narrow = paired_bootstrap([0.0, 1.0], resamples=4000, confidence=0.4, seed=1)
    assert (wide.low, wide.mean, wide.high) == (0.0, 0.5, 1.0)
    assert narrow.low == narrow.high == 0.5


def test_the_same_seed_gives_the_same_interval_and_another_does_not():
    differences = np.random.default_rng(1).normal(size=30)
    assert bound(differences) == bound(differences)
    assert bound(differences) != bound(differences, seed=8)


def test_a_shift_of_every_difference_shifts_the_interval():
    differences = np.random.default_rng(2).normal(size=24)
    plain, shifted = bound(differences), bound(differences + 3.0)
    assert shifted.low == pytest.approx(plain.low + 3, abs=1e-9)
    assert shifted.high == pytest.approx(plain.high + 3, abs=1e-9)


def test_many_images_are_drawn_in_parts_without_a_seam(monkeypatch: pytest.MonkeyPatch):
    differences = np.random.default_rng(3).normal(size=10)
    whole = bound(differences)
    monkeypatch.setattr("lienet.evaluation.benchmark._MAX_DRAWS_AT_ONCE", 70)
    assert bound(differences) == whole


def test_one_image_has_an_interval_of_no_width():
    interval = bound([0.25])
    assert (interval.low, interval.mean, interval.high) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize("differences", [[], [0.1, float("nan")], [float("inf")], [[0.1, 0.2]]])
def test_differences_that_say_nothing_are_refused(differences: list[float]):
    with pytest.raises(DataError, match="finite differences"):
        bound(differences)


def test_a_summary_averages_within_protocol_and_test_set():
    scores = [
        make_score("a", 26.0, 25.0, vmaf=70.0),
        make_score("b", 30.0, 28.0, vmaf=80.0),
        make_score("c", 20.0, 21.0, test_set="clic2025"),
        make_score("a", 24.0, 23.5, protocol="x4_q20_rgb", vmaf=None),
    ]
    results = summarise(scores, partial(paired_bootstrap, resamples=1000, confidence=0.95, seed=0))
    kodak = results["x4_q20_luma"]["kodak24"]
    assert (kodak.num_images, kodak.means["psnr_db"], kodak.means["vmaf"]) == (2, 28.0, 75.0)
    assert kodak.gains["psnr_db"] == Interval(1.5, 1.0, 2.0)
    assert kodak.means["ssim"] == pytest.approx(0.7)
    assert kodak.gains["ssim"].mean == pytest.approx(0.0375)
    assert results["x4_q20_luma"]["clic2025"].gains["psnr_db"].mean == -1.0
    assert "vmaf" not in results["x4_q20_rgb"]["kodak24"].means


def test_whole_image_measures_have_gains_only_where_both_sides_were_measured():
    scores = [
        measured(make_score("a", 26.0, 25.0), {"ciede2000": 4.0}, {"vmaf": 70.0}),
        measured(make_score("b", 26.0, 25.0), {"ciede2000": 2.0}, {"vmaf": 75.0}),
    ]
    result = summarise(scores, partial(paired_bootstrap, resamples=500, confidence=0.95, seed=0))[
        "x4_q20_luma"
    ]["kodak24"]
    assert result.means["vmaf"] == 80.0
    assert result.gains["vmaf"] == Interval(7.5, 5.0, 10.0)
    assert result.means["ciede2000"] == 3.0
    assert "ciede2000" not in result.gains
    assert "sharpness" not in result.means


def test_less_colour_error_than_the_baseline_is_a_gain_below_zero():
    scores = [measured(make_score("a", 26.0, 25.0), {"ciede2000": 4.0}, {"ciede2000": 9.0})]
    results = summarise(scores, partial(paired_bootstrap, resamples=10, confidence=0.95, seed=0))
    assert results["x4_q20_luma"]["kodak24"].gains["ciede2000"].mean == -5.0


def test_protocols_are_chosen_by_task_and_scale(repository: Path):
    protocols = load_params(repository / "params.yaml").evaluate.protocols
    assert {each.scale for each in select_protocols(protocols, task="sr", scale=4).values()} == {4}
    every = select_protocols(protocols, task="sr", scale=None)
    assert every == {name: each for name, each in protocols.items() if each.task == "sr"}
    assert {each.scale for each in every.values()} == {2, 4}
    assert set(select_protocols(protocols, task="face", scale=1)) == {"face_luma", "face_rgb"}
    with pytest.raises(ParamsError, match="scale 3"):
        select_protocols(protocols, task="sr", scale=3)


def test_figures_are_flattened_and_the_headline_averages_images_of_all_sets():
    scores = [
        make_score("a", 30.0, 29.0),
        make_score("b", 20.0, 18.0),
        make_score("c", 28.0, 25.0, vmaf=None, test_set="own"),
        make_score("a", 10.0, 10.0, protocol="other"),
    ]
    results = summarise(scores, partial(paired_bootstrap, resamples=50, confidence=0.9, seed=1))
    flat = flatten_results(results, headline="x4_q20_luma")
    assert flat["x4_q20_luma/kodak24/psnr_db"] == 25.0
    assert flat["x4_q20_luma/own/psnr_gain_db"] == 3.0
    assert flat["other/kodak24/psnr_db"] == 10.0
    assert flat["psnr_db"] == 26.0, "the mean over images, not over sets"
    assert flat["psnr_gain_db"] == 2.0
    assert flat["x4_q20_luma/kodak24/vmaf"] == 80.0
    assert "vmaf" not in flat, "not of every image"
    assert "x4_q20_luma/own/vmaf" not in flat
