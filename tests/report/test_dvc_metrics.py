"""What DVC shows of each method: five figures, in a file of its own."""

from __future__ import annotations

import pytest

from lienet.evaluation.scores import Result
from lienet.report.dvc_metrics import list_dvc_metrics
from lienet.report.evaluations import read_evaluations


@pytest.fixture
def bicubic(params, workspace):
    """The evaluation of bicubic upsampling."""
    return read_evaluations(params, workspace)[0]


def test_each_method_has_a_file_with_the_same_five_figures(params, workspace):
    found = dict(list_dvc_metrics(params, read_evaluations(params, workspace)))
    names = ("bicubic", "srgan", "esrgan", "sftgan", "lienet")
    assert list(found) == [f"sr/{name}.json" for name in names]
    columns = ["psnr_db", "ssim", "vmaf", "psnr_gain_db", "latency_ms"]
    assert {tuple(figures) for figures in found.values()} == {tuple(columns)}


def test_the_means_are_those_of_the_figures_protocol_over_all_images(params, bicubic):
    named = params.report.figure_protocols["sr"]
    sets = {
        "small": Result(1, {"psnr_db": 20.0, "ssim": 0.5}, {}),
        "large": Result(3, {"psnr_db": 30.00004, "ssim": 0.7}, {}),
    }
    results = {"other": {"small": Result(1, {"psnr_db": 1.0, "ssim": 0.1}, {})}, named: sets}
    changed = bicubic.model_copy(update={"results": results, "latency_ms": 1.23456})
    ((_, figures),) = list_dvc_metrics(params, [changed])
    expected = {"psnr_db": 27.5, "ssim": 0.65, "vmaf": None, "psnr_gain_db": None}
    assert figures == expected | {"latency_ms": 1.235}


def test_a_method_without_that_protocol_is_shown_under_its_first(params, bicubic):
    results = {"other": {"small": Result(1, {"psnr_db": 21.0, "ssim": 0.1}, {})}}
    ((_, figures),) = list_dvc_metrics(params, [bicubic.model_copy(update={"results": results})])
    assert figures["psnr_db"] == 21.0
