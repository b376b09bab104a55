"""Pictures that would be learned from and tested on: told by their hashes, refused or left out.

Owns what counts as one picture in two splits and what is done about it; which image falls to which
split is not its concern.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from lienet.data.duplicates import find_neighbours, parse_hashes
from lienet.data.manifest import FilterRecord
from lienet.errors import DataError
from lienet.params import SplitShares

_MAX_NAMED = 10
logger = logging.getLogger(__name__)


def choose_leaks(
    learned: Sequence[FilterRecord], tested: Sequence[FilterRecord], shares: SplitShares
) -> frozenset[str]:
    """Return the keys of images to leave out of training and validation.

    Raises:
        DataError: there are such images, and params do not say to leave them out.
    """
    if shares.max_leak_distance is None:
        return frozenset()
    leaks = find_leaks(learned, tested, max_distance=shares.max_leak_distance)
    named = [f"{one.key} is {other.key}" for one, other in leaks]
    if leaks and shares.on_leak == "error":
        more = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
        raise DataError(
            "no picture may be learned from and tested on",
            got=", ".join(named[:_MAX_NAMED]) + more,
            remedy="remove one of each, or set synthesize.split.on_leak to drop",
        )
    for name in named:
        logger.warning("%s: it is left out of training and validation", name)
    return frozenset(one.key for one, _ in leaks)


def find_leaks(
    learned: Sequence[FilterRecord], tested: Sequence[FilterRecord], *, max_distance: int
) -> list[tuple[FilterRecord, FilterRecord]]:
    """Find the images to learn from that are near-duplicates of test images.

    Returns:
        Each such image once, with the first test image by key that it is near to, sorted by key.
    """
    both = [*sorted(tested, key=lambda record: record.key), *learned]
    hashes, places = parse_hashes([record.perceptual_hash for record in both])
    distinct, group_of = np.unique(hashes, return_inverse=True)
    near = find_neighbours(distinct, max_distance)
    first_tested: dict[int, int] = {}
    leaks = []
    for group, place in zip(group_of.tolist(), places.tolist(), strict=True):
        if place < len(tested):
            first_tested.setdefault(group, place)
            continue
        hits = [
            first_tested[other] for other in (group, *near.get(group, ())) if other in first_tested
        ]
        if hits:
            leaks.append((both[place], both[min(hits)]))
    return sorted(leaks, key=lambda pair: pair[0].key)
