"""Pictures that are in a training and a test split: told by their hashes, refused or left out.

Owns what counts as one picture in two splits and what is done about it; which image falls to which
split is not its concern.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

import numpy as np

from lienet.errors import DataError
from lienet.manifests.duplicates import Hashes, find_neighbours

_MAX_NAMED = 10
logger = logging.getLogger(__name__)


def find_leaks(learned: Hashes, tested: Hashes, *, max_distance: int) -> list[tuple[int, int]]:
    """Find the images to learn from that are near-duplicates of test images.

    Args:
        learned: ``(n,)`` perceptual hashes of images to learn from.
        tested: ``(m,)``, the same of test images.
        max_distance: as in :func:`lienet.manifests.duplicates.find_near`.

    Returns:
        The index of each such image, with that of the first test image that it is near to.
    """
    if not len(learned) or not len(tested):
        return []
    distinct, group_of = np.unique(np.concatenate([tested, learned]), return_inverse=True)
    near = find_neighbours(distinct, max_distance)
    first_tested: dict[int, int] = {}
    for place, group in enumerate(group_of[: len(tested)].tolist()):
        first_tested.setdefault(group, place)
    is_concerned = np.zeros(len(distinct), bool)
    is_concerned[[*first_tested, *near]] = True
    leaks = []
    for place in np.flatnonzero(is_concerned[group_of[len(tested) :]]).tolist():
        group = int(group_of[len(tested) + place])
        hits = [
            first_tested[other] for other in (group, *near.get(group, ())) if other in first_tested
        ]
        if hits:
            leaks.append((place, min(hits)))
    return leaks


def refuse_leaks(pairs: Sequence[tuple[str, str]], on_leak: Literal["error", "drop"]) -> None:
    """Say what leaked.

    Args:
        pairs: the keys of an image to learn from and of the test image that it is.
        on_leak: whether that is an error, or the image is left out and a warning says so.

    Raises:
        DataError: there are such images, and they are an error.
    """
    named = [f"{learned} is {tested}" for learned, tested in sorted(pairs)]
    if named and on_leak == "error":
        more = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
        raise DataError(
            "no picture may be learned from and tested on",
            got=", ".join(named[:_MAX_NAMED]) + more,
            remedy="remove one of each, or set synthesize.split.on_leak to drop",
        )
    for name in named:
        logger.warning("%s: it is left out of training and validation", name)
