"""Stage evaluate: a model or a classical method and the test shards in; metrics and images out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from lienet.errors import DataError
from lienet.evaluation import feature_map
from lienet.evaluation.appearance import changes_as_json, compare_appearances
from lienet.evaluation.benchmark import (
    ImageScore,
    Results,
    flatten_results,
    paired_bootstrap,
    results_as_json,
    scores_as_csv,
    select_protocols,
    summarise,
)
from lienet.evaluation.cluster_scoring import FirstOfEachSet, score_on_cluster
from lienet.evaluation.identity import LEFT_OUT, FaceEmbedder, IdentityScore, summarise_identity
from lienet.evaluation.methods import Method, open_method, time_onnx
from lienet.evaluation.scoring import Contender, EnhancedImage, make_contenders, score_samples
from lienet.files import replacing_folder, write_bytes, write_json, write_text
from lienet.images import encode_png
from lienet.params import Params
from lienet.shards.reading import INDEX_NAME, Sample, ShardIndex, iterate_samples, read_index
from lienet.tracking.runs import Tracker, track_run
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_LOG_EVERY_SAMPLES = 10
_OnImage = Callable[[EnhancedImage], None]


def list_items(params: Params) -> list[str]:
    """Return the keys of the models and of the classical methods."""
    return [*params.models, *params.evaluate.classics]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Measure one method under every protocol of its scale; bicubic under every protocol.

    Faces are asked for their identity as well, and real old photographs are enhanced and measured
    without a reference.

    Raises:
        DataError: the task has no test images, or a sample does not fit.
        ModelError: a model cannot be loaded.
        ToolError: VMAF cannot be measured, or a face model is not what it should be.
    """
    known = {**params.models, **params.evaluate.classics}
    task = known[item].task
    degradation = params.synthesize.tasks[task]
    index = _read_test_index(workspace, task)
    identity = _Identity(params, workspace) if degradation.shows_faces else None
    method = open_method(params, workspace, item, index)
    with (
        track_run(
            workspace,
            task=task,
            model=method.name,
            run_key=method.run_key,
            profile=params.profile,
        ) as tracker,
        replacing_folder(workspace.evaluation_dir(task, method.name)) as folder,
    ):
        keeper = _ImageKeeper(folder / "images", params.evaluate.keep_images_per_set)

        def take_in(image: EnhancedImage) -> None:
            keeper.keep(image)
            if identity is not None:
                identity.add(image)

        wants_image = None
        if params.cluster.address is not None:
            is_all = identity is not None and identity.is_asked_for
            wants_image = FirstOfEachSet(params.evaluate.keep_images_per_set, is_all=is_all)
        scores = _score(params, workspace, task, method.contenders, item, take_in, wants_image)
        results = summarise(scores, **_resampling(params))
        metrics = dict(method.facts) | {"results": results_as_json(results)}
        if identity is not None:
            metrics["identity"] = identity.summarise()
        if degradation.shows_real:
            metrics["real"] = _enhance_real(params, workspace, method, folder / "real")
        write_text(folder / "per_image.csv", scores_as_csv(scores))
        _keep_feature_map(params, method, keeper.first, folder)
        write_json(workspace.evaluation_path(task, method.name), metrics)
        _track(params, tracker, method, metrics, results, index, folder)


def measure_onnx(
    params: Params, workspace: Workspace, onnx_path: Path, *, task: str, scale: int
) -> tuple[dict[str, object], Results]:
    """Measure an ONNX file that a person brings, as :func:`run` does; nothing is written.

    Returns:
        What ``reports/evaluate/<task>/<model>.json`` says, less what an ONNX file does not tell,
        and the results in it.
    """
    index = _read_test_index(workspace, task)
    scores = score_onnx(params, workspace, onnx_path, task=task, scale=scale)
    results = summarise(scores, **_resampling(params))
    return {
        "task": task,
        "model": onnx_path.name,
        "scale": scale,
        **time_onnx(params, onnx_path),
        "data_sha256": {"test": index.sha256},
        "results": results_as_json(results),
    }, results


def score_onnx(
    params: Params, workspace: Workspace, onnx_path: Path, *, task: str, scale: int
) -> list[ImageScore]:
    """Score an ONNX file image by image on the test shards; nothing is written."""
    contenders = make_contenders({scale: onnx_path}, tile_px=params.evaluate.tile_px)
    return _score(params, workspace, task, contenders, onnx_path.name, lambda image: None)


class _ImageKeeper:
    """Writes the first images of each scale and test set, which come in the order of keys."""

    def __init__(self, folder: Path, images_per_set: int) -> None:
        self.first: EnhancedImage | None = None
        self._folder = folder
        self._images_per_set = images_per_set
        self._num_kept: dict[Path, int] = {}

    def keep(self, image: EnhancedImage) -> None:
        self.first = self.first or image
        folder = self._folder / f"x{image.scale}" / image.test_set
        num_kept = self._num_kept.get(folder, 0)
        if num_kept < self._images_per_set:
            write_bytes(folder / f"{image.key}.png", encode_png(image.pixels))
            self._num_kept[folder] = num_kept + 1


class _Identity:
    """Distances between face embeddings, or the note that they were not asked for."""

    def __init__(self, params: Params, workspace: Workspace) -> None:
        self._bootstrap = partial(paired_bootstrap, **_resampling(params))
        self._scores: list[IdentityScore] = []
        self._embedder = None
        chosen, detector = params.evaluate.face_embedding, params.filter.face.model
        if chosen is None:
            logger.info("identity is %s", LEFT_OUT)
            return
        self._embedder = FaceEmbedder(
            workspace.root / Path(chosen).expanduser(),
            None if detector is None else workspace.root / Path(detector).expanduser(),
        )

    @property
    def is_asked_for(self) -> bool:
        return self._embedder is not None

    def add(self, image: EnhancedImage) -> None:
        if self._embedder is not None:
            self._scores.append(self._embedder.score(image))

    def summarise(self) -> dict[str, Any]:
        note = LEFT_OUT if self._embedder is None else None
        return {"note": note, "sets": summarise_identity(self._scores, self._bootstrap)}


def _enhance_real(
    params: Params, workspace: Workspace, method: Method, folder: Path
) -> dict[str, dict[str, object]]:
    """Enhance the real old photographs, of which there may be none, and measure what changed."""
    real_dir = workspace.shards_dir(method.task) / "real"
    if not (real_dir / INDEX_NAME).is_file():
        return {}
    keeper = _ImageKeeper(folder, params.evaluate.keep_images_per_set)
    enhancer = method.contenders[1].enhancer
    with _progress(real_dir, f"{method.name} on real photographs") as samples:
        return changes_as_json(compare_appearances(samples, enhancer, on_image=keeper.keep))


def _keep_feature_map(
    params: Params, method: Method, first: EnhancedImage | None, folder: Path
) -> None:
    if method.network is None or first is None:
        return
    extracted = feature_map.extract_feature_map(
        method.network,
        first.degraded,
        test_set=first.test_set,
        key=first.key,
        max_side_px=params.evaluate.tile_px,
    )
    write_bytes(folder / feature_map.FILE_NAME, extracted.to_bytes())


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
    contenders: Mapping[int, Contender],
    label: str,
    on_image: _OnImage,
    wants_image: Callable[[Sample], bool] | None = None,
) -> list[ImageScore]:
    """Score here, or on the cluster where it is told whose images to bring back."""
    chosen = params.evaluate
    scale = next(iter(contenders)) if len(contenders) == 1 else None
    protocols = select_protocols(chosen.protocols, task=task, scale=scale)
    score = partial(
        score_samples,
        contenders=contenders,
        protocols=protocols,
        with_vmaf=chosen.vmaf,
        with_ciede2000=task in chosen.ciede2000_tasks,
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
    with _progress(workspace.shards_dir(task) / "test", label) as samples:
        return score(samples)


def _resampling(params: Params) -> dict[str, Any]:
    return {
        "resamples": params.evaluate.bootstrap_resamples,
        "confidence": params.evaluate.bootstrap_confidence,
        "seed": params.seed,
    }


@contextmanager
def _progress(split_dir: Path, label: str) -> Iterator[Iterator[Sample]]:
    total = read_index(split_dir).num_samples
    console = Console(stderr=True)

    def walk() -> Iterator[Sample]:
        for place, sample in enumerate(iterate_samples(split_dir)):
            if place % _LOG_EVERY_SAMPLES == 0 and not console.is_terminal:
                logger.info("%s: %d of %d images measured", label, place, total)
            yield sample
            bar.advance(task)

    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"evaluate {label}", total=total)
        yield walk()
    logger.info("%s: %d images measured", label, total)


def _track(
    params: Params,
    tracker: Tracker,
    method: Method,
    metrics: dict[str, Any],
    results: Results,
    index: ShardIndex,
    folder: Path,
) -> None:
    headline = params.promote.tasks[method.task].protocol
    headline = headline if headline in results else next(iter(results))
    costs = {name: metrics[name] for name in ("num_params", "num_macs", "latency_ms")}
    tracker.log_metrics(flatten_results(results, headline=headline))
    tracker.log_metrics({name: float(cost) for name, cost in costs.items() if cost is not None})
    tracker.set_tags({"lienet.protocol": headline})
    counts = {"num_samples": index.num_samples, "num_images": index.num_images}
    tracker.log_dataset(method.task, "test", sha256=index.sha256, **counts)
    tracker.log_artifact(folder.parent / f"{method.name}.json", "evaluate")
    tracker.log_artifact(folder / "per_image.csv", "evaluate")
    for pictures in (folder / "images", folder / "real"):
        if pictures.is_dir():
            tracker.log_artifact(pictures, "evaluate")
