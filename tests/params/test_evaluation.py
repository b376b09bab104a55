"""Metrics that params name: lienet's own, or registered ones with settings of their own."""

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
