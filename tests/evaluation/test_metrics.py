from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from skimage.color import deltaE_ciede2000, rgb2lab

from lienet.errors import InputError
from lienet.evaluation.metrics import (
    PSNR_CEILING_DB,
    compute_luma,
    measure_ciede2000,
    measure_psnr,
    measure_relative_sharpness,
    measure_sharpness,
    measure_ssim,
    prepare_pair,
)


def flat(value: int | tuple[int, int, int], height_px: int = 16, width_px: int = 20) -> np.ndarray:
    return np.full((height_px, width_px, 3), value, np.uint8)


def noise(seed: int, height_px: int = 24, width_px: int = 30) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("colour", "luma"),
    [
        # MATLAB: round(rgb2ycbcr(...)) gives 16, 235, 81, 145, 41 for these.
        ((0, 0, 0), 16.0),
        ((255, 255, 255), 235.0),
        ((255, 0, 0), 81.481),
        ((0, 255, 0), 144.553),
        ((0, 0, 255), 40.966),
        ((51, 102, 204), 16 + 0.2 * 65.481 + 0.4 * 128.553 + 0.8 * 24.966),
    ],
)
def test_luma_is_that_of_matlab_before_it_rounds(colour: tuple[int, int, int], luma: float):
    np.testing.assert_allclose(compute_luma(flat(colour)), luma, atol=1e-12)


def test_psnr_of_a_constant_error_is_20_log10_of_255_over_it():
    psnr_db = measure_psnr(flat(100), flat(105))
    assert psnr_db == pytest.approx(20 * math.log10(255 / 5), abs=1e-9)
    assert psnr_db == pytest.approx(34.1514, abs=1e-4)


def test_psnr_averages_the_squared_error_over_channels():
    one_channel_off = flat((100, 100, 106))
    expected = 10 * math.log10(255**2 / (6**2 / 3))
    assert measure_psnr(flat(100), one_channel_off) == pytest.approx(expected, abs=1e-9)


def test_psnr_in_luma_sees_an_error_scaled_to_studio_range():
    expected = 20 * math.log10(255 / (5 * 219 / 255))
    assert measure_psnr(flat(100), flat(105), colour="luma") == pytest.approx(expected, abs=1e-9)


def test_luma_is_not_rounded():
    # A step of 1 in blue moves luma by 0.098, which rounding would hide.
    psnr_db = measure_psnr(flat((9, 9, 9)), flat((9, 9, 10)), colour="luma")
    assert psnr_db == pytest.approx(20 * math.log10(255 / (24.966 / 255)), abs=1e-6)


def test_identical_images_reach_the_stated_ceiling_and_one():
    for colour in ("rgb", "luma"):
        assert measure_psnr(noise(0), noise(0), colour=colour) == PSNR_CEILING_DB
        assert measure_ssim(noise(0), noise(0), colour=colour) == 1.0


def test_psnr_never_exceeds_what_identical_images_get():
    reference = np.zeros((800, 800, 3), np.uint8)
    nearly = reference.copy()
    nearly[0, 0, 0] = 1
    assert measure_psnr(reference, nearly) == PSNR_CEILING_DB


def test_ssim_of_two_flat_images_is_the_luminance_term_alone():
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert measure_ssim(flat(100), flat(150)) == pytest.approx(expected, abs=1e-6)


def test_ssim_is_the_published_formula_in_one_window():
    """On 11 x 11 pixels exactly one window lies inside, so the whole sum can be written out."""
    reference, distorted = noise(1, 11, 11), noise(2, 11, 11)
    taps = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = np.outer(taps, taps) / taps.sum() ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    scores = []
    for channel in range(3):
        x, y = (image[..., channel].astype(np.float64) for image in (reference, distorted))
        mean_x, mean_y = (window * x).sum(), (window * y).sum()
        var_x, var_y = (window * x**2).sum() - mean_x**2, (window * y**2).sum() - mean_y**2
        cov = (window * x * y).sum() - mean_x * mean_y
        scores.append(
            (2 * mean_x * mean_y + c1)
            * (2 * cov + c2)
            / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
        )
    assert measure_ssim(reference, distorted) == pytest.approx(np.mean(scores), abs=1e-6)


def test_single_precision_ssim_stays_near_double_where_it_is_hardest():
    """Faint noise on a bright ground: the variance is a small difference of large numbers."""
    from skimage.metrics import structural_similarity

    generator = np.random.default_rng(3)
    reference = np.clip(np.rint(250 + generator.normal(0, 0.5, (96, 96, 3))), 0, 255)
    distorted = np.clip(np.rint(reference + generator.normal(0, 0.5, (96, 96, 3))), 0, 255)
    expected = structural_similarity(
        reference,
        distorted,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255.0,
    )
    measured = measure_ssim(reference.astype(np.uint8), distorted.astype(np.uint8))
    assert measured == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("border_px", [1, 4])
def test_a_damaged_border_is_cropped_away(border_px: int):
    reference = noise(4)
    distorted = reference.copy()
    distorted[:border_px] ^= 255
    distorted[-border_px:] ^= 255
    distorted[:, :border_px] ^= 255
    distorted[:, -border_px:] ^= 255
    assert measure_psnr(reference, distorted, border_px=border_px) == PSNR_CEILING_DB
    assert measure_ssim(reference, distorted, border_px=border_px) == 1.0
    assert measure_psnr(reference, distorted, border_px=border_px - 1) < PSNR_CEILING_DB


@settings(max_examples=20, deadline=None)
@given(seeds=st.tuples(st.integers(0, 99), st.integers(100, 199)), luma=st.booleans())
def test_scores_are_symmetric_and_bounded(seeds: tuple[int, int], luma: bool):
    first, second = noise(seeds[0], 13, 17), noise(seeds[1], 13, 17)
    colour = "luma" if luma else "rgb"
    psnr_db = measure_psnr(first, second, colour=colour)
    ssim = measure_ssim(first, second, colour=colour)
    assert psnr_db == pytest.approx(measure_psnr(second, first, colour=colour), abs=1e-9)
    assert ssim == pytest.approx(measure_ssim(second, first, colour=colour), abs=1e-6)
    assert 0 < psnr_db < PSNR_CEILING_DB
    assert -1 <= ssim < 1


@pytest.mark.parametrize(
    ("reference", "distorted", "border_px", "said"),
    [
        (flat(0, 16, 20), flat(0, 16, 21), 0, "20 x 16 px .* got 21 x 16 px"),
        (flat(0, 16, 20), flat(0, 16, 20)[..., 0], 0, "RGB uint8"),
        (flat(0, 16, 20).astype(np.float32), flat(0, 16, 20), 0, "RGB uint8"),
        (flat(0, 16, 20), flat(0, 16, 20), 8, "border of 8 px leaves nothing"),
    ],
)
def test_pairs_that_cannot_be_compared_are_refused(reference, distorted, border_px, said):
    with pytest.raises(InputError, match=said):
        prepare_pair(reference, distorted, colour="rgb", border_px=border_px)


def test_an_image_smaller_than_the_window_has_no_ssim():
    with pytest.raises(InputError, match="11 px on each side"):
        measure_ssim(flat(0, 10, 20), flat(1, 10, 20))


def test_the_colour_error_of_known_pairs_is_that_of_the_formula():
    """Flat colours go through sRGB and CIELAB; the pair is Sharma's kind, computed apart."""
    reference = np.full((300, 20, 3), (200, 30, 40), np.uint8)
    distorted = np.full((300, 20, 3), (190, 45, 60), np.uint8)
    labs = [rgb2lab(each[:1, :1] / 255.0) for each in (reference, distorted)]
    expected = float(deltaE_ciede2000(*labs)[0, 0])
    assert expected > 2
    assert measure_ciede2000(reference, distorted) == pytest.approx(expected, abs=1e-3)
    assert measure_ciede2000(reference, reference) == 0.0


def test_the_colour_error_is_a_mean_over_pixels_whatever_the_strips():
    reference = np.full((300, 20, 3), 128, np.uint8)
    distorted = reference.copy()
    distorted[200:] = (128, 128, 200)
    whole = measure_ciede2000(reference[200:], distorted[200:])
    assert measure_ciede2000(reference, distorted) == pytest.approx(whole / 3, rel=1e-5)


def test_colour_errors_of_images_of_two_sizes_are_refused():
    with pytest.raises(InputError, match="must be as large"):
        measure_ciede2000(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8))


@pytest.mark.parametrize("colour", ["rgb", "luma"])
def test_sixteen_bits_are_compared_as_they_are(colour: Any):
    few = np.random.default_rng(0).integers(0, 250, (16, 20, 3), np.uint8)
    deep = few.astype(np.uint16) * 257
    assert measure_psnr(deep, deep + 100) == pytest.approx(20 * np.log10(65535 / 100))
    assert measure_psnr(deep, deep, colour=colour) == PSNR_CEILING_DB
    assert measure_ssim(deep, deep + 100, colour=colour) < 1
    assert measure_ciede2000(deep, deep + 100) > 0
    other = few + 3
    for measure in (measure_psnr, measure_ssim):
        expected = measure(few, other, colour=colour)
        for reference, distorted in ((deep, other), (few, other.astype(np.uint16) * 257)):
            found = measure(reference, distorted, colour=colour)
            assert found == pytest.approx(expected, abs=1e-5)


def test_the_sharpness_of_a_ramp_is_its_slope():
    ramp = np.repeat((np.arange(40, dtype=np.uint8) * 3)[None, :, None], 3, axis=2)
    ramp = np.repeat(ramp, 12, axis=0)
    assert measure_sharpness(ramp) == pytest.approx(3.0, rel=1e-5)
    assert measure_sharpness(np.full((9, 9, 3), 77, np.uint8)) == 0.0


def test_a_blurred_image_is_less_sharp_than_its_reference_and_an_equal_one_as_sharp():
    reference = skimage.data.astronaut()[:128, 180:308]
    blurred = cv2.GaussianBlur(reference, (0, 0), 1.5)
    assert measure_relative_sharpness(reference, reference) == 1.0
    assert 0.2 < measure_relative_sharpness(reference, blurred) < 0.8


def test_sharpness_of_another_shape_is_refused_while_tests_run():
    with pytest.raises(TypeCheckError, match="pixels"):
        measure_sharpness(np.zeros((3, 16, 16), np.uint8))
