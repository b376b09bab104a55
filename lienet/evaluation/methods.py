"""What an item of the stage evaluate is: a trained network or a classical method, made ready.

Owns what is said of each beside its results: size, cost, latency and where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from lienet.evaluation.classics import make_classic, time_enhancer_ms
from lienet.evaluation.complexity import count_macs, measure_latency_ms
from lienet.evaluation.scoring import Contender, Unchanged, make_contenders
from lienet.files import sha256_of_json
from lienet.networks.registry import build_model, load_model
from lienet.params import Classic, EnhancementModel, LienetModel, Model, Params, Task
from lienet.shards.reading import ShardIndex
from lienet.workspace import ONNX_NAME, Workspace


@dataclass(frozen=True)
class Method:
    """Something that enhances, by scale, and what is said of it."""

    task: Task
    name: str
    run_key: str
    """Identifies the tracked run."""
    contenders: Mapping[int, Contender]
    facts: Mapping[str, object]
    """What ``reports/evaluate/<task>/<name>.json`` says before its results."""
    network: nn.Module | None
    """The network whose AI feature map is worth a look."""


def open_method(params: Params, workspace: Workspace, item: str, index: ShardIndex) -> Method:
    """Load a model by its key, or set up a classical method by its own.

    Args:
        params: the active set.
        workspace: holds the trained models.
        item: a key of ``models`` or of ``evaluate.classics``.
        index: of the test shards.

    Raises:
        ModelError: a model's weights or ONNX file are missing or do not fit.
    """
    if item in params.models:
        return _open_model(params, workspace, params.models[item], index)
    return _open_classic(params, params.evaluate.classics[item], index)


def time_onnx(params: Params, onnx_path: Path) -> dict[str, object]:
    """Return a network's latency and the input size it was taken at.

    Raises:
        ModelError: the file is missing or cannot be loaded.
    """
    size = params.evaluate.latency
    latency_ms = measure_latency_ms(
        onnx_path,
        height_px=size.input_height_px,
        width_px=size.input_width_px,
        num_runs=size.num_runs,
    )
    return _state_latency(params, latency_ms)


def _open_model(params: Params, workspace: Workspace, spec: Model, index: ShardIndex) -> Method:
    chosen = params.evaluate
    model_dir = workspace.model_dir(spec.task, spec.name)
    model, card = load_model(model_dir)
    models = {card.scale: model}
    if card.architecture == "bicubic":
        protocols = [each for each in chosen.protocols.values() if each.task == spec.task]
        for scale in sorted({protocol.scale for protocol in protocols} - {card.scale}):
            models[scale] = build_model(spec, scale).eval()
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
        **time_onnx(params, model_dir / ONNX_NAME),
        "steps": card.steps,
        "data_sha256": {**card.data_sha256, "test": index.sha256},
        "weights_sha256": card.weights_sha256,
    }
    contenders = make_contenders(dict(sorted(models.items())), tile_px=chosen.tile_px)
    network = model if has_feature_map(spec) else None
    return Method(spec.task, spec.name, card.run_key, contenders, facts, network)


def has_feature_map(spec: Model) -> bool:
    """Return whether the network modulates by features of its own input."""
    if isinstance(spec, LienetModel | EnhancementModel):
        return spec.self_features and spec.modulate != "none"
    return False


def _open_classic(params: Params, spec: Classic, index: ShardIndex) -> Method:
    chosen = params.evaluate
    classic, size = make_classic(spec), chosen.latency
    latency_ms = time_enhancer_ms(
        classic, height_px=size.input_height_px, width_px=size.input_width_px
    )
    facts = {
        "task": spec.task,
        "model": spec.name,
        "architecture": spec.method,
        "scale": 1,
        "num_params": 0,
        "num_macs": None,
        "macs_output_px": [chosen.macs_output_height_px, chosen.macs_output_width_px],
        **_state_latency(params, latency_ms),
        "steps": 0,
        "data_sha256": {"test": index.sha256},
        "weights_sha256": "",
    }
    run_key = sha256_of_json({"classic": spec.model_dump(mode="json"), "test": index.sha256})
    return Method(spec.task, spec.name, run_key, {1: Contender(classic, Unchanged())}, facts, None)


def _state_latency(params: Params, latency_ms: float) -> dict[str, object]:
    size = params.evaluate.latency
    return {
        "latency_ms": latency_ms,
        "latency_input_px": [size.input_height_px, size.input_width_px],
    }
