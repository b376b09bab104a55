"""Stage export: weights in, ONNX and its parity report out."""

from __future__ import annotations

import hashlib
import logging

from lienet.deployment.onnx import check_parity, export_onnx
from lienet.files import write_bytes, write_json
from lienet.networks.registry import ModelCard, load_model
from lienet.params import Params
from lienet.params.licences import WEIGHTS_NOTE
from lienet.tracking.track import track_after_stage
from lienet.workspace import ONNX_NAME, Workspace

logger = logging.getLogger(__name__)


def list_items(params: Params) -> list[str]:
    """Return the keys of the models."""
    return list(params.models)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Export one model, check that ONNX Runtime agrees with torch, and track it."""
    spec, chosen = params.models[item], params.export
    model_dir = workspace.model_dir(spec.task, spec.name)
    model, card = load_model(model_dir)
    logger.info("%s: exporting to ONNX, opset %d", item, chosen.opset)
    content = export_onnx(model, opset=chosen.opset, metadata=_describe(card))
    error = check_parity(model, content, chosen.parity_sizes_px, tolerance=chosen.parity_tolerance)
    write_bytes(model_dir / ONNX_NAME, content)
    write_json(
        workspace.export_report_path(spec.task, spec.name),
        {
            "max_error": error,
            "tolerance": chosen.parity_tolerance,
            "sizes_px": chosen.parity_sizes_px,
            "opset": chosen.opset,
            "onnx_sha256": hashlib.sha256(content).hexdigest(),
            "passed": True,
        },
    )
    logger.info("%s: ONNX is within %.1e of torch", item, error)
    track_after_stage(params, workspace, [item])


def _describe(card: ModelCard) -> dict[str, str]:
    return {
        "task": card.task,
        "model": card.name,
        "architecture": card.architecture,
        "scale": str(card.scale),
        "run_key": card.run_key,
        "weights_sha256": card.weights_sha256,
        "licence": WEIGHTS_NOTE,
    }
