"""Folders of small pictures, one for each method, that differ enough to be told apart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image


def write_method(
    folder: Path, pictures: Iterable[str], *, level: int, size: tuple[int, int] = (40, 30)
) -> Path:
    """Write a method's version of each picture: noise of the picture's own, darkened by a level."""
    for picture in pictures:
        noise = np.random.default_rng(list(picture.encode())).integers(
            100, 256, (size[1], size[0], 3)
        )
        path = folder / f"{picture}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((noise - level).astype(np.uint8)).save(path)
    return folder
