"""Which split a photograph falls to: one answer for who makes shards and who names the authors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from lienet.data.draws import choose_test_keys, draw_split
from lienet.data.shards import ShardSplit
from lienet.errors import DataError
from lienet.params import SplitShares

SPLITS: tuple[ShardSplit, ...] = get_args(ShardSplit)


def choose_test_images(
    shares: SplitShares, seed: int, source: str, keys: Iterable[str]
) -> frozenset[str] | None:
    """Return the test images of a source whose number of them is agreed, else None.

    Args:
        shares: how photographs are divided.
        seed: the run's seed.
        source: the source's name.
        keys: of all its photographs that were kept; not read where no number is agreed.

    Raises:
        DataError: no photograph would be left to train on.
    """
    num_images = shares.test_images.get(source)
    if num_images is None:
        return None
    kept = list(keys)
    if len(kept) <= num_images:
        raise DataError(
            f"synthesize.split.test_images asks for {num_images} images of {source}, and training "
            "for one more",
            got=f"{len(kept)} that were kept",
            remedy="lower it, or add photographs",
        )
    return choose_test_keys(seed, kept, num_images=num_images)


def choose_split(
    shares: SplitShares,
    seed: int,
    key: str,
    *,
    split: str,
    detector: str,
    chosen: frozenset[str] | None,
) -> ShardSplit:
    """Choose an image's split; published test sets are tested on only.

    Args:
        shares: how photographs are divided.
        seed: the run's seed.
        key: the image's key.
        split: its split in the manifest.
        detector: its detector in the manifest.
        chosen: what :func:`choose_test_images` returned for its source.
    """
    if detector == "exempt":
        return "test"
    if chosen is not None:
        return "test" if key in chosen else "train"
    for named in SPLITS:
        if split == named:
            return named
    return draw_split(seed, key, valid_share=shares.valid_share, test_share=shares.test_share)
