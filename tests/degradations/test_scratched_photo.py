"""The kind ``old_photo_scratched``: found by name, checked, the same bytes for the same sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from lienet.degradations.scratched_photo import ScratchedPhotoDegradation
from lienet.draws import generators_of
from lienet.images import decode_image
from lienet.params import degradations
from tests.degradations.test_damage import STRUCTURED, UNSTRUCTURED

PAPER = {"noise_sigma": (5.0, 50.0), "blur_px": (1.0, 5.0), "kernel_px": (3, 5, 7)}
"""The published ranges."""


def make_params(**unstructured: Any) -> dict[str, Any]:
    return {
        "kind": "old_photo_scratched",
        "sources": None,
        "tile_px": 64,
        "tile_stride_px": 64,
        "flat_std_min": 0.0,
        "unstructured": UNSTRUCTURED | PAPER | {"probability": 0.7} | unstructured,
        "structured": STRUCTURED | {"probability": 0.5},
    }


def test_it_is_a_kind_of_its_own_that_keeps_an_image_s_size():
    kind = degradations.get("old_photo_scratched")
    assert kind is ScratchedPhotoDegradation
    made = kind.model_validate(make_params())
    assert made.list_scales() == (1,)
    assert made.shows_real


def test_a_sample_s_bytes_follow_from_seed_and_key():
    made = ScratchedPhotoDegradation.model_validate(make_params())
    pixels = np.random.default_rng(0).integers(0, 256, (48, 40, 3), np.uint8)

    def make(seed: int, key: str) -> bytes:
        return made.make_input(pixels, generators_of(seed, made.kind, key)).content

    assert make(1, "a") == make(1, "a")
    assert len({make(1, "a"), make(1, "b"), make(2, "a")}) == 3
    assert decode_image(make(1, "a")).shape == pixels.shape


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"noise_sigma": (5.0, 500.0)}, "noise_sigma"),
        ({"kernel_px": ()}, "kernel_px"),
        ({"kernel_px": (3, 4)}, "odd side, got 4"),
        ({"jpeg_quality": (0.0, 50.0)}, "jpeg_quality"),
        ({"colour_shift": -1.0}, "colour_shift"),
    ],
)
def test_a_range_out_of_bounds_is_named(changes: dict[str, Any], named: str):
    with pytest.raises(ValidationError, match=named):
        ScratchedPhotoDegradation.model_validate(make_params(**changes))
