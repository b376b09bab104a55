from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import skimage.data

from lienet.errors import InputError
from lienet.evaluation.optional.flip import measure_flip
from lienet.images import Pixels, decode_image, encode_jpeg

pytest.importorskip("flip_evaluator")
measure = partial(measure_flip, pixels_per_degree=67.0206)
REFERENCE = np.ascontiguousarray(skimage.data.astronaut()[:160, 150:350])
WORSE = decode_image(encode_jpeg(REFERENCE, quality=10, chroma="4:2:0"))
COLOURS = {"black": (0, 0, 0), "white": (255, 255, 255), "green": (0, 255, 0), "blue": (0, 0, 255)}


def paint(colour: str) -> Pixels:
    return np.full((24, 32, 3), COLOURS[colour], np.uint8)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("black", "black", 0.0),
        # The largest difference of two colours in sRGB is 1 by definition.
        ("green", "blue", 1.0),
        # L* of 100 apart: 100^0.7 = 25.119. Green and blue are 203.30 apart in HyAB after Hunt's
        # adjustment: 203.30^0.7 = 41.276. Above 0.4 of that, 16.510, 0.95 to 1 are left:
        # 0.95 + 0.05 (25.119 - 16.510) / (41.276 - 16.510).
        ("black", "white", 0.96738),
    ],
)
def test_areas_of_one_colour_differ_as_computed_by_hand(one: str, other: str, expected: float):
    assert measure(paint(one), paint(other)) == pytest.approx(expected, abs=2e-5)
    assert measure(paint(other), paint(one)) == pytest.approx(expected, abs=2e-5)


def test_it_does_not_matter_which_of_two_images_comes_first():
    found = measure(REFERENCE, WORSE)
    assert 0.0 < found < 1.0
    assert measure(WORSE, REFERENCE) == found
    assert measure(REFERENCE, REFERENCE) == 0.0


def test_worse_images_have_more_of_it_and_so_have_larger_pixels():
    better = decode_image(encode_jpeg(REFERENCE, quality=60, chroma="4:2:0"))
    assert measure(REFERENCE, better) < measure(REFERENCE, WORSE)
    near = measure_flip(REFERENCE, WORSE, pixels_per_degree=30.0)
    assert near > measure(REFERENCE, WORSE)


def test_threads_side_by_side_get_what_one_gets():
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: measure(REFERENCE, WORSE), range(8)))
    assert found == {measure(REFERENCE, WORSE)}


def test_sixteen_bits_of_the_same_are_the_same_and_other_sizes_are_refused():
    deep = [pixels.astype(np.uint16) * 257 for pixels in (REFERENCE, WORSE)]
    assert measure(*deep) == pytest.approx(measure(REFERENCE, WORSE), abs=1e-6)
    with pytest.raises(InputError, match="must be as large"):
        measure(REFERENCE, WORSE[1:])
