"""The AI feature map of one test image, and the file that keeps it for the report."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lienet.errors import DataError
from lienet.images import Pixels


@dataclass(frozen=True)
class FeatureMap:
    """What a network saw in one image: a picture for each channel, and its range."""

    test_set: str
    key: str
    degraded: Pixels
    """The part of the input that was looked at, RGB uint8 ``h w 3``."""
    channels: Pixels
    """uint8, ``c h' w'``; 0 is the channel's lowest value and 255 its highest."""
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    def to_bytes(self) -> bytes:
        """Return an ``.npz`` file; the same map gives the same bytes."""
        stream = io.BytesIO()
        arrays: dict[str, Any] = {name: np.array(each) for name, each in vars(self).items()}
        np.savez_compressed(stream, **arrays)
        return stream.getvalue()

    @classmethod
    def read(cls, path: Path, *, remedy: str) -> FeatureMap:
        """Read the file that :meth:`to_bytes` gives.

        Raises:
            DataError: it is missing or broken.
        """
        try:
            with np.load(path) as stored:
                arrays = {name: stored[name] for name in ("degraded", "channels", "low", "high")}
                return cls(str(stored["test_set"]), str(stored["key"]), **arrays)
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{path} is no feature map: {error!r:.80}", remedy=remedy) from None
