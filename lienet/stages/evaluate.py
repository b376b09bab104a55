"""Stage evaluate: a trained model, its ONNX file and the test shards in; metrics and images out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from torch import nn

from lienet.data.shards import Sample, ShardIndex, iterate_samples, read_index
from lienet.errors import DataError
from lienet.evaluation.benchmark import (
    ImageScore,
    Results,
    results_as_json,
    scores_as_csv,
    select_protocols,
    summarise,
)
from lienet.evaluation.complexity import count_macs, measure_latency_ms
from lienet.evaluation.scoring import EnhancedImage, make_contenders, score_samples
from lienet.files import replacing_folder, write_bytes, write_json, write_text
from lienet.images import encode_png
from lienet.models.registry import ModelCard, build_model, load_model
from lienet.params import Model, Params
from lienet.tracking.runs import Tracker, track_run
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_LOG_EVERY_SAMPLES = 10


def list_items(params: Params) -> list[str]:
    """Return the keys of the models."""
    return list(params.models)


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Measure one model under every protocol of its scale; bicubic under every protocol."""
    spec = params.models[item]
    index = _read_test_index(workspace, spec.task)
    model_dir = workspace.model_dir(spec.task, spec.name)
    model, card = load_model(model_dir)
    is_bicubic = card.architecture == "bicubic"
    models = _models_by_scale(params, spec, model) if is_bicubic else {card.scale: model}
    with (
        track_run(
            workspace,
            task=spec.task,
            model=spec.name,
            run_key=card.run_key,
            profile=params.profile,
        ) as tracker,
        replacing_folder(workspace.evaluation_dir(spec.task, spec.name)) as folder,
    ):
        keeper = _ImageKeeper(folder / "images", params.evaluate.keep_images_per_set)
        scores = _score(params, workspace, spec.task, models, item, keeper.keep)
        results = _summarise(params, scores)
        metrics = _describe(params, model, card, model_dir / "model.onnx", index)
        metrics["results"] = results_as_json(results)
        write_text(folder / "per_image.csv", scores_as_csv(scores))
        path = workspace.evaluation_path(spec.task, spec.name)
        write_json(path, metrics)
        _track(tracker, metrics, results, path, folder)


def measure_onnx(
    params: Params, workspace: Workspace, onnx_path: Path, *, task: str, scale: int
) -> tuple[dict[str, object], Results]:
    """Measure an ONNX file that a person brings, as :func:`run` does; nothing is written.

    Returns:
        What ``reports/evaluate/<task>/<model>.json`` says, less what an ONNX file does not tell,
        and the results in it.
    """
    index = _read_test_index(workspace, task)
    scores = _score(params, workspace, task, {scale: onnx_path}, onnx_path.name, lambda image: None)
    results = _summarise(params, scores)
    return {
        "task": task,
        "model": onnx_path.name,
        "scale": scale,
        **_time(params, onnx_path),
        "data_sha256": {"test": index.sha256},
        "results": results_as_json(results),
    }, results


class _ImageKeeper:
    """Writes the first images of each scale and test set, which come in the order of keys."""

    def __init__(self, folder: Path, images_per_set: int) -> None:
        self._folder = folder
        self._images_per_set = images_per_set
        self._num_kept: dict[Path, int] = {}

    def keep(self, image: EnhancedImage) -> None:
        folder = self._folder / f"x{image.scale}" / image.test_set
        num_kept = self._num_kept.get(folder, 0)
        if num_kept < self._images_per_set:
            write_bytes(folder / f"{image.key}.png", encode_png(image.pixels))
            self._num_kept[folder] = num_kept + 1


def _models_by_scale(params: Params, spec: Model, model: nn.Module) -> dict[int, nn.Module]:
    protocols = select_protocols(params.evaluate.protocols, task=spec.task, scale=None)
    scales = sorted({protocol.scale for protocol in protocols.values()})
    return {
        scale: model if scale == spec.scale else build_model(spec, scale).eval() for scale in scales
    }


def _read_test_index(workspace: Workspace, task: str) -> ShardIndex:
    index = read_index(workspace.shards_dir(task) / "test")
    if not index.num_samples:
        raise DataError(
            f"the task {task} has no test images",
            remedy="give a source the split test, or raise synthesize.split.test_share",
        )
    return index


def _score(
    params: Params,
    workspace: Workspace,
    task: str,
    models: dict[int, nn.Module] | dict[int, Path],
    label: str,
    on_image: Callable[[EnhancedImage], None],
) -> list[ImageScore]:
    chosen = params.evaluate
    scale = next(iter(models)) if len(models) == 1 else None
    protocols = select_protocols(chosen.protocols, task=task, scale=scale)
    contenders = make_contenders(dict(models), tile_px=chosen.tile_px)
    with _progress(workspace.shards_dir(task) / "test", label) as samples:
        return score_samples(
            samples, contenders, protocols, with_vmaf=chosen.vmaf, on_image=on_image
        )


def _summarise(params: Params, scores: list[ImageScore]) -> Results:
    return summarise(
        scores,
        resamples=params.evaluate.bootstrap_resamples,
        confidence=params.evaluate.bootstrap_confidence,
        seed=params.seed,
    )


@contextmanager
def _progress(test_dir: Path, label: str) -> Iterator[Iterator[Sample]]:
    total = read_index(test_dir).num_samples
    console = Console(stderr=True)

    def walk() -> Iterator[Sample]:
        for place, sample in enumerate(iterate_samples(test_dir)):
            if place % _LOG_EVERY_SAMPLES == 0 and not console.is_terminal:
                logger.info("%s: %d of %d test images measured", label, place, total)
            yield sample
            bar.advance(task)

    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"evaluate {label}", total=total)
        yield walk()
    logger.info("%s: %d test images measured", label, total)


def _describe(
    params: Params, model: nn.Module, card: ModelCard, onnx_path: Path, index: ShardIndex
) -> dict[str, object]:
    chosen = params.evaluate
    return {
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
        **_time(params, onnx_path),
        "steps": card.steps,
        "data_sha256": {**card.data_sha256, "test": index.sha256},
        "weights_sha256": card.weights_sha256,
    }


def _time(params: Params, onnx_path: Path) -> dict[str, object]:
    size = params.evaluate.latency
    latency_ms = measure_latency_ms(
        onnx_path,
        height_px=size.input_height_px,
        width_px=size.input_width_px,
        num_runs=size.num_runs,
    )
    return {
        "latency_ms": latency_ms,
        "latency_input_px": [size.input_height_px, size.input_width_px],
    }


def _track(
    tracker: Tracker, metrics: dict[str, object], results: Results, path: Path, folder: Path
) -> None:
    for protocol, sets in results.items():
        for test_set, result in sets.items():
            values = {"psnr_db": result.psnr_db, "ssim": result.ssim, "vmaf": result.vmaf}
            values |= {"psnr_gain_db": result.psnr_gain_db, "ssim_gain": result.ssim_gain}
            tracker.log_metrics(
                {
                    f"{protocol}/{test_set}/{name}": value
                    for name, value in values.items()
                    if value is not None
                }
            )
    costs = ("num_params", "num_macs", "latency_ms")
    tracker.log_metrics({name: float(str(metrics[name])) for name in costs})
    tracker.log_artifact(path, "evaluate")
    tracker.log_artifact(folder / "per_image.csv", "evaluate")
    if (folder / "images").is_dir():
        tracker.log_artifact(folder / "images", "evaluate")
