"""Stage export: weights in; ONNX with its parity report, and other formats out."""

from __future__ import annotations

import hashlib
import logging

from lienet.deployment.converted import write_list
from lienet.deployment.formats.base import Source
from lienet.deployment.formats.registry import convert_all, require_tools
from lienet.deployment.onnx import check_parity, export_onnx
from lienet.deployment.runtimes import Planes
from lienet.errors import DataError
from lienet.files import replacing_folder, write_bytes, write_json
from lienet.images import decode_image, to_planes
from lienet.networks.registry import ModelCard, load_model
from lienet.params import Params
from lienet.params.licences import WEIGHTS_NOTE
from lienet.shards.reading import iterate_samples, read_index
from lienet.tracking.track import track_after_stage
from lienet.workspace import ONNX_NAME, Workspace

logger = logging.getLogger(__name__)


def list_items(params: Params) -> list[str]:
    """Return the keys of the models."""
    return list(params.models)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Export one model, check that ONNX Runtime agrees with torch, convert and track it.

    Raises:
        ModelError: the model is missing, or ONNX strays from torch.
        DataError: formats are asked for, and there are no validation tiles to calibrate on.
        ToolError: the tool of a format is not installed.
    """
    spec, chosen = params.models[item], params.export
    require_tools(chosen.formats)
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
    with replacing_folder(workspace.formats_dir(spec.task, spec.name)) as folder:
        formats = []
        if chosen.formats:
            source = Source(
                model=model,
                onnx=content,
                calibration=_read_calibration(params, workspace, card),
                opset=chosen.opset,
                metadata=_describe(card),
            )
            formats = convert_all(chosen.formats, source, folder)
        write_list(folder, formats)
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


def _read_calibration(params: Params, workspace: Workspace, card: ModelCard) -> list[Planes]:
    """Return degraded validation tiles, evenly spread over the split."""
    split_dir = workspace.shards_dir(card.task) / "valid"
    num_samples = read_index(split_dir).num_samples
    num_tiles = min(params.export.calibration_tiles, num_samples)
    if not num_tiles:
        raise DataError(
            f"{split_dir} holds no tiles, on which formats are calibrated",
            remedy="raise synthesize.split.valid_share, or empty export.formats",
        )
    positions = {position * num_samples // num_tiles for position in range(num_tiles)}
    return [
        to_planes(decode_image(sample.degraded[card.scale]))
        for sample in iterate_samples(split_dir, positions=positions)
    ]
