"""Photographs that are nearly the same picture, told by perceptual hashes of 64 bits.

Owns the hash, the search for near ones among millions, and which of several stays. Hashes are
exact integers; two images whose hashes differ in few bits are the same picture scaled, recompressed
or slightly retouched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import cv2
import numpy as np

from lienet.data.manifest import FilterRecord
from lienet.data.privacy.pyramid import Pyramid
from lienet.images import Pixels

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Indices = np.ndarray[Any, np.dtype[np.int64]]
HASH_BITS = 64
MAX_DISTANCE = 12
HASH_INPUT_PX = 64
"""Shrunk so far and no farther, an image has the same hash, give or take a bit."""
_THUMBNAIL_PX = 32
_FREQUENCIES = 8
_MIN_DETAIL = 8.0
"""Coefficients below this are noise: a picture without one above it has no hash."""


def hash_picture(pixels: Pixels) -> int | None:
    """Return the perceptual hash of an image, or None for one without any detail.

    Luma of 32 × 32 pixels, its lowest 8 × 8 cosine frequencies; a bit tells whether one lies above
    their median. Scaling, recompression and changes of brightness hardly change it; mirroring,
    rotation and cropping do.

    Source: Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010.

    Args:
        pixels: RGB uint8 HWC or grey uint8 HW, of any size.
    """
    small = cv2.resize(pixels, (_THUMBNAIL_PX, _THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY) if small.ndim == 3 else small
    low = cv2.dct(grey.astype(np.float32))[:_FREQUENCIES, :_FREQUENCIES].ravel()
    # Sixteenths: the last bits of a float may differ between processors.
    low = np.round(low * 16) / 16
    if float(np.abs(low[1:]).max()) < _MIN_DETAIL:
        return None
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def hash_image(pixels: Pixels) -> int | None:
    """Return :func:`hash_picture` of an image as the filter takes it: shrunk by halves first."""
    return hash_picture(Pyramid(pixels).shrink_to(HASH_INPUT_PX))


def format_hash(value: int | None) -> str:
    """Return a hash as a manifest holds it: 16 hex digits, or nothing."""
    return "" if value is None else f"{value:016x}"


def parse_hashes(formatted: Sequence[str]) -> tuple[Hashes, Indices]:
    """Return the hashes among the texts of a manifest, and which texts they were."""
    places = np.array([index for index, text in enumerate(formatted) if text], np.int64)
    return np.array([int(formatted[index], 16) for index in places], np.uint64), places


def find_near(distinct: Hashes, *, max_distance: int) -> Iterator[tuple[Indices, Indices]]:
    """Find all pairs of hashes that differ in at most ``max_distance`` bits.

    The bits are cut into more bands than may differ, so that two near hashes agree in several
    whole bands: only hashes with the same such bands are compared. The more hashes, the more bands
    must agree, so that few are compared whatever their number.

    Args:
        distinct: ``(n,)``, no two of them equal.
        max_distance: 0 to 12.

    Yields:
        The two indices of pairs, a slice at a time; a pair comes at least once.
    """
    if not 0 <= max_distance <= MAX_DISTANCE:
        raise ValueError(f"max_distance must be 0 to {MAX_DISTANCE}, got {max_distance}")
    if max_distance == 0:
        return
    num_agreeing = 1
    needed_bits = max(1, len(distinct)).bit_length()
    while HASH_BITS * num_agreeing // (max_distance + num_agreeing) < needed_bits:
        num_agreeing += 1
    edges = np.linspace(0, HASH_BITS, max_distance + num_agreeing + 1).round().astype(int)
    bands = [np.uint64(((1 << (high - low)) - 1) << low) for low, high in pairwise(edges.tolist())]
    for chosen in combinations(bands, num_agreeing):
        mask = np.bitwise_or.reduce(np.array(chosen, np.uint64))
        masked = distinct & mask
        order = np.argsort(masked, kind="stable")
        yield from _compare_neighbours(distinct[order], masked[order], order, max_distance)


def _compare_neighbours(
    ranked: Hashes, masked: Hashes, order: Indices, max_distance: int
) -> Iterator[tuple[Indices, Indices]]:
    """Compare each hash with those after it that agree in the same bands."""
    start = np.arange(len(ranked))
    for step in range(1, len(ranked)):
        start = start[: np.searchsorted(start, len(ranked) - step)]
        start = start[masked[start] == masked[start + step]]
        if not len(start):
            return
        distance = np.bitwise_count(ranked[start] ^ ranked[start + step])
        near = start[distance <= max_distance]
        if len(near):
            yield order[near], order[near + step]


def choose_duplicates(hashes: Hashes, ranks: Sequence[Any], *, max_distance: int) -> dict[int, int]:
    """Return which images are near-duplicates of which: refused index → the index that stays.

    Images are gone through by rank; one that is near to an earlier one that stays is refused.

    Args:
        hashes: ``(n,)``; some may be equal.
        ranks: comparable and distinct, one for each; the lowest of several near ones stays.
        max_distance: as in :func:`find_near`.
    """
    distinct, group_of = np.unique(hashes, return_inverse=True)
    near = find_neighbours(distinct, max_distance)
    stays: dict[int, int] = {}  # group → its image of the lowest rank, if that stays
    stands_for: dict[int, int] = {}  # group → the image that stays for it
    refused: dict[int, int] = {}
    for index in sorted(range(len(hashes)), key=lambda index: ranks[index]):
        group = int(group_of[index])
        if group not in stands_for:
            kept = [stays[other] for other in near.get(group, ()) if other in stays]
            stands_for[group] = min(kept, key=lambda other: ranks[other], default=index)
            if not kept:
                stays[group] = index
        if stands_for[group] != index:
            refused[index] = stands_for[group]
    return refused


def find_neighbours(distinct: Hashes, max_distance: int) -> dict[int, set[int]]:
    """Return :func:`find_near`'s pairs as the neighbours of each index that has any."""
    near: dict[int, set[int]] = {}
    for left, right in find_near(distinct, max_distance=max_distance):
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
    return near


def refuse_duplicates(
    records: Sequence[FilterRecord], max_distance: int | None
) -> list[FilterRecord]:
    """Refuse all but one of the near-duplicates in a filtered manifest.

    One that is refused for another reason stands for the others: what was seen in it is in them.
    Otherwise the largest stays, and of equal ones the first by key. None refuses none.
    """
    if max_distance is None:
        return list(records)
    hashes, places = parse_hashes([record.perceptual_hash for record in records])
    hashed = [records[place] for place in places.tolist()]
    ranks = [
        (record.verdict == "keep", -record.width_px * record.height_px, record.key)
        for record in hashed
    ]
    refused = choose_duplicates(hashes, ranks, max_distance=max_distance)
    marked = {
        hashed[index].key: replace(
            hashed[index],
            verdict="refuse",
            reasons=tuple(sorted({*hashed[index].reasons, "near_duplicate"})),
            duplicate_of=hashed[stays].key,
        )
        for index, stays in refused.items()
    }
    return [marked.get(record.key, record) for record in records]
