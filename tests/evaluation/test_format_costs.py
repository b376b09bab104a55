from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.evaluation.format_costs import (
    FormatCost,
    FormatCosts,
    compare_scores,
    read_format_costs,
)
from lienet.evaluation.scores import ImageScore, Interval
from lienet.files import write_json


def bound(differences) -> Interval:
    return Interval(float(np.mean(differences)), min(differences), max(differences))


def score(key: str, psnr_db: float, **others: float) -> ImageScore:
    return ImageScore("luma", "kodak", key, {"psnr_db": psnr_db, "ssim": 0.5, **others})


OWN = [score("a", 30.0, vmaf=50.0), score("b", 20.0)]


def test_differences_are_taken_image_by_image():
    found = compare_scores([score("a", 29.0, vmaf=49.0), score("b", 19.5)], OWN, bound)
    measured = found["luma"]["kodak"]
    assert measured.num_images == 2
    assert set(measured.metrics) == {"psnr_db", "ssim"}
    psnr = measured.metrics["psnr_db"]
    assert (psnr.mean, psnr.difference) == (24.25, -0.75)
    assert (psnr.difference_low, psnr.difference_high) == (-1.0, -0.5)
    assert measured.metrics["ssim"].difference == 0


def test_an_image_that_the_network_was_not_measured_on_is_refused():
    with pytest.raises(DataError, match=r"c under luma was not measured"):
        compare_scores([score("c", 29.0)], OWN, bound)


def test_costs_are_read_as_they_were_written(tmp_path: Path):
    cost = FormatCost(
        format="onnx",
        tool="torch 2",
        reason=None,
        size_bytes=4,
        latency_ms={1: 2.5, 2: 1.5},
        peak_memory_mb=None,
        results=compare_scores(OWN, OWN, bound),
    )
    costs = FormatCosts(task="sr", model="m", weights_sha256="ab", formats=[cost])
    write_json(tmp_path / "costs.json", costs.model_dump(mode="json"))
    assert read_format_costs(tmp_path / "costs.json", remedy="again") == costs


def test_missing_and_broken_costs_are_one_error_each(tmp_path: Path):
    with pytest.raises(DataError, match=r"no costs of formats at .*; run it"):
        read_format_costs(tmp_path / "costs.json", remedy="run it")
    (tmp_path / "costs.json").write_text('{"task": "sr"}')
    with pytest.raises(DataError, match=r"is broken at model: .*; run it"):
        read_format_costs(tmp_path / "costs.json", remedy="run it")
