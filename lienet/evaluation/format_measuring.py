"""Measuring what the formats of one network lose in quality.

A format that fails while it is measured is a row with the reason; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from numpy.typing import ArrayLike

from lienet.deployment.converted import Converted, read_list
from lienet.errors import ModelError
from lienet.evaluation.format_costs import FLOAT32, FormatCost, FormatCosts, compare_scores
from lienet.evaluation.intervals import make_bound
from lienet.evaluation.measuring import score_test_images
from lienet.evaluation.scores import (
    PER_IMAGE_NAME,
    ImageScore,
    Interval,
    read_scores,
)
from lienet.evaluation.scoring import make_contenders
from lienet.networks.registry import read_card
from lienet.params import Model, Params
from lienet.versions import find_versions
from lienet.workspace import ONNX_NAME, Workspace


def measure_formats(
    params: Params, workspace: Workspace, spec: Model
) -> tuple[FormatCosts, Mapping[str, list[ImageScore]]]:
    """Measure every format that export has made of a network.

    Returns:
        the costs, and the scores of single images by format.

    Raises:
        DataError: the network itself has not been evaluated.
        ModelError: it has not been exported.
    """
    key, folder = f"{spec.task}-{spec.name}", workspace.formats_dir(spec.task, spec.name)
    converted = read_list(folder, remedy=f"run `lienet export {key}`")
    rows: list[FormatCost] = []
    scores: dict[str, list[ImageScore]] = {}
    if converted:
        own = read_scores(
            workspace.evaluation_dir(spec.task, spec.name) / PER_IMAGE_NAME,
            remedy=f"run `lienet evaluate {key}`",
        )
        bound = make_bound(params.evaluate.confidence)
        onnx_path = workspace.model_dir(spec.task, spec.name) / ONNX_NAME
        rows.append(_measure_float32(onnx_path, own, bound))
        for each in converted:
            row, scores[each.format] = _measure(params, workspace, spec, each, own, bound)
            rows.append(row)
    costs = FormatCosts(
        task=spec.task,
        model=spec.name,
        weights_sha256=read_card(workspace.model_dir(spec.task, spec.name)).weights_sha256,
        formats=rows,
    )
    return costs, {name: found for name, found in scores.items() if found}


def _measure_float32(
    onnx_path: Path,
    own: Sequence[ImageScore],
    bound: Callable[[ArrayLike], Interval],
) -> FormatCost:
    return FormatCost(
        format=FLOAT32,
        tool=f"torch {find_versions(['torch'])['torch']}",
        reason=None,
        size_bytes=onnx_path.stat().st_size,
        results=compare_scores(own, own, bound),
    )


def _measure(
    params: Params,
    workspace: Workspace,
    spec: Model,
    converted: Converted,
    own: Sequence[ImageScore],
    bound: Callable[[ArrayLike], Interval],
) -> tuple[FormatCost, list[ImageScore]]:
    scores: list[ImageScore] = []
    reason = converted.reason
    if converted.file is not None and reason is None:
        path = workspace.formats_dir(spec.task, spec.name) / converted.file
        label = f"{spec.task}-{spec.name} as {converted.format}"
        try:
            contenders = make_contenders({spec.scale: path}, tile_px=params.evaluate.tile_px)
            scores = score_test_images(params, workspace, spec.task, contenders, label=label)
        except ModelError as error:
            reason, scores = str(error), []
    row = FormatCost(
        format=converted.format,
        tool=converted.tool,
        reason=reason,
        size_bytes=converted.size_bytes,
        results=compare_scores(scores, own, bound),
    )
    return row, scores
