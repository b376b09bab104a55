from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.evaluation.intervals import estimate_mean
from lienet.evaluation.scores import ImageScore
from lienet.params import Params, load_params
from lienet.promotion.gate import Candidate, is_comparable, judge
from lienet.promotion.latency import LatencyComparison
from tests.promotion.latency_budget import with_latency_budget
from tests.promotion.measured import NUM_IMAGES, make_scores

DECIDING = "x4_q20_luma"


@pytest.fixture(scope="module")
def params(repository: Path) -> Params:
    return load_params(repository / "profiles" / "sample.yaml")


def with_values(score: ImageScore, **changes: float | None) -> ImageScore:
    """Return a score of which these metrics are others, or, if None, not measured."""
    values = {**score.values, **changes}
    return replace(score, values={n: each for n, each in values.items() if each is not None})


def make_candidate(params: Params, gain_db: float, name: str = "small", **changes) -> Candidate:
    scores = make_scores(gain_db, changes=changes.pop("scores", None))
    made = Candidate(
        name=name,
        scale=4,
        num_params=1000,
        num_macs=10**9,
        macs_output_px=(720, 1280),
        parity_error=1e-6,
        parity_tolerance=1e-4,
        test_sha256="ab" * 32,
        protocols={each: params.evaluate.protocols[each] for each in (DECIDING, "x4_q20_rgb")},
        scores=scores,
    )
    return made.model_copy(update=changes)


def test_the_first_model_must_beat_the_baseline(params: Params):
    verdict = judge(params, "sr", make_candidate(params, 0.5), None)
    assert verdict.passed
    assert verdict.against == "the baseline"
    assert verdict.num_images == NUM_IMAGES
    assert verdict.gain is not None
    assert verdict.gain.mean == pytest.approx(0.5, abs=0.01)
    assert verdict.gain.low > 0
    worse = judge(params, "sr", make_candidate(params, -0.5), None)
    assert not worse.passed
    assert "the gain over the baseline is -0.5" in worse.reasons[0]


def test_an_equal_model_is_not_better_and_a_better_one_is(params: Params):
    champion = make_candidate(params, 0.5, "champion")
    same = judge(params, "sr", make_candidate(params, 0.5), champion)
    assert not same.passed
    assert same.gain is not None
    assert same.gain.low == same.gain.high == 0.0
    assert judge(params, "sr", make_candidate(params, 0.51), champion).passed
    assert not judge(params, "sr", champion, make_candidate(params, 0.51)).passed


def test_a_gain_whose_interval_holds_zero_is_none(params: Params):
    champion = make_candidate(params, 0.5, "champion")
    scores = [
        with_values(score, psnr_db=score.values["psnr_db"] + (0.3 if place % 2 else -0.28))
        for place, score in enumerate(champion.scores)
    ]
    verdict = judge(params, "sr", champion.model_copy(update={"scores": scores}), champion)
    assert verdict.gain is not None
    assert verdict.gain.low < 0 < verdict.gain.mean
    assert "which is not above zero" in verdict.reasons[0]


def gain_by(params: Params, differences: Sequence[float]) -> bool:
    """Return whether a first model passes whose images gain these over the baseline."""
    scores = [
        ImageScore(
            DECIDING,
            "near",
            f"{place:03}",
            {"psnr_db": 25.0 + difference, "ssim": 0.8},
            {"psnr_db": 25.0, "ssim": 0.8},
        )
        for place, difference in enumerate(differences)
    ]
    candidate = make_candidate(params, 0.5).model_copy(update={"scores": scores})
    return judge(params, "sr", candidate, None).passed


def excludes_zero_by_percentiles(differences: Sequence[float]) -> bool:
    """Return whether a 95% percentile bootstrap interval lies above zero."""
    values = np.asarray(differences)
    draws = np.random.default_rng(0).integers(values.size, size=(4000, values.size))
    return bool(np.quantile(values[draws].mean(axis=1), 0.025) > 0.0)


def test_whatever_passes_would_pass_by_a_percentile_bootstrap_too(params: Params):
    """A few images that lose much are where the two differ most: by a 95% t interval some pass."""
    generator = np.random.default_rng(2)
    samples = [
        [1.0] * (num - lost) + [-loss] * lost
        for num in (10, 24, 100)
        for lost in (1, 2, 4)
        for loss in np.linspace(0.1, 0.7, 40) * num / lost
    ]
    samples += [list(generator.normal(0.8, 1.0, num)) for num in (2, 3, 6, 10, 34) for _ in "12345"]
    passed = [each for each in samples if gain_by(params, each)]
    assert len(passed) > 60
    assert sum(not excludes_zero_by_percentiles(each) for each in passed) == 0


def test_the_gate_asks_for_more_than_a_report_s_interval(params: Params):
    """Ten images, t = 2.7: more than the 2.26 of 95%, less than the 3.25 of 99%."""
    spread = np.array([-1.0, 1.0] * 5)
    mean = 2.7 * (10 / 9) ** 0.5 / 10**0.5
    assert estimate_mean(spread + mean).bound(0.95).low > 0
    assert not gain_by(params, list(spread + mean))
    assert gain_by(params, list(spread + mean * 3.3 / 2.7))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"num_params": 150_001}, "150,001 parameters exceed promote.tasks.sr.max_params 150,000"),
        ({"num_macs": 20_000_000_001}, "multiply-adds exceed promote.tasks.sr.max_macs"),
        ({"macs_output_px": (10, 10)}, r"were counted for \(10, 10\) px, not for \(720, 1280\)"),
        ({"parity_error": 2e-4}, "ONNX strays 2.0e-04 from torch, tolerance 1.0e-04"),
        ({"parity_error": float("nan")}, "ONNX strays nan"),
        ({"scores": {"ssim": -0.003}}, "ssim under x4_q20_luma on near is worse by 0.0030"),
        ({"scores": {"vmaf": -1.5}}, "vmaf under x4_q20_rgb on near is worse by 1.5000"),
    ],
)
def test_what_exceeds_a_limit_or_falls_is_kept_out(params: Params, changes, reason: str):
    champion = make_candidate(params, 0.5, "champion")
    verdict = judge(params, "sr", make_candidate(params, 0.9, **changes), champion)
    assert not verdict.passed
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError("; ".join(verdict.reasons))


def test_a_network_slower_than_its_budget_is_kept_out_with_both_figures(params: Params):
    budgeted = with_latency_budget(params, "sr-srgan", 1.2)
    slow = LatencyComparison(242.0, "sr-srgan", 107.0, 242.0 / 107.0, 1.2, (180, 320))
    verdict = judge(budgeted, "sr", make_candidate(params, 0.5, latency=slow), None)
    expected = (
        "latency 242.0 ms is 2.262 times the 107.0 ms of sr-srgan, "
        "which exceeds promote.tasks.sr.max_latency.ratio 1.2"
    )
    assert (verdict.reasons, verdict.latency) == ((expected,), slow)


def test_a_network_within_its_latency_budget_passes_and_the_verdict_says_both(params: Params):
    budgeted = with_latency_budget(params, "sr-srgan", 1.2)
    quick = LatencyComparison(120.0, "sr-srgan", 100.0, 1.2, 1.2, (180, 320))
    verdict = judge(budgeted, "sr", make_candidate(params, 0.5, latency=quick), None)
    assert (verdict.passed, verdict.latency) == (True, quick)


def test_a_latency_that_cannot_be_compared_is_a_reason_only_under_a_budget(params: Params):
    candidate = make_candidate(params, 0.5, latency_refusal="no evaluation")
    assert judge(params, "sr", candidate, None).passed
    budgeted = with_latency_budget(params, "sr-srgan", 1.2)
    verdict = judge(budgeted, "sr", candidate, None)
    assert (verdict.reasons, verdict.latency) == (("no evaluation",), None)
    unasked = judge(budgeted, "sr", make_candidate(params, 0.5), None)
    expected = "latency was not compared, which promote.tasks.sr.max_latency asks for"
    assert unasked.reasons == (expected,)


def test_what_falls_within_its_tolerance_or_without_one_passes(params: Params):
    champion = make_candidate(params, 0.5, "champion")
    a_little = make_candidate(params, 0.9, scores={"ssim": -0.0019, "vmaf": -0.9})
    assert judge(params, "sr", a_little, champion).passed
    much = make_candidate(params, 0.9, scores={"vmaf": -30.0})
    free = params.promote.tolerances | {"vmaf": None}
    rule = params.promote.model_copy(update={"tolerances": free})
    assert judge(params.model_copy(update={"promote": rule}), "sr", much, champion).passed


def test_a_colour_error_that_rises_is_a_fall(params: Params):
    champion = make_candidate(params, 0.5, "champion")
    with_colour = [with_values(score, ciede2000=3.0) for score in champion.scores]
    champion = champion.model_copy(update={"scores": with_colour})
    better = make_candidate(params, 0.9)
    higher = [with_values(score, ciede2000=3.3) for score in better.scores]
    lower = [with_values(score, ciede2000=2.0) for score in better.scores]
    verdict = judge(params, "sr", better.model_copy(update={"scores": higher}), champion)
    assert "ciede2000 under x4_q20_luma on near is worse by 0.3000" in verdict.reasons[0]
    assert judge(params, "sr", better.model_copy(update={"scores": lower}), champion).passed


def test_too_few_images_say_nothing(params: Params):
    rule = params.promote.model_copy(update={"min_images": NUM_IMAGES + 1})
    strict = params.model_copy(update={"promote": rule})
    verdict = judge(strict, "sr", make_candidate(params, 0.5), None)
    expected = f"{NUM_IMAGES} test images are fewer than promote.min_images {NUM_IMAGES + 1}"
    assert verdict.reasons == (expected,)


def test_a_measure_that_was_not_taken_decides_nothing(params: Params):
    candidate = make_candidate(params, 0.5)
    scores = [with_values(score, vmaf=None) for score in candidate.scores]
    rule = params.promote.model_copy(update={"measure": "vmaf"})
    by_vmaf = params.model_copy(update={"promote": rule})
    verdict = judge(by_vmaf, "sr", candidate.model_copy(update={"scores": scores}), None)
    assert verdict.gain is None
    assert verdict.reasons == (f"vmaf under {DECIDING} was not measured for both",)


def test_other_images_or_another_protocol_of_the_name_are_not_compared(params: Params):
    ours = make_candidate(params, 0.5)
    assert is_comparable(ours, make_candidate(params, 0.1))
    others = ours.model_copy(update={"test_sha256": "cd" * 32})
    cropped = params.evaluate.protocols[DECIDING].model_copy(update={"border_px": 9})
    otherwise = ours.model_copy(update={"protocols": {**ours.protocols, DECIDING: cropped}})
    fewer = ours.model_copy(update={"protocols": {DECIDING: ours.protocols[DECIDING]}})
    for other in (others, otherwise, fewer):
        assert not is_comparable(ours, other)
        with pytest.raises(DataError, match="was measured on other images"):
            judge(params, "sr", ours, other)
