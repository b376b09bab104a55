"""The split that each photograph falls to: named by its source, agreed, or drawn by its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, get_args

from lienet.draws import choose_test_keys, draw_splits
from lienet.errors import DataError
from lienet.params import SplitShares

ShardSplit = Literal["train", "valid", "test", "real"]
"""``real`` holds photographs that are degraded by nature, of which there is no reference."""
SPLITS: tuple[ShardSplit, ...] = get_args(ShardSplit)
_KEYS_AT_ONCE = 10_000
"""Keys held while test images are chosen: of those so far and these, the lowest lots go on."""
_NAMED: dict[str, ShardSplit] = {split: split for split in SPLITS}


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
    remaining, num_kept = iter(keys), 0
    chosen: frozenset[str] = frozenset()
    while kept := list(islice(remaining, _KEYS_AT_ONCE)):
        num_kept += len(kept)
        chosen = choose_test_keys(seed, [*chosen, *kept], num_images=num_images)
    if num_kept <= num_images:
        raise DataError(
            f"synthesize.split.test_images asks for {num_images} images of {source}, and training "
            "for one more",
            got=f"{num_kept} that were kept",
            remedy="lower it, or add photographs",
        )
    return chosen


def choose_splits(
    shares: SplitShares,
    seed: int,
    keys: Sequence[str],
    *,
    splits: Sequence[str],
    detectors: Sequence[str],
    chosen: frozenset[str] | None,
) -> list[ShardSplit]:
    """Choose the split of each photograph of a source; published test sets are tested on only.

    Args:
        shares: how photographs are divided.
        seed: the run's seed.
        keys: the images' keys.
        splits: their splits in the manifest.
        detectors: their detectors in the manifest.
        chosen: what :func:`choose_test_images` returned for the source.
    """
    fallen: list[ShardSplit]
    if chosen is not None:
        fallen = ["test" if key in chosen else "train" for key in keys]
    else:
        own = [_NAMED.get(split) for split in splits]
        drawn = draw_splits(
            seed,
            [key for key, named in zip(keys, own, strict=True) if named is None],
            valid_share=shares.valid_share,
            test_share=shares.test_share,
        )
        lots: Iterator[ShardSplit] = iter(drawn)
        fallen = [next(lots) if named is None else named for named in own]
    return [
        "test" if detector == "exempt" else split
        for detector, split in zip(detectors, fallen, strict=True)
    ]
