"""Photographs are taken in turn from the test sets; a missing version is an error by name."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.images import encode_png
from lienet.report.pictures import load_comparisons
from lienet.workspace import Workspace


@pytest.fixture
def copy(workspace: Workspace, tmp_path) -> Workspace:
    shutil.copytree(workspace.root, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def limited(params, num_images: int):
    report = params.report.model_copy(update={"max_figure_images": num_images})
    return params.model_copy(update={"report": report})


def test_every_version_of_a_photograph_is_loaded(params, workspace, groups, per_image):
    comparisons = load_comparisons(params, workspace, groups, per_image)
    assert [each.key for each in comparisons] == ["mixed__cat", "mixed__cup", "solo__pilot"]
    first = comparisons[0]
    assert list(first.enhanced) == ["bicubic", "srgan", "esrgan", "sftgan", "lienet"]
    assert first.degraded.shape[0] * 4 == first.reference.shape[0]
    error = np.mean((first.enhanced["lienet"].astype(float) - first.reference) ** 2)
    assert first.psnr_db["lienet"] == pytest.approx(10 * np.log10(255**2 / error))


def test_test_sets_take_turns(params, workspace, groups, per_image):
    comparisons = load_comparisons(limited(params, 2), workspace, groups, per_image)
    assert [each.key for each in comparisons] == ["mixed__cat", "solo__pilot"]


def test_images_that_other_protocols_alone_measure_are_passed_over(params, copy, groups, per_image):
    for model in ("bicubic", "srgan", "esrgan", "sftgan", "lienet"):
        folder = copy.evaluation_dir("sr", model) / "images" / "x4" / "mixed"
        shutil.copy(folder / "mixed__cat.png", folder / "mixed__ant.png")
    stronger = {("sr", "lienet", "x4_q10_luma", "mixed"): {"mixed__ant": None}}
    comparisons = load_comparisons(params, copy, groups, per_image | stronger)
    assert [each.key for each in comparisons] == ["mixed__cat", "mixed__cup", "solo__pilot"]


def test_nothing_kept_gives_nothing(params, copy, groups, per_image):
    for model in ("bicubic", "srgan", "esrgan", "sftgan", "lienet"):
        shutil.rmtree(copy.evaluation_dir("sr", model) / "images")
    assert load_comparisons(params, copy, groups, per_image) == []


def test_a_version_that_is_missing_is_named(params, copy, groups, per_image):
    path = copy.evaluation_dir("sr", "esrgan") / "images" / "x4" / "mixed" / "mixed__cup.png"
    path.unlink()
    with pytest.raises(DataError, match=r"sr-esrgan has no picture of .*mixed__cup.png; run"):
        load_comparisons(params, copy, groups, per_image)


def test_a_version_of_another_size_is_refused(params, copy, groups, per_image):
    path = copy.evaluation_dir("sr", "srgan") / "images" / "x4" / "solo" / "solo__pilot.png"
    path.write_bytes(encode_png(np.zeros((8, 8, 3), np.uint8)))
    with pytest.raises(DataError, match=r"sr-srgan has no picture of 240x192 px at .*solo__pilot"):
        load_comparisons(params, copy, groups, per_image)


def test_an_image_that_the_shards_lack_is_refused(params, copy, groups, per_image):
    for model in ("bicubic", "srgan", "esrgan", "sftgan", "lienet"):
        folder = copy.evaluation_dir("sr", model) / "images" / "x4" / "mixed"
        shutil.copy(folder / "mixed__cat.png", folder / "mixed__ant.png")
    with pytest.raises(DataError, match="hold no mixed__ant"):
        load_comparisons(params, copy, groups, per_image)
