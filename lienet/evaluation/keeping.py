"""Files kept beside the scores of a method: enhanced images and an AI feature map."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lienet.evaluation.feature_extraction import extract_feature_map
from lienet.evaluation.items import Item
from lienet.evaluation.scores import FEATURES_NAME
from lienet.evaluation.scoring import EnhancedImage, Given
from lienet.files import write_bytes
from lienet.images import encode_png


class ImageKeeper:
    """Writes the first images of each scale, test set and JPEG quality, in the order of keys.

    Args:
        folder: gets ``x<scale>/<test set>/<key>.png``.
        images_per_set: how many of each.
    """

    def __init__(self, folder: Path, images_per_set: int) -> None:
        self.first: EnhancedImage | None = None
        """The very first image, kept or not."""
        self._folder = folder
        self._images_per_set = images_per_set
        self._num_kept: Counter[tuple[Path, Given]] = Counter()

    def keep(self, image: EnhancedImage) -> None:
        """Write an image if it is among the first of its scale, test set and variant."""
        self.first = self.first or image
        folder = self._folder / f"x{image.scale}" / image.test_set
        place = (folder, image.given)
        if self._num_kept[place] < self._images_per_set:
            write_bytes(folder / f"{image.key}.png", encode_png(image.pixels))
            self._num_kept[place] += 1


def keep_feature_map(
    item: Item, image: EnhancedImage | None, folder: Path, *, max_side_px: int
) -> None:
    """Write what a network modulates by in an image; nothing of a method without such a map."""
    if item.network is None or image is None:
        return
    extracted = extract_feature_map(
        item.network,
        image.degraded,
        test_set=image.test_set,
        key=image.key,
        max_side_px=max_side_px,
    )
    write_bytes(folder / FEATURES_NAME, extracted.to_bytes())
