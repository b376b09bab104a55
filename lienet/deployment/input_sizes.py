"""Which sizes a network takes, and by how much it enlarges: tried out, since files do not say so.

Knows no runtime: a network is a function from planes to planes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lienet.deployment.runtimes import MIN_INPUT_SIDE_PX, Planes
from lienet.errors import ModelError

_MULTIPLES_TRIED = (1, 2, 4, 8, 16, 32, 64)


def find_sizes(
    run: Callable[[Planes], Planes], path: Path, fixed_px: tuple[int, int] | None
) -> tuple[int, int]:
    """Return the scale of a network, and the number of which both sides must be a multiple.

    Args:
        run: the network, ``1 3 h w`` to ``1 3 h*scale w*scale``.
        path: names it in errors.
        fixed_px: the only (height, width) it takes; None where it takes others.

    Raises:
        ModelError: it enlarges by no whole factor, or fails on images of every size.
    """
    failures: list[ModelError] = []
    for multiple, (height_px, width_px) in _list_sizes_tried(fixed_px):
        try:
            shape = run(np.zeros((1, 3, height_px, width_px), np.float32)).shape
        except ModelError as error:
            failures.append(error)
            continue
        scale, rest = divmod(shape[2] if len(shape) == 4 else 0, height_px)
        if scale and not rest and shape == (1, 3, height_px * scale, width_px * scale):
            return scale, multiple
        what = f"{path} must enlarge an RGB image by a whole factor"
        failures.append(ModelError(what, got=f"{shape} from {height_px} x {width_px} px"))
    raise failures[0]


def round_up(height_px: int, width_px: int, *, multiple: int) -> tuple[int, int]:
    """Return the least height and width that are multiples, and no smaller than any network's."""
    height_px, width_px = (
        -(-max(side, MIN_INPUT_SIDE_PX) // multiple) * multiple for side in (height_px, width_px)
    )
    return height_px, width_px


def _list_sizes_tried(fixed_px: tuple[int, int] | None) -> Iterator[tuple[int, tuple[int, int]]]:
    if fixed_px is not None:
        yield 1, fixed_px
        return
    for multiple in _MULTIPLES_TRIED:
        num = max(MIN_INPUT_SIDE_PX // multiple | 1, 3)  # odd: a multiple of no more
        yield multiple, (multiple * num, multiple * (num + 2))
