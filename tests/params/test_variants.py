"""Test images come as all others do, or once for each JPEG quality that a task states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from lienet.params import Degradation, Params
from lienet.params.variants import find_variant, list_variants


@pytest.fixture
def content(repository: Path) -> dict[str, Any]:
    """The sample profile, its task ``sr`` tested at two qualities."""
    content = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    content["synthesize"]["tasks"]["sr"]["test_jpeg_qualities"] = [10, 20]
    return content


def tasks_of(content: dict[str, Any]) -> dict[str, Degradation]:
    return Params.model_validate(content).synthesize.tasks


def test_most_tasks_have_one_variant_which_is_their_own(content: dict[str, Any]):
    face = tasks_of(content)["face"]
    assert list_variants(face) == {"": face}
    assert find_variant(face, None, None) is face
    assert find_variant(face, 20, "4:2:0") is None


def test_a_variant_is_found_by_the_jpeg_that_it_makes(content: dict[str, Any]):
    degradation = tasks_of(content)["sr"]
    variants = list_variants(degradation)
    assert [*variants] == ["_q10", "_q20"]
    assert find_variant(degradation, 10, "4:2:0") == variants["_q10"]
    for quality, chroma in ((30, "4:2:0"), (10, "4:4:4"), (None, None)):
        assert find_variant(degradation, quality, chroma) is None


@pytest.mark.parametrize("quality", [20, [10, 60]])
def test_protocols_may_ask_for_the_qualities_of_test_images_alone(
    content: dict[str, Any], quality: object
):
    content["synthesize"]["tasks"]["sr"]["jpeg_quality"] = quality
    protocols = content["evaluate"]["protocols"]
    protocols["x4_q10_luma"] = protocols["x4_q20_luma"] | {"jpeg_quality": 10}
    assert "x4_q10_luma" in Params.model_validate(content).evaluate.protocols
    protocols["x4_q30_luma"] = protocols["x4_q20_luma"] | {"jpeg_quality": 30}
    with pytest.raises(ValidationError, match="x4_q30_luma asks for inputs that synthesize does"):
        Params.model_validate(content)
