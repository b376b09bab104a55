"""A budget in latency names a reference that a task's models can be compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lienet.errors import ParamsError
from lienet.params import LatencyBudget, Params, parse_params


@pytest.fixture
def content(repository: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((repository / "profiles/sample.yaml").read_text())
    return loaded


def parse_with(content: dict[str, Any], budget: object) -> Params:
    content["promote"]["tasks"]["sr"]["max_latency"] = budget
    return parse_params(yaml.safe_dump(content), name="params.yaml")


def test_a_budget_is_read_and_none_is_the_default(content: dict[str, Any]):
    without = parse_params(yaml.safe_dump(content), name="params.yaml")
    assert without.promote.tasks["sr"].max_latency is None
    assert parse_with(content, None) == without
    found = parse_with(content, {"reference": "sr-srgan", "ratio": 1.2})
    expected = LatencyBudget(reference="sr-srgan", ratio=1.2)
    assert found.promote.tasks["sr"].max_latency == expected


@pytest.mark.parametrize("ratio", [0, -1.0, float("inf"), float("nan"), None, "fast"])
def test_a_ratio_is_finite_and_above_zero(content: dict[str, Any], ratio: object):
    with pytest.raises(ParamsError, match=r"promote\.tasks\.sr\.max_latency\.ratio: ") as caught:
        parse_with(content, {"reference": "sr-srgan", "ratio": ratio})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("sr-lost", "must be a key of models, got sr-lost"),
        ("sr-bicubic", "must be a key of models, got sr-bicubic"),
        ("face-lienet", "must be of the task sr, got face-lienet of face"),
        ("sr-small", "must be of scale 4 as its protocol, got sr-small of 2"),
    ],
)
def test_a_reference_that_cannot_be_compared_with_is_refused(
    content: dict[str, Any], reference: str, said: str
):
    content["synthesize"]["tasks"]["sr"]["scales"] = [2, 4]
    content["models"]["sr-small"] = content["models"]["sr-lienet"] | {"name": "small", "scale": 2}
    with pytest.raises(ParamsError) as caught:
        parse_with(content, {"reference": reference, "ratio": 1.2})
    expected = f"promote.tasks.sr.max_latency.reference {said}; edit params.yaml"
    assert str(caught.value) == expected
