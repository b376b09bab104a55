from __future__ import annotations

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image

from lienet.errors import InputError
from lienet.evaluation.optional import ssimulacra2
from lienet.images import Pixels, decode_image, encode_jpeg

package = pytest.importorskip("ssimulacra2.ssimulacra2")
REFERENCE = np.ascontiguousarray(skimage.data.astronaut()[:271, 100:395])
"""Odd sides, and large enough for all six scales."""


def compress(quality: int) -> Pixels:
    return decode_image(encode_jpeg(REFERENCE, quality=quality, chroma="4:2:0"))


def test_the_blur_is_the_truncated_cosines_of_the_paper():
    """Equations 37, 44, 50, 52, 53 and 55 of Charalampidis 2016, as in libjxl's gauss_blur.cc."""
    radius, sigma = 5, 1.5
    angles = np.pi / (2 * radius) * np.array([1, 3, 5])
    signs = np.array([1, -1, 1])
    p = signs / np.tan(angles / 2)
    r = signs * p * p / np.sin(angles)
    rho = np.exp(-0.5 * sigma**2 * angles**2) / radius
    first, second, third = (
        p[one] * r[two] - r[one] * p[two] for one, two in ((0, 1), (1, 2), (2, 0))
    )
    zeta = np.array([second / first, third / first, 1.0])
    wanted = [1.0, radius**2 - sigma**2, zeta @ rho]
    beta = np.linalg.solve(np.array([p, r, zeta]), wanted)
    steps = np.arange(-4, 5)
    np.testing.assert_allclose(ssimulacra2.BLUR, beta @ np.cos(np.outer(angles, steps)), rtol=1e-12)
    assert ssimulacra2.BLUR.sum() == pytest.approx(1.0)
    assert ssimulacra2.BLUR @ steps**2 == pytest.approx(sigma**2)


def test_equal_images_have_100_and_worse_ones_less():
    scores = [ssimulacra2.measure_ssimulacra2(REFERENCE, compress(q)) for q in (90, 60, 30, 10)]
    assert ssimulacra2.measure_ssimulacra2(REFERENCE, REFERENCE) == 100.0
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 80.0
    assert scores[-1] < 30.0


def test_it_is_what_the_package_computes_with_that_blur(monkeypatch: pytest.MonkeyPatch):
    def blur(image: Pixels, sigma: float = 1.5) -> Pixels:
        assert sigma == 1.5
        return np.stack([ssimulacra2._blur(plane) for plane in np.moveaxis(image, 2, 0)], axis=2)

    worse = compress(20)
    files = [io.BytesIO(), io.BytesIO()]
    for pixels, file in zip((REFERENCE, worse), files, strict=True):
        Image.fromarray(pixels).save(file, "PNG")
    without = package.compute_ssimulacra2(*files)
    monkeypatch.setattr(package, "blur_image", blur)
    found = ssimulacra2.measure_ssimulacra2(REFERENCE, worse)
    assert found == pytest.approx(package.compute_ssimulacra2(*files), abs=1e-9)
    assert abs(found - without) > 0.5, "the package's own blur would do"


def test_the_reference_is_not_the_distorted_image():
    there = ssimulacra2.measure_ssimulacra2(REFERENCE, compress(20))
    back = ssimulacra2.measure_ssimulacra2(compress(20), REFERENCE)
    assert there != back
    assert there == ssimulacra2.measure_ssimulacra2(REFERENCE, compress(20))


def test_sixteen_bits_of_the_same_are_the_same():
    deep = [pixels.astype(np.uint16) * 257 for pixels in (REFERENCE, compress(20))]
    expected = ssimulacra2.measure_ssimulacra2(REFERENCE, compress(20))
    assert ssimulacra2.measure_ssimulacra2(*deep) == pytest.approx(expected, abs=1e-9)


def test_what_is_too_small_is_refused_and_eight_pixels_are_measured():
    assert ssimulacra2.measure_ssimulacra2(REFERENCE[:8, :8], REFERENCE[:8, :8]) == 100.0
    with pytest.raises(InputError, match=r"SSIMULACRA2 needs 8 px on each side, got 9 x 7; leave"):
        ssimulacra2.measure_ssimulacra2(REFERENCE[:7, :9], REFERENCE[:7, :9])
