from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError, ParamsError
from lienet.evaluation.benchmark import (
    ImageScore,
    flatten_results,
    format_results,
    mean_or_none,
    paired_bootstrap,
    results_as_json,
    scores_as_csv,
    select_protocols,
    summarise,
)
from lienet.params import load_params


def make_score(
    key: str, psnr_db: float, baseline_psnr_db: float, vmaf: float | None = 80.0, **names: str
) -> ImageScore:
    where = {"protocol": "x4_q20_luma", "test_set": "kodak24"} | names
    return ImageScore(
        **where,
        key=key,
        psnr_db=psnr_db,
        ssim=psnr_db / 40,
        vmaf=vmaf,
        baseline_psnr_db=baseline_psnr_db,
        baseline_ssim=baseline_psnr_db / 40,
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
    results = summarise(scores, resamples=1000, confidence=0.95, seed=0)
    kodak = results["x4_q20_luma"]["kodak24"]
    assert (kodak.num_images, kodak.psnr_db, kodak.vmaf) == (2, 28.0, 75.0)
    assert (kodak.psnr_gain_db, kodak.psnr_gain_low_db, kodak.psnr_gain_high_db) == (1.5, 1.0, 2.0)
    assert kodak.ssim == pytest.approx(0.7)
    assert kodak.ssim_gain == pytest.approx(0.0375)
    assert results["x4_q20_luma"]["clic2025"].psnr_gain_db == -1.0
    assert results["x4_q20_rgb"]["kodak24"].vmaf is None


def test_whole_image_measures_have_gains_only_where_both_sides_were_measured():
    scores = [
        replace(make_score("a", 26.0, 25.0), baseline_vmaf=70.0, ciede2000=4.0),
        replace(make_score("b", 26.0, 25.0), baseline_vmaf=75.0, ciede2000=2.0),
    ]
    result = summarise(scores, resamples=500, confidence=0.95, seed=0)["x4_q20_luma"]["kodak24"]
    assert (result.vmaf, result.vmaf_gain) == (80.0, 7.5)
    assert (result.vmaf_gain_low, result.vmaf_gain_high) == (5.0, 10.0)
    assert (result.ciede2000, result.ciede2000_gain) == (3.0, None)
    assert (result.sharpness, result.sharpness_gain) == (None, None)


def test_less_colour_error_than_the_baseline_is_a_gain_below_zero():
    scores = [replace(make_score("a", 26.0, 25.0), ciede2000=4.0, baseline_ciede2000=9.0)]
    results = summarise(scores, resamples=10, confidence=0.95, seed=0)
    assert results["x4_q20_luma"]["kodak24"].ciede2000_gain == -5.0
    assert "4.00" in format_results(results)


def test_a_mean_is_not_taken_over_part_of_the_images():
    assert mean_or_none([1.0, 3.0]) == 2.0
    assert mean_or_none([1.0, None]) is None
    assert mean_or_none([]) is None


def test_results_and_scores_are_written_as_others_read_them():
    scores = [make_score("a", 26.123456789, 25.0), make_score("b", 30.0, 28.0, vmaf=None)]
    rows = list(csv.DictReader(io.StringIO(scores_as_csv(scores))))
    assert list(rows[0]) == [
        "protocol", "test_set", "key", "psnr_db", "ssim", "vmaf", "baseline_psnr_db",
        "baseline_ssim", "baseline_vmaf", "ciede2000", "baseline_ciede2000", "sharpness",
        "baseline_sharpness",
    ]  # fmt: skip
    assert rows[0]["psnr_db"] == "26.123457"
    assert rows[1]["vmaf"] == ""
    results = summarise(scores, resamples=100, confidence=0.9, seed=0)
    shown = results_as_json(results)["x4_q20_luma"]["kodak24"]
    assert shown["num_images"] == 2
    assert shown["psnr_db"] == 28.061728
    assert shown["vmaf"] is None
    assert set(shown) == {
        "num_images", "psnr_db", "ssim", "vmaf", "psnr_gain_db", "psnr_gain_low_db",
        "psnr_gain_high_db", "ssim_gain", "ssim_gain_low", "ssim_gain_high",
        "vmaf_gain", "vmaf_gain_low", "vmaf_gain_high",
        "ciede2000", "ciede2000_gain", "ciede2000_gain_low", "ciede2000_gain_high",
        "sharpness", "sharpness_gain", "sharpness_gain_low", "sharpness_gain_high",
    }  # fmt: skip
    assert "28.062   +1.562" in format_results(results)


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
    results = summarise(scores, resamples=50, confidence=0.9, seed=1)
    flat = flatten_results(results, headline="x4_q20_luma")
    assert flat["x4_q20_luma/kodak24/psnr_db"] == 25.0
    assert flat["x4_q20_luma/own/psnr_gain_db"] == 3.0
    assert flat["other/kodak24/psnr_db"] == 10.0
    assert flat["psnr_db"] == 26.0, "the mean over images, not over sets"
    assert flat["psnr_gain_db"] == 2.0
    assert flat["x4_q20_luma/kodak24/vmaf"] == 80.0
    assert "vmaf" not in flat, "not of every image"
    assert "x4_q20_luma/own/vmaf" not in flat
