from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from pydantic import ValidationError

from lienet.errors import ToolError
from lienet.evaluation.measures import BatchMetric, PairMetric
from lienet.evaluation.metrics import (
    measure_ciede2000,
    measure_psnr,
    measure_relative_sharpness,
    measure_ssim,
)
from lienet.evaluation.optional.flip import measure_flip
from lienet.evaluation.optional.niqe import load_clean_model
from lienet.evaluation.optional.packages import PACKAGES
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
        ("ssimulacra2", False, True),
        ("flip", True, True),
        ("niqe", True, True),
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


def test_no_profile_asks_for_what_needs_another_package(repository: Path):
    for path in sorted((repository / "profiles").glob("*.yaml")):
        named = set(load_params(path).evaluate.metrics)
        assert named <= {"vmaf", "ciede2000", "sharpness"}, path.name


def test_niqe_alone_needs_no_reference():
    assert [name for name in metrics.names() if not metrics.get(name).needs_reference] == ["niqe"]


@pytest.mark.parametrize("name", ["ssimulacra2", "flip"])
def test_metrics_of_packages_are_measured_and_say_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setitem(PACKAGES, name, ("lienet-no-such-package", "1"))
    with pytest.raises(ToolError, match=f"the metric {name} needs lienet-no-such-package 1"):
        metrics.get(name)().require_tools()
    monkeypatch.undo()
    pytest.importorskip({"flip": "flip_evaluator"}.get(name, name))
    metric = metrics.get(name)()
    metric.require_tools()
    equal, other = (metric.measure(REFERENCE, pixels) for pixels in (REFERENCE, DARKER))
    assert equal == {"flip": 0.0, "ssimulacra2": 100.0}[name]
    assert (other > equal) == metric.is_less_better


def test_flip_has_the_pixels_per_degree_of_params():
    pytest.importorskip("flip_evaluator")
    near = metrics.get("flip").model_validate({"pixels_per_degree": 30})
    blurred = np.ascontiguousarray(REFERENCE[::-1])
    assert near.measure(REFERENCE, blurred) == measure_flip(
        REFERENCE, blurred, pixels_per_degree=30.0
    )
    assert near.measure(REFERENCE, blurred) != metrics.get("flip")().measure(REFERENCE, blurred)
    for refused in (0, float("nan"), float("inf")):
        with pytest.raises(ValidationError, match="pixels_per_degree"):
            metrics.get("flip").model_validate({"pixels_per_degree": refused})


def test_niqe_looks_at_no_reference_and_takes_the_model_of_params(tmp_path: Path):
    photograph = np.ascontiguousarray(skimage.data.astronaut())
    shipped, model = metrics.get("niqe")(), load_clean_model()
    shipped.require_tools()
    assert shipped.measure(REFERENCE, photograph) == model.measure(photograph)
    further = replace(model, means=model.means + 1.0)
    (tmp_path / "mine.json").write_text(further.as_json())
    mine = metrics.get("niqe").model_validate({"model": str(tmp_path / "mine.json")})
    assert mine.measure(REFERENCE, photograph) == further.measure(photograph)
    missing = metrics.get("niqe").model_validate({"model": str(tmp_path / "none.json")})
    with pytest.raises(ToolError, match=r"none\.json cannot be read: No such file"):
        missing.require_tools()
