"""The items of the stage evaluate: trained networks, and methods that learn nothing.

Owns what is said of each beside its results: size, cost and where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from lienet.evaluation.complexity import count_macs
from lienet.evaluation.methods import make_baseline, make_method
from lienet.evaluation.scoring import Contender, make_contenders
from lienet.networks.features import has_feature_map
from lienet.networks.global_skip import BicubicUpsampling
from lienet.networks.registry import load_model
from lienet.params import MethodSpec, Model, Params, Task
from lienet.shards.reading import ShardIndex
from lienet.workspace import Workspace


@dataclass(frozen=True)
class Item:
    """Something that enhances, by scale, and what is said of it."""

    task: Task
    name: str
    contenders: Mapping[int, Contender]
    facts: Mapping[str, object]
    """What ``reports/evaluate/<task>/<name>.json`` says before its results."""
    network: nn.Module | None
    """The network whose AI feature map is worth a look."""


def open_item(params: Params, workspace: Workspace, item: str, index: ShardIndex) -> Item:
    """Load a model by its key, or set up a method by its own.

    Args:
        params: the active set.
        workspace: holds the trained models.
        item: a key of ``models`` or of ``evaluate.methods``.
        index: of the test shards.

    Raises:
        ModelError: a model's weights are missing or do not fit.
    """
    if item in params.models:
        return _open_model(params, workspace, params.models[item], index)
    return _open_method(params, params.evaluate.methods[item], index)


def _open_model(params: Params, workspace: Workspace, spec: Model, index: ShardIndex) -> Item:
    chosen = params.evaluate
    model, card = load_model(workspace.model_dir(spec.task, spec.name))
    facts = {
        "task": card.task,
        "model": card.name,
        "architecture": card.architecture,
        "scale": card.scale,
        "num_params": card.num_params,
        "num_macs": count_macs(
            model,
            scale=card.scale,
            output_height_px=chosen.macs_output_height_px,
            output_width_px=chosen.macs_output_width_px,
        ),
        "macs_output_px": [chosen.macs_output_height_px, chosen.macs_output_width_px],
        "steps": card.steps,
        "data_sha256": {**card.data_sha256, "test": index.sha256},
        "weights_sha256": card.weights_sha256,
    }
    contenders = make_contenders({card.scale: model}, tile_px=chosen.tile_px)
    network = model if has_feature_map(model) else None
    return Item(spec.task, spec.name, contenders, facts, network)


def _open_method(params: Params, spec: MethodSpec, index: ShardIndex) -> Item:
    chosen = params.evaluate
    protocols = [each for each in chosen.protocols.values() if each.task == spec.task]
    scales = sorted({protocol.scale for protocol in protocols})
    contenders: dict[int, Contender] = {}
    for scale in scales:
        method = make_method(spec, scale, tile_px=chosen.tile_px)
        baseline = make_baseline(scale, tile_px=chosen.tile_px)
        contenders[scale] = Contender(baseline if method == baseline else method, baseline)
    scale = scales[-1]
    sides = (chosen.macs_output_height_px, chosen.macs_output_width_px)
    height_px, width_px = (side_px - side_px % scale for side_px in sides)
    facts = {
        "task": spec.task,
        "model": spec.name,
        "architecture": spec.method,
        "scale": scale,
        "num_params": 0,
        "num_macs": _count_macs_of_method(spec, scale, height_px, width_px),
        "macs_output_px": [height_px, width_px],
        "steps": 0,
        "data_sha256": {"test": index.sha256},
        "weights_sha256": "",
    }
    return Item(spec.task, spec.name, contenders, facts, None)


def _count_macs_of_method(
    spec: MethodSpec, scale: int, output_height_px: int, output_width_px: int
) -> int | None:
    """Return the multiply-adds of a method that has any worth counting; None where unknown."""
    if spec.method == "input":
        return 0
    if spec.method != "bicubic":
        return None
    return count_macs(
        BicubicUpsampling(scale),
        scale=scale,
        output_height_px=output_height_px,
        output_width_px=output_width_px,
    )
