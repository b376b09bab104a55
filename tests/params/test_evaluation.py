"""Metrics and protocols that params name: what they take, and what is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from pydantic import ValidationError

from lienet.errors import ParamsError
from lienet.params import Metric, Params, metrics


class Blocked(Metric):
    title: ClassVar = "blocks"
    block_px: int

    def measure(self, reference: Any, enhanced: Any) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics.names()  # lienet's own are there first
    monkeypatch.setattr(metrics, "_parts", dict(metrics._parts))
    metrics.register("blocked")(Blocked)


@pytest.fixture
def content(repository: Path) -> dict[str, Any]:
    return yaml.safe_load((repository / "params.yaml").read_text())


def test_a_metric_of_ones_own_is_measured_for_its_tasks_with_its_settings(content: dict[str, Any]):
    content["evaluate"]["metrics"]["blocked"] = {"tasks": ["face"], "block_px": 8}
    params = Params.model_validate(content)
    assert params.evaluate.metrics_of("face")["blocked"] == Blocked(tasks=("face",), block_px=8)
    assert list(params.evaluate.metrics_of("sr")) == ["vmaf"]
    dumped = params.model_dump()["evaluate"]["metrics"]["blocked"]
    assert dumped["block_px"] == 8


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("unknown", {}, "metric must be one of blocked, ciede2000, .*got unknown"),
        ("blocked", {}, "block_px"),
        ("blocked", {"block_px": 8, "more": 1}, "more"),
        ("vmaf", {"model": "x"}, "model"),
        ("ssim", {}, "ssim is measured under every protocol, and is not named here"),
    ],
)
def test_what_is_wrong_with_a_metric_is_named(
    content: dict[str, Any], name: str, settings: dict[str, Any], said: str
):
    content["evaluate"]["metrics"][name] = settings
    with pytest.raises((ParamsError, ValidationError), match=said):
        Params.model_validate(content)


def add_clean_task(content: dict[str, Any]) -> None:
    tasks = content["synthesize"]["tasks"]
    tasks["sr_clean"] = tasks["sr"] | {"jpeg_quality": None, "jpeg_chroma": None}
    tasks["sr_clean"]["scales"] = [2, 3, 4]
    content["train"]["overrides"]["sr_clean"] = {}
    for scale in (2, 3, 4):
        content["evaluate"]["protocols"][f"x{scale}_matlab"] = {
            "task": "sr_clean",
            "scale": scale,
            "jpeg_quality": None,
            "jpeg_chroma": None,
            "colour": "matlab_luma",
            "border_px": scale,
        }


def test_a_task_without_jpeg_has_all_three_scales_and_protocols_as_papers_measure(
    content: dict[str, Any],
):
    add_clean_task(content)
    params = Params.model_validate(content)
    assert params.synthesize.tasks["sr_clean"].list_scales() == (2, 3, 4)
    protocol = params.evaluate.protocols["x3_matlab"]
    assert protocol.grey_images == ()
    assert protocol.model_dump() == content["evaluate"]["protocols"]["x3_matlab"]
    grey = protocol.model_copy(update={"grey_images": ("sample__coffee",)})
    assert grey.model_dump(mode="json")["grey_images"] == ["sample__coffee"]
    content["synthesize"]["tasks"]["sr_clean"]["tile_px"] = 128
    with pytest.raises(ValidationError, match="tile_px and tile_stride_px must divide by 3"):
        Params.model_validate(content)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        (
            "x4_q20_luma",
            {"colour": "matlab_luma"},
            "x4_q20_luma.colour matlab_luma is for tasks of kind sr without JPEG",
        ),
        (
            "face_luma",
            {"colour": "matlab_luma"},
            "face_luma.colour matlab_luma is for tasks of kind sr without JPEG",
        ),
        (
            "x3_matlab",
            {"colour": "luma", "grey_images": ["sample__coffee"]},
            "x3_matlab.grey_images are told apart by matlab_luma alone",
        ),
        ("x3_matlab", {"colour": "ycbcr"}, "'rgb', 'luma' or 'matlab_luma'"),
    ],
)
def test_what_is_wrong_with_a_protocol_is_named(
    content: dict[str, Any], name: str, changes: dict[str, Any], said: str
):
    add_clean_task(content)
    content["evaluate"]["protocols"][name] |= changes
    with pytest.raises(ValidationError, match=said):
        Params.model_validate(content)
