"""per_image.csv holds what is needed to compute every mean and interval again."""

from __future__ import annotations

import csv
import io

import pytest

from lienet.evaluation.intervals import estimate_mean
from lienet.evaluation.scores import ImageScore
from lienet.params import Params
from lienet.report.evaluations import read_evaluations
from lienet.report.image_scores import render_image_scores
from lienet.report.paired_differences import compare_pairs


@pytest.fixture(scope="module")
def evaluations(params, workspace):
    return read_evaluations(params, workspace)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_there_is_a_line_for_each_image_method_and_protocol(params, evaluations, per_image):
    lines = read(render_image_scores(params, evaluations, per_image))
    assert list(lines[0])[:9] == [
        "task", "protocol", "test_set", "key", "model", "seed", "psnr_db", "ssim", "vmaf",
    ]  # fmt: skip
    assert len(lines) == 3 * (2 * 5 + 2 * 1), "three images, bicubic alone at x2"
    seeds = {line["model"]: line["seed"] for line in lines}
    assert seeds == {
        "bicubic": "", "srgan": "20260", "esrgan": "20260", "sftgan": "20260", "lienet": "20260",
    }  # fmt: skip
    assert {line["sharpness"] for line in lines} == {""}


def test_an_interval_of_the_report_can_be_computed_from_it(params, evaluations, groups, per_image):
    lines = read(render_image_scores(params, evaluations, per_image))
    scores = {
        model: [
            float(line["psnr_db"])
            for line in lines
            if (line["protocol"], line["test_set"], line["model"])
            == ("x4_q20_luma", "mixed", model)
        ]
        for model in ("lienet", "srgan")
    }
    differences = [one - two for one, two in zip(scores["lienet"], scores["srgan"], strict=True)]
    expected = compare_pairs(groups[:1], per_image, confidence=0.95)[1].differences["psnr_db"]
    found = estimate_mean(differences).bound(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_seeds_of_one_model_share_its_name(params: Params, evaluations, per_image):
    content = params.model_dump()
    again = content["models"]["sr-lienet"] | {"name": "lienet_again", "seed": 1}
    content["models"]["sr-lienet_again"] = again | {"replicate_of": "sr-lienet"}
    seeded = Params.model_validate(content)
    first = evaluations[-1]
    second = first.model_copy(update={"model": "lienet_again"})
    own = {place: scores for place, scores in per_image.items() if place[1] == "lienet"}
    own |= {(task, "lienet_again", *rest): each for (task, _, *rest), each in own.items()}
    lines = read(render_image_scores(seeded, [first, second], own))
    assert {(line["model"], line["seed"]) for line in lines} == {
        ("lienet", "20260"),
        ("lienet", "1"),
    }
    assert len(lines) == 2 * 2 * 3


def test_what_was_not_measured_is_empty_and_figures_have_six_decimals(params, evaluations):
    score = ImageScore("x4_q20_luma", "mixed", "a", {"psnr_db": 30.12345678, "ssim": 0.5})
    first = evaluations[-1]
    result = first.results["x4_q20_luma"]["mixed"]
    alone = first.model_copy(update={"results": {"x4_q20_luma": {"mixed": result}}})
    place = ("sr", "lienet", "x4_q20_luma", "mixed")
    (line,) = read(render_image_scores(params, [alone], {place: {"a": score}}))
    assert (line["psnr_db"], line["ssim"], line["vmaf"]) == ("30.123457", "0.5", "")
