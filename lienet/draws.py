"""Random numbers by name: a generator is keyed on its purpose, never on order, worker or time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lienet.params import Split

Lots = np.ndarray[Any, np.dtype[np.float64]]
Words = np.ndarray[Any, np.dtype[np.uint64]]
_ROUNDS = 10
_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
"""Of Philox4x64: what a round multiplies by, and what the key grows by."""


def keyed_generator(seed: int, *key: str | int) -> np.random.Generator:
    """Return the generator of ``(seed, *key)``: the same numbers wherever and whenever it is asked.

    Args:
        seed: the run's seed.
        key: what the numbers are for, e.g. ``"patches", step, rank``; 1 and "1" are not the same.

    Returns:
        a Philox generator (counter-based), its 128-bit key the head of a SHA-256.
    """
    digest = _hash_name(seed, *key)
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))


def generators_of(seed: int, *key: str | int) -> Callable[..., np.random.Generator]:
    """Return what makes the generators of one thing, such as a sample, each by its purpose.

    Example:
        >>> draw = generators_of(1, "old_photo", "a")
        >>> draw("grain").random() == keyed_generator(1, "old_photo", "a", "grain").random()
        True
    """
    return partial(keyed_generator, seed, *key)


def draw_split(seed: int, key: str, *, valid_share: float, test_share: float) -> Split:
    """Draw the split of an image by its key, so that adding images never moves one.

    Args:
        seed: the run's seed.
        key: the image's key.
        valid_share: the share of images for validation, in [0, 1).
        test_share: the share of images for testing; the rest is for training.
    """
    (drawn,) = draw_splits(seed, [key], valid_share=valid_share, test_share=test_share)
    return drawn


def draw_splits(
    seed: int, keys: Sequence[str], *, valid_share: float, test_share: float
) -> list[Split]:
    """Draw the splits of many images at once; arguments as :func:`draw_split`."""
    names: tuple[Split, ...] = ("test", "valid", "train")
    places = np.searchsorted([test_share, test_share + valid_share], draw_lots(seed, keys), "right")
    return [names[place] for place in places.tolist()]


def choose_test_keys(seed: int, keys: Iterable[str], *, num_images: int) -> frozenset[str]:
    """Choose exactly ``num_images`` of a source's images for testing: those of the lowest lots.

    The lots are those of :func:`draw_split`; an image that is added displaces one at most.
    """
    listed = list(keys)
    lots = draw_lots(seed, listed).tolist()
    return frozenset(key for _, key in sorted(zip(lots, listed, strict=True))[:num_images])


def draw_lots(seed: int, keys: Sequence[str]) -> Lots:
    """Draw the lot of each image that its split follows from, uniform in [0, 1).

    It is the first number of ``keyed_generator(seed, "split", key)``, computed for all keys
    together, a thousand times as fast as one generator for each.
    """
    digests = bytearray()
    for key in keys:
        digests += _hash_name(seed, "split", key)[:16]
    words = np.frombuffer(bytes(digests), ">u8").reshape(-1, 2)
    first = _philox_first(low=words[:, 1].astype(np.uint64), high=words[:, 0].astype(np.uint64))
    return (first >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _hash_name(*name: str | int) -> bytes:
    return hashlib.sha256(json.dumps(name, separators=(",", ":")).encode()).digest()


def _philox_first(*, low: Words, high: Words) -> Words:
    """Return the first word of Philox4x64-10 for 128-bit keys, as numpy's generator counts.

    Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011); the counter of the first
    block is 1.
    """
    counter = [np.full_like(low, 1), *(np.zeros_like(low) for _ in range(3))]
    for _ in range(_ROUNDS):
        high_0, low_0 = _multiply(_MULTIPLIERS[0], counter[0])
        high_1, low_1 = _multiply(_MULTIPLIERS[1], counter[2])
        counter = [high_1 ^ counter[1] ^ low, low_1, high_0 ^ counter[3] ^ high, low_0]
        low, high = low + np.uint64(_WEYL[0]), high + np.uint64(_WEYL[1])
    return counter[0]


def _multiply(factor: int, words: Words) -> tuple[Words, Words]:
    """Return the upper and the lower 64 bits of products of 64-bit words."""
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    factor_low, factor_high = np.uint64(factor & 0xFFFFFFFF), np.uint64(factor >> 32)
    words_low, words_high = words & mask, words >> half
    middle = factor_high * words_low + ((factor_low * words_low) >> half)
    carried = (middle & mask) + factor_low * words_high
    upper = factor_high * words_high + (middle >> half) + (carried >> half)
    return upper, np.uint64(factor) * words
