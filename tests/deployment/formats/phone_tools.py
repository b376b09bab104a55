"""Which tools for phones are here, and how near a file of theirs comes to torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from lienet.deployment.runtimes import Statistics, open_network


def needs(*packages: str) -> pytest.MarkDecorator:
    """Skip where a package of the extra ``mobile`` is not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    return pytest.mark.skipif(
        bool(missing), reason=f"{', '.join(missing)} is not installed: run make mobile"
    )


def measure_strays(path: Path, model: nn.Module, *, sizes_px: list[tuple[int, int]]) -> float:
    """Return the largest difference from torch over sizes, with statistics given where taken."""
    here, torch_network = open_network(path, num_threads=1), open_network(model)
    found = []
    for height_px, width_px in sizes_px:
        shape = (1, 3, *here.fit_size(height_px, width_px))
        image = np.random.default_rng(height_px).random(shape, dtype=np.float32)
        for given in (None, _make_statistics(here.num_statistics)):
            expected = torch_network(image, given)
            found.append(float(np.abs(here(image, given) - expected).max()))
    return max(found)


def _make_statistics(num_layers: int) -> list[Statistics] | None:
    """Return statistics that no image has."""
    shape = (1, 4, 1, 1)
    pair = (np.full(shape, 0.3, np.float32), np.full(shape, 0.5, np.float32))
    return [pair] * num_layers or None
