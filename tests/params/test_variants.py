"""Test images come as all others do, or once for each JPEG quality that a task states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from lienet.params import Degradation, Params
from lienet.params.variants import Variant, find_variant, list_variants


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
    assert list_variants(face) == [Variant(face)]
    assert find_variant(face, None, None) == Variant(face)
    assert find_variant(face, 20, "4:2:0") is None


def test_a_variant_is_found_by_the_jpeg_that_it_makes(content: dict[str, Any]):
    degradation = tasks_of(content)["sr"]
    variants = list_variants(degradation)
    assert [each.ending for each in variants] == ["_q10", "_q20"]
    assert find_variant(degradation, 10, "4:2:0") == variants[0]
    for quality, chroma in ((30, "4:2:0"), (10, "4:4:4"), (None, None)):
        assert find_variant(degradation, quality, chroma) is None


def test_faces_of_several_sizes_are_found_by_their_side(content: dict[str, Any]):
    content["synthesize"]["tasks"]["face"]["test_sides_px"] = [64, 128]
    face = tasks_of(content)["face"]
    assert [(each.ending, each.side_px) for each in list_variants(face)] == [
        ("", None),
        ("_64px", 64),
        ("_128px", 128),
    ]
    found = find_variant(face, None, None, side_px=128)
    assert found is not None
    assert found.ending == "_128px"
    assert find_variant(face, None, None, side_px=96) is None


@pytest.mark.parametrize("sides", [[62], [130], [64, 64]])
def test_sides_that_cannot_be_are_refused(content: dict[str, Any], sides: list[int]):
    content["synthesize"]["tasks"]["face"]["test_sides_px"] = sides
    with pytest.raises(ValidationError, match=r"greater than or equal to 64|must differ and be"):
        Params.model_validate(content)


def test_protocols_may_ask_for_the_sides_of_test_images_alone(content: dict[str, Any]):
    content["synthesize"]["tasks"]["face"]["test_sides_px"] = [64]
    protocols = content["evaluate"]["protocols"]
    protocols["face_64px"] = protocols["face_rgb"] | {"side_px": 64}
    written = Params.model_validate(content).model_dump(mode="json")["evaluate"]["protocols"]
    assert written["face_64px"]["side_px"] == 64
    assert "side_px" not in written["face_rgb"]
    protocols["face_96px"] = protocols["face_rgb"] | {"side_px": 96}
    with pytest.raises(ValidationError, match="face_96px asks for inputs that synthesize does not"):
        Params.model_validate(content)


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
