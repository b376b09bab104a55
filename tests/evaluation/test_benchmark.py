from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lienet.errors import ParamsError
from lienet.evaluation.benchmark import (
    flatten_results,
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


def span_of(differences: list[float]) -> Interval:
    return Interval(float(np.mean(differences)), min(differences), max(differences))


def measured(score: ImageScore, values: dict | None = None, baseline: dict | None = None):
    """Return the score with further metrics of the image and of the baseline."""
    return replace(
        score,
        values={**score.values, **(values or {})},
        baseline={**score.baseline, **(baseline or {})},
    )


def test_a_summary_averages_within_protocol_and_test_set():
    scores = [
        make_score("a", 26.0, 25.0, vmaf=70.0),
        make_score("b", 30.0, 28.0, vmaf=80.0),
        make_score("c", 20.0, 21.0, test_set="clic2025"),
        make_score("a", 24.0, 23.5, protocol="x4_q20_rgb", vmaf=None),
    ]
    results = summarise(scores, span_of)
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
    result = summarise(scores, span_of)["x4_q20_luma"]["kodak24"]
    assert result.means["vmaf"] == 80.0
    assert result.gains["vmaf"] == Interval(7.5, 5.0, 10.0)
    assert result.means["ciede2000"] == 3.0
    assert "ciede2000" not in result.gains
    assert "sharpness" not in result.means


def test_less_colour_error_than_the_baseline_is_a_gain_below_zero():
    scores = [measured(make_score("a", 26.0, 25.0), {"ciede2000": 4.0}, {"ciede2000": 9.0})]
    results = summarise(scores, span_of)
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
    results = summarise(scores, span_of)
    flat = flatten_results(results, headline="x4_q20_luma")
    assert flat["x4_q20_luma/kodak24/psnr_db"] == 25.0
    assert flat["x4_q20_luma/own/psnr_gain_db"] == 3.0
    assert flat["other/kodak24/psnr_db"] == 10.0
    assert flat["psnr_db"] == 26.0, "the mean over images, not over sets"
    assert flat["psnr_gain_db"] == 2.0
    assert flat["x4_q20_luma/kodak24/vmaf"] == 80.0
    assert "vmaf" not in flat, "not of every image"
    assert "x4_q20_luma/own/vmaf" not in flat
