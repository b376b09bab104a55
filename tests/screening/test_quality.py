from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import chelsea, coffee

from lienet.images import encode_jpeg, encode_png
from lienet.params import Gates
from lienet.screening.quality import (
    Quality,
    estimate_jpeg_quality,
    find_faults,
    measure_quality,
    measure_sharpness,
)

OPEN = Gates(
    min_side_px=None,
    min_sharpness=None,
    min_contrast=None,
    min_jpeg_quality=None,
    max_hash_distance=None,
)
GOOD = Quality(min_side_px=500, sharpness=0.7, contrast=50.0, jpeg_quality=90)


def _edge(sigma_px: float, contrast: int) -> np.ndarray:
    pixels = np.full((160, 160), 128 - contrast // 2, np.uint8)
    pixels[:, 80:] += np.uint8(contrast)
    return cv2.GaussianBlur(pixels, (0, 0), sigma_px)


@pytest.mark.parametrize("sigma_px", [2.0, 3.0, 5.0])
@pytest.mark.parametrize("contrast", [60, 120, 240])
def test_sharpness_tells_the_blur_of_an_edge_whatever_its_contrast(sigma_px: float, contrast: int):
    measured = measure_sharpness(_edge(sigma_px, contrast))
    assert measured == pytest.approx(0.77 / sigma_px, rel=0.06)


def test_a_sharp_subject_before_a_soft_ground_is_sharp():
    picture = cv2.GaussianBlur(coffee(), (0, 0), 6)
    assert measure_quality(picture).sharpness < 0.2
    picture[100:300, 150:450] = coffee()[100:300, 150:450]
    assert measure_quality(picture).sharpness > 0.5


def test_noise_on_a_blurred_picture_does_not_make_it_sharp():
    noise = np.random.default_rng(0).normal(0, 1.5, (300, 451, 3))
    blurred = cv2.GaussianBlur(chelsea(), (0, 0), 5) + noise
    assert measure_quality(blurred.clip(0, 255).astype(np.uint8)).sharpness < 0.25


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (15, 15), (40, 17)])
def test_slivers_and_plain_images_have_no_edge(shape: tuple[int, int]):
    quality = measure_quality(np.full((*shape, 3), 77, np.uint8))
    assert quality == Quality(min(shape), 0.0, 0.0, 0)


def test_contrast_is_the_deviation_of_luma():
    halves = np.zeros((32, 32, 3), np.uint8)
    halves[16:] = 100
    assert measure_quality(halves).contrast == 50.0


@pytest.mark.parametrize("quality", [1, 20, 49, 50, 51, 75, 90, 100])
def test_jpeg_quality_is_told_from_the_tables(quality: int):
    content = encode_jpeg(coffee()[:64, :64], quality=quality, chroma="4:2:0")
    assert estimate_jpeg_quality(content) == quality


def test_other_files_have_no_jpeg_quality():
    assert estimate_jpeg_quality(encode_png(coffee()[:64, :64])) == 0
    assert estimate_jpeg_quality(b"\xff\xd8\xff broken") == 0


@pytest.mark.parametrize(
    ("gate", "least", "fault"),
    [
        ("min_side_px", 501, "small"),
        ("min_sharpness", 0.71, "blurred"),
        ("min_contrast", 50.1, "flat"),
        ("min_jpeg_quality", 91, "compressed"),
    ],
)
def test_each_gate_refuses_below_its_threshold_and_can_be_open(gate: str, least: float, fault: str):
    assert find_faults(GOOD, OPEN) == ()
    assert find_faults(GOOD, OPEN.model_copy(update={gate: least})) == (fault,)
    measured = {"small": 500, "blurred": 0.7, "flat": 50.0, "compressed": 90}[fault]
    assert find_faults(GOOD, OPEN.model_copy(update={gate: measured})) == ()


def test_a_file_that_is_no_jpeg_passes_the_gate_of_jpeg():
    lossless = Quality(min_side_px=500, sharpness=0.7, contrast=50.0, jpeg_quality=0)
    assert find_faults(lossless, OPEN.model_copy(update={"min_jpeg_quality": 95})) == ()
