"""The AI feature maps that evaluate kept, for Figure 3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lienet.evaluation.feature_map import FeatureMap
from lienet.evaluation.scores import FEATURES_NAME
from lienet.report.tables import Group
from lienet.workspace import Workspace


@dataclass(frozen=True)
class NetworkFeatures:
    """What one network saw in one image."""

    task: str
    model: str
    seen: FeatureMap


def load_feature_maps(workspace: Workspace, groups: Iterable[Group]) -> list[NetworkFeatures]:
    """Load the map of each task's own network, where there is one.

    Raises:
        DataError: a file is not what evaluate writes.
    """
    maps: dict[str, NetworkFeatures] = {}
    for group in groups:
        if group.ours is None or group.task in maps:
            continue
        task, model = group.task, group.ours.model
        path = workspace.evaluation_dir(task, model) / FEATURES_NAME
        if path.is_file():
            seen = FeatureMap.read(path, remedy=f"run `lienet evaluate {task}-{model}`")
            maps[task] = NetworkFeatures(task, model, seen)
    return list(maps.values())
