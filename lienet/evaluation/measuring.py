"""Scores of the test shards of a task by any method, here or on a cluster.

Owns what every measurement shares: which samples, which protocols, which metrics. Writes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from lienet.deployment.runtimes import NetworkFile, open_file
from lienet.errors import DataError, InputError, ModelError
from lienet.evaluation.benchmark import results_as_json, select_protocols, summarise
from lienet.evaluation.cluster_scoring import score_on_cluster
from lienet.evaluation.intervals import make_bound
from lienet.evaluation.items import time_onnx
from lienet.evaluation.scores import ImageScore, Results
from lienet.evaluation.scoring import Contender, EnhancedImage, make_contenders, score_samples
from lienet.params import Params
from lienet.progress import watch
from lienet.shards.reading import Sample, ShardIndex, iterate_samples, read_index
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)


def read_test_index(workspace: Workspace, task: str) -> ShardIndex:
    """Return the index of a task's test shards.

    Raises:
        DataError: there are none, or they hold no image.
    """
    index = read_index(workspace.shards_dir(task) / "test")
    if not index.num_samples:
        raise DataError(
            f"the task {task} has no test images",
            remedy="give a source the split test, or raise synthesize.split.test_share",
        )
    return index


def require_tools(params: Params, task: str) -> None:
    """Check that a task's metrics can be measured here, before any work starts.

    Raises:
        ToolError: a package or a file is missing that one is measured with.
    """
    for metric in params.evaluate.metrics_of(task).values():
        metric.require_tools()


def score_test_images(
    params: Params,
    workspace: Workspace,
    task: str,
    contenders: Mapping[int, Contender],
    *,
    label: str,
    on_image: Callable[[EnhancedImage], None] = lambda image: None,
    wants_image: Callable[[Sample], bool] | None = None,
) -> list[ImageScore]:
    """Score a method on a task's test images, under every protocol of its scales.

    Args:
        params: the active set.
        workspace: holds the test shards.
        task: the task by name.
        contenders: the method by scale.
        label: stands for it in the log.
        on_image: is given the enhanced images.
        wants_image: scores on the cluster, and tells whose images come back from there.

    Raises:
        DataError: a sample does not fit, or no sample is given as a protocol wants it.
    """
    chosen = params.evaluate
    scale = next(iter(contenders)) if len(contenders) == 1 else None
    protocols = select_protocols(chosen.protocols, task=task, scale=scale)
    score = partial(
        score_samples,
        contenders=contenders,
        protocols=protocols,
        metrics=chosen.metrics_of(task),
        on_image=on_image,
    )
    if wants_image is not None:
        score = partial(
            score_on_cluster,
            **score.keywords,
            wants_image=wants_image,
            cluster=params.cluster,
            num_workers=params.num_workers,
        )
    scores = score(walk_samples(workspace.shards_dir(task) / "test", label))
    lacking = protocols.keys() - {each.protocol for each in scores}
    if lacking:
        raise DataError(
            f"the test shards of {task} hold no images for {', '.join(sorted(lacking))}",
            remedy=f"run `lienet synthesize {task}` again",
        )
    return scores


def score_onnx(
    params: Params, workspace: Workspace, onnx_path: Path, *, task: str, scale: int
) -> list[ImageScore]:
    """Score an ONNX file image by image on the test shards."""
    contenders = make_contenders({scale: onnx_path}, tile_px=params.evaluate.tile_px)
    return score_test_images(params, workspace, task, contenders, label=onnx_path.name)


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
    try:
        latency = time_onnx(params, path)
    except (ModelError, MemoryError) as error:
        logger.warning("the latency could not be measured: %s", error)
        latency = {"latency_ms": None, "latency_input_px": None}
    return {
        "task": task,
        "model": path.name,
        "scale": network.scale,
        **latency,
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


def walk_samples(split_dir: Path, label: str) -> Iterator[Sample]:
    """Return a split's samples, and show how many of them have been taken."""
    total = read_index(split_dir).num_samples
    return watch(iterate_samples(split_dir), f"evaluate {label}", noun="images", total=total)
