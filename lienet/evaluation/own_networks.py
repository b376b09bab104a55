"""Measuring a network's file that a person brings: ``lienet evaluate --model FILE``.

Owns which task such a file is measured in, and its latency, which here is taken beside its scores.
"""

from __future__ import annotations

import logging
from pathlib import Path

from lienet.deployment.runtimes import NetworkFile, open_file
from lienet.errors import InputError, ModelError
from lienet.evaluation.benchmark import results_as_json, summarise
from lienet.evaluation.complexity import measure_latency
from lienet.evaluation.intervals import make_bound
from lienet.evaluation.measuring import read_test_index, require_tools, score_onnx
from lienet.evaluation.scores import Results
from lienet.params import Params
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)


def measure_onnx(
    params: Params,
    workspace: Workspace,
    path: Path,
    *,
    task: str | None = None,
    scale: int | None = None,
) -> tuple[dict[str, object], Results]:
    """Measure a file that a person brings, as the stage evaluate measures a network.

    Args:
        params: the active set.
        workspace: holds the test shards.
        path: the file, in any format that runs here; of any size, one, or multiples of a number.
        task: by name; None takes what the file says of itself, or ``sr`` for one that enlarges.
        scale: per side, to be held against the network's own.

    Returns:
        What ``reports/evaluate/<task>/<model>.json`` says, less what a file does not tell,
        and the results in it. A latency that cannot be measured costs no result: it is None.

    Raises:
        InputError: no protocol fits the network, or not with such a task or scale.
        DataError: the task has no test images.
        ModelError: the file cannot be used.
        ToolError: a metric cannot be measured here.
    """
    network = open_file(path, num_threads=1)
    task = choose_task(params, network, task=task, scale=scale)
    require_tools(params, task)
    index = read_test_index(workspace, task)
    scores = score_onnx(params, workspace, path, task=task, scale=network.scale)
    results = summarise(scores, make_bound(params.evaluate.confidence))
    return {
        "task": task,
        "model": path.name,
        "scale": network.scale,
        **_time(params, path),
        "data_sha256": {"test": index.sha256},
        "results": results_as_json(results),
    }, results


def choose_task(
    params: Params, network: NetworkFile, *, task: str | None, scale: int | None
) -> str:
    """Return the task that a network is measured in.

    Args:
        params: the active set.
        network: opened.
        task: by name; None takes what the file says of itself, or ``sr`` for one that enlarges.
        scale: per side, to be held against the network's own.

    Raises:
        InputError: there is no such task, or no protocol of it for the network's scale.
        ModelError: the file cannot be used.
    """
    own = network.scale
    if scale not in (None, own):
        raise InputError(
            f"{network.path} enlarges by {own} per side",
            got=f"--scale {scale}",
            remedy="leave it out",
        )
    found = task or network.metadata.get("task") or ("sr" if own > 1 else None)
    fitting = {each.task for each in params.evaluate.protocols.values() if each.scale == own}
    if found in fitting:
        return found
    names = " or ".join(f"--task {name}" for name in sorted(fitting))
    raise InputError(
        f"{network.path} enlarges by {own} per side, which evaluate.protocols measure in"
        f" {', '.join(sorted(fitting)) or 'no task'}",
        got=f"the task {found}" if found else "no task",
        remedy=f"give {names}" if names else "add a protocol to params.yaml",
    )


def _time(params: Params, path: Path) -> dict[str, object]:
    """Return a file's latency and the input size that it was taken on; None where it fails."""
    size = params.time
    try:
        found = measure_latency(
            path,
            height_px=size.input_height_px,
            width_px=size.input_width_px,
            num_runs=size.num_runs,
        )
    except (ModelError, MemoryError) as error:
        logger.warning("the latency could not be measured: %s", error)
        return {"latency_ms": None, "latency_input_px": None}
    return {
        "latency_ms": found.median_ms,
        "latency_input_px": [found.height_px, found.width_px],
    }
