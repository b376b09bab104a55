from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from lienet.evaluation.measures import BatchMetric, PairMetric
from lienet.evaluation.metrics import (
    measure_ciede2000,
    measure_psnr,
    measure_relative_sharpness,
    measure_ssim,
)
from lienet.evaluation.vmaf import measure_vmaf
from lienet.params import load_params, metrics

REFERENCE = np.ascontiguousarray(skimage.data.astronaut()[:64, 180:260])
DARKER = (REFERENCE * 0.9).astype(np.uint8)


def test_each_metric_measures_what_its_function_does():
    colour, sharpness = metrics.get("ciede2000")(), metrics.get("sharpness")()
    assert colour.measure(REFERENCE, DARKER) == measure_ciede2000(REFERENCE, DARKER)
    assert sharpness.measure(REFERENCE, DARKER) == measure_relative_sharpness(REFERENCE, DARKER)
    ratio_db, similarity = metrics.get("psnr_db")(), metrics.get("ssim")()
    assert ratio_db.measure(REFERENCE, DARKER) == measure_psnr(REFERENCE, DARKER)
    assert similarity.measure(REFERENCE, DARKER) == measure_ssim(REFERENCE, DARKER)


def test_vmaf_measures_pairs_in_one_batch():
    vmaf = metrics.get("vmaf")()
    assert isinstance(vmaf, BatchMetric)
    batch = vmaf.open_batch()
    batch.add("darker", REFERENCE, DARKER)
    assert batch.finish() == {"darker": measure_vmaf(REFERENCE, DARKER)}
    assert vmaf.measure(REFERENCE, DARKER) == measure_vmaf(REFERENCE, DARKER)


@pytest.mark.parametrize(
    ("name", "is_less_better", "is_ranked"),
    [
        ("psnr_db", False, True),
        ("ssim", False, True),
        ("vmaf", False, True),
        ("ciede2000", True, True),
        ("sharpness", False, False),
    ],
)
def test_directions_say_which_values_are_better(name: str, is_less_better: bool, is_ranked: bool):
    metric = metrics.get(name)
    assert (metric.is_less_better, metric.is_ranked) == (is_less_better, is_ranked)
    assert metric.title


def test_what_protocols_measure_is_registered_and_not_named_in_params(repository: Path):
    named = load_params(repository / "params.yaml").evaluate.metrics
    of_protocols = {
        name for name in ("psnr_db", "ssim", *named) if issubclass(metrics.get(name), PairMetric)
    }
    assert of_protocols == {"psnr_db", "ssim"}
