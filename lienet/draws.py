"""Random numbers by name: a generator is keyed on its purpose, never on order, worker or time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lienet.params import Split

COUNT_MARK = "+"
"""Parts what a photograph is called from which of several of that name it is, in its key."""
Lots = np.ndarray[Any, np.dtype[np.float64]]


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


def draw_splits(
    seed: int, keys: Sequence[str], *, valid_share: float, test_share: float
) -> list[Split]:
    """Draw the splits of images by their keys, so that adding images never moves one.

    Args:
        seed: the run's seed.
        keys: the images' keys.
        valid_share: the share of images for validation, in [0, 1).
        test_share: the share of images for testing; the rest is for training.
    """
    names: tuple[Split, ...] = ("test", "valid", "train")
    places = np.searchsorted([test_share, test_share + valid_share], draw_lots(seed, keys), "right")
    return [names[place] for place in places.tolist()]


def choose_test_keys(seed: int, keys: Iterable[str], *, num_images: int) -> frozenset[str]:
    """Choose exactly ``num_images`` of a source's images for testing: those of the lowest lots.

    The lots are those of :func:`draw_splits`; an image that is added displaces one at most.
    """
    listed = list(keys)
    lots = draw_lots(seed, listed).tolist()
    return frozenset(key for _, key in sorted(zip(lots, listed, strict=True))[:num_images])


def draw_lots(seed: int, keys: Sequence[str]) -> Lots:
    """Draw the lot of each image that its split follows from, uniform in [0, 1).

    It is the first number of ``keyed_generator(seed, "split", name)``, the name being the key up to
    its ``COUNT_MARK``: which of several files came first decides no split. One generator is set to
    each name in turn, in a third of the time that a new one for each takes.
    """
    bits = np.random.Philox(key=0)
    generator, fresh = np.random.Generator(bits), bits.state
    lots = np.empty(len(keys))
    for index, key in enumerate(keys):
        digest = _hash_name(seed, "split", key.partition(COUNT_MARK)[0])
        fresh["state"]["key"][:] = np.frombuffer(digest[:16], ">u8")[::-1]
        bits.state = fresh
        lots[index] = generator.random()
    return lots


def _hash_name(*name: str | int) -> bytes:
    return hashlib.sha256(json.dumps(name, separators=(",", ":")).encode()).digest()
