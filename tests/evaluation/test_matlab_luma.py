"""MATLAB's luma by hand, and the bicubic rows that papers print, on the photographs themselves."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lienet.degradations.reductions import crop_to_multiple
from lienet.errors import InputError
from lienet.evaluation.matlab_luma import (
    compute_matlab_luma,
    measure_in_matlab_luma,
    measure_published_bicubic,
)
from lienet.evaluation.metrics import PSNR_CEILING_DB
from lienet.images import Pixels, decode_image

GREY_FILES = {"set14": "img_003_SRF_4_HR"}
"""Set14's picture of a bridge is published as a file of one channel."""
PUBLISHED = {
    ("set5", 2): (33.66, 0.9299),
    ("set5", 3): (30.39, 0.8682),
    ("set5", 4): (28.42, 0.8104),
    ("set14", 2): (30.24, 0.8688),
    ("set14", 3): (27.55, 0.7742),
    ("set14", 4): (26.00, 0.7027),
}
"""Lim et al., "Enhanced deep residual networks for single image super-resolution", 2017."""


def flat(colour: int | tuple[int, int, int], side_px: int = 24) -> Pixels:
    return np.full((side_px, side_px, 3), colour, np.uint8)


def grey_ramp() -> Pixels:
    """``(64, 64, 3)``: grey that grows by three a pixel from left to right."""
    return np.arange(0, 192, 3, dtype=np.uint8)[None, :, None].repeat(64, 0).repeat(3, 2)


@pytest.mark.parametrize(
    ("colour", "luma", "grey"),
    [
        ((0, 0, 0), 16, 0),
        ((255, 255, 255), 235, 255),
        ((255, 0, 0), 81, 76),  # 16 + 65.481 = 81.481; 0.299 * 255 = 76.245
        ((0, 255, 0), 145, 150),  # 16 + 128.553 = 144.553; 0.587 * 255 = 149.685
        ((100, 100, 100), 102, 100),  # 16 + 219 * 100 / 255 = 101.88
    ],
)
def test_luma_is_rounded_to_whole_steps(colour, luma, grey):
    pixels = flat(colour, 2)
    assert compute_matlab_luma(pixels).ravel().tolist() == [luma] * 4
    assert compute_matlab_luma(pixels, is_grey=True).ravel().tolist() == [grey] * 4


def test_psnr_by_hand_is_that_of_whole_steps():
    # 100 and 101 are 101.88 and 102.74 in luma, rounded one step apart; 102 is 103.6: two steps.
    one, two = 20 * np.log10(255), 20 * np.log10(255 / 2)
    assert measure_in_matlab_luma(flat(100), flat(101), border_px=0)[0] == pytest.approx(one)
    assert measure_in_matlab_luma(flat(100), flat(102), border_px=0)[0] == pytest.approx(two)
    # One step of blue is 0.098 of luma, which is rounded away.
    same = measure_in_matlab_luma(flat((9, 9, 9)), flat((9, 9, 10)), border_px=0)
    assert same == (PSNR_CEILING_DB, 1.0)


def test_what_differs_in_the_border_does_not_count():
    damaged = flat(100)
    damaged[:4] = damaged[-4:] = 7
    damaged[:, :4] = damaged[:, -4:] = 7
    assert measure_in_matlab_luma(flat(100), damaged, border_px=4) == (PSNR_CEILING_DB, 1.0)
    assert measure_in_matlab_luma(flat(100), damaged, border_px=3)[0] < PSNR_CEILING_DB


def test_bicubic_rows_are_not_rounded_between_reduction_and_enlargement():
    # A ramp reduced by 4 has steps of 3 (4k + 1.5), halves of which rounding would lose; enlarged
    # from real numbers it comes out as it was, away from the borders.
    found = measure_published_bicubic(grey_ramp(), scale=4, border_px=16, is_grey=True)
    assert found == (PSNR_CEILING_DB, 1.0)


def test_bicubic_rows_continue_an_image_with_its_edge_pixel():
    # By hand: beyond a ramp's left border all is 0, so the first pixels of the reduction by 2 are
    # worked out from taps at 0 and beyond alone, and the enlargement repeats the first of them.
    ramp = np.arange(0, 192, 3, dtype=np.float64)
    near = {0.25: 111 / 128, 0.75: 29 / 128, 1.25: -9 / 128, 1.75: -3 / 128}

    def clamp(line, at: int) -> float:
        return line[min(max(at, 0), len(line) - 1)]

    small = [
        sum(
            weight / 2 * (clamp(ramp, 2 * out + 1 + tap) + clamp(ramp, 2 * out - tap))
            for tap, weight in enumerate(near.values())
        )
        for out in range(32)
    ]
    large = []
    for at in range(64):
        # Output 2k lies a quarter before input k, output 2k + 1 a quarter after it.
        centre, step = at // 2, -1 if at % 2 == 0 else 1
        taps = (-9 / 128, 111 / 128, 29 / 128, -3 / 128)
        places = (centre - step, centre, centre + step, centre + 2 * step)
        large.append(sum(w * clamp(small, p) for w, p in zip(taps, places, strict=True)))
    rounded = np.floor(np.array(large) + 0.5)
    expected = 10 * np.log10(255**2 / np.mean((rounded - ramp) ** 2))
    found = measure_published_bicubic(grey_ramp(), scale=2, border_px=0, is_grey=True)
    assert found[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("reference", "distorted", "is_grey", "said"),
    [
        (flat(0), flat(0, 25), False, "24 x 24"),
        (flat(0).astype(np.uint16), flat(0), False, "RGB uint8 .*got uint16"),
        (flat((1, 1, 2)), flat(0), True, "same in all three channels, got colours"),
        (flat(0, 8), flat(0, 8), False, "SSIM needs 11 px"),
    ],
)
def test_what_cannot_be_measured_is_refused(reference, distorted, is_grey, said):
    with pytest.raises(InputError, match=said):
        measure_in_matlab_luma(reference, distorted, border_px=0, is_grey=is_grey)


def test_a_bicubic_row_is_of_whole_multiples_and_something_left():
    with pytest.raises(InputError, match=r"multiples of 3, got 64 x 64; crop the image first"):
        measure_published_bicubic(grey_ramp(), scale=3, border_px=3)
    with pytest.raises(InputError, match="a border of 32 px leaves nothing"):
        measure_published_bicubic(grey_ramp(), scale=4, border_px=32)


def walk_set(real_data: Path, name: str) -> Iterator[tuple[str, Pixels]]:
    for path in sorted((real_data / "test" / name).iterdir()):
        yield path.stem, decode_image(path.read_bytes())


@pytest.mark.parametrize(("name", "scale"), PUBLISHED)
def test_published_bicubic_rows_are_met(real_data: Path, name: str, scale: int):
    rows = [
        measure_published_bicubic(
            crop_to_multiple(pixels, multiple=scale),
            scale=scale,
            border_px=scale,
            is_grey=key == GREY_FILES.get(name),
        )
        for key, pixels in walk_set(real_data, name)
    ]
    psnr_db, ssim = np.mean(rows, axis=0)
    published_db, published_ssim = PUBLISHED[name, scale]
    assert psnr_db == pytest.approx(published_db, abs=0.01)
    assert ssim == pytest.approx(published_ssim, abs=0.001)


def test_the_test_sets_hold_the_listed_pixels(real_data: Path, repository: Path):
    with (repository / "docs/benchmark_sets.csv").open(encoding="utf-8", newline="") as stream:
        listed = [tuple(row.values()) for row in csv.DictReader(stream)]
    found = [
        (name, key, str(pixels.shape[1]), str(pixels.shape[0]), digest)
        for name in ("set5", "set14")
        for key, pixels in walk_set(real_data, name)
        for digest in [hashlib.sha256(pixels.tobytes()).hexdigest()]
    ]
    assert len(listed) == 19
    assert found == listed
