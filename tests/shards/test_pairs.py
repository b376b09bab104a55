"""Samples decode to pairs that line up, or are refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.images import decode_image, encode_jpeg, encode_png
from lienet.shards.pairs import decode_pair, decode_pairs
from lienet.shards.reading import Sample

LARGE = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
SMALL_JPEG = encode_jpeg(LARGE[:8, :12], quality=90, chroma="4:4:4")
SAMPLE = Sample("a_0_0", encode_png(LARGE), {4: SMALL_JPEG}, {})


def test_a_pair_is_the_decoded_bytes():
    degraded, reference = decode_pair(SAMPLE, 4)
    assert np.array_equal(degraded, decode_image(SMALL_JPEG))
    assert np.array_equal(reference, LARGE)


def test_the_order_is_kept():
    samples = [
        Sample(str(number), encode_png(np.full_like(LARGE, number)), {4: SMALL_JPEG}, {})
        for number in range(30)
    ]
    pairs = decode_pairs(iter(samples), 4)
    assert [int(reference[0, 0, 0]) for _, reference in pairs] == list(range(30))


def test_samples_are_read_only_a_few_ahead():
    read = []

    def watch():
        for _ in range(100):
            read.append(1)
            yield SAMPLE

    pairs = decode_pairs(watch(), 4)
    next(pairs)
    assert len(read) == 5
    pairs.close()


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (Sample("a", SAMPLE.reference_png, {2: SMALL_JPEG}, {}), r"a has no input of scale 4"),
        (Sample("a", b"no picture", {4: SMALL_JPEG}, {}), r"sample a cannot be decoded"),
        (
            Sample("a", encode_png(LARGE[:28]), {4: SMALL_JPEG}, {}),
            r"sample a must be 4 times its input, got \(28, 48\) for \(8, 12\)",
        ),
    ],
)
def test_what_does_not_fit_is_named(sample: Sample, message: str):
    with pytest.raises(DataError, match=message):
        decode_pair(sample, 4)
