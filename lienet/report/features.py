"""The AI feature maps that evaluate kept, read back for Figure 3."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lienet.errors import DataError
from lienet.evaluation.scores import FEATURES_NAME
from lienet.images import Pixels
from lienet.report.tables import Group
from lienet.workspace import Workspace


@dataclass(frozen=True)
class FeatureMap:
    """What one network saw in one image."""

    task: str
    model: str
    key: str
    degraded: Pixels
    """RGB uint8 HWC."""
    channels: Pixels
    """uint8 ``c h w``, each from its own lowest value at 0 to its highest at 255."""
    low: NDArray[np.float32]
    high: NDArray[np.float32]


def load_feature_maps(workspace: Workspace, groups: Iterable[Group]) -> list[FeatureMap]:
    """Load the map of each task's own network, where there is one.

    Raises:
        DataError: a file is not what evaluate writes.
    """
    maps: dict[str, FeatureMap] = {}
    for group in groups:
        if group.ours is None or group.task in maps:
            continue
        path = workspace.evaluation_dir(group.task, group.ours.model) / FEATURES_NAME
        if not path.is_file():
            continue
        try:
            with np.load(path) as stored:
                maps[group.task] = FeatureMap(
                    task=group.task,
                    model=group.ours.model,
                    key=str(stored["key"]),
                    degraded=stored["degraded"],
                    channels=stored["channels"],
                    low=stored["low"],
                    high=stored["high"],
                )
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            remedy = f"run `lienet evaluate {group.task}-{group.ours.model}`"
            raise DataError(f"{path} is no feature map: {error!r:.80}", remedy=remedy) from None
    return list(maps.values())
