"""Random numbers by name: a generator is keyed on its purpose, never on order, worker or time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import numpy as np

from lienet.params import Split


def keyed_generator(seed: int, *key: str | int) -> np.random.Generator:
    """Return the generator of ``(seed, *key)``: the same numbers wherever and whenever it is asked.

    Args:
        seed: the run's seed.
        key: what the numbers are for, e.g. ``"patches", step, rank``; 1 and "1" are not the same.

    Returns:
        a Philox generator (counter-based), its 128-bit key the head of a SHA-256.
    """
    name = json.dumps([seed, *key], separators=(",", ":"))
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))


def draw_split(seed: int, key: str, *, valid_share: float, test_share: float) -> Split:
    """Draw the split of an image by its key, so that adding images never moves one.

    Args:
        seed: the run's seed.
        key: the image's key.
        valid_share: the share of images for validation, in [0, 1).
        test_share: the share of images for testing; the rest is for training.
    """
    drawn = _draw_lot(seed, key)
    if drawn < test_share:
        return "test"
    return "valid" if drawn < test_share + valid_share else "train"


def choose_test_keys(seed: int, keys: Iterable[str], *, num_images: int) -> frozenset[str]:
    """Choose exactly ``num_images`` of a source's images for testing: those of the lowest lots.

    The lots are those of :func:`draw_split`; an image that is added displaces one at most.
    """
    return frozenset(sorted(keys, key=lambda key: (_draw_lot(seed, key), key))[:num_images])


def _draw_lot(seed: int, key: str) -> float:
    return float(keyed_generator(seed, "split", key).random())
