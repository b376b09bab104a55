"""Stage evaluate: a network or a method and the test shards in; metrics and images out."""

from __future__ import annotations

from pathlib import Path

from lienet.evaluation.appearance import changes_as_json, compare_appearances
from lienet.evaluation.benchmark import summarise
from lienet.evaluation.cluster_scoring import FirstOfEachSet
from lienet.evaluation.format_measuring import measure_formats
from lienet.evaluation.identity import FaceEmbedder, IdentityMeter
from lienet.evaluation.intervals import make_bound
from lienet.evaluation.items import Item, open_item
from lienet.evaluation.keeping import ImageKeeper, keep_feature_map
from lienet.evaluation.measuring import (
    read_test_index,
    require_tools,
    score_test_images,
    walk_samples,
)
from lienet.evaluation.scores import PER_IMAGE_NAME, Evaluation, scores_as_csv
from lienet.evaluation.scoring import EnhancedImage
from lienet.files import replacing_folder, write_json, write_text
from lienet.params import Params
from lienet.params.evaluation import FORMATS_SUFFIX
from lienet.screening.model_files import find_shipped_model
from lienet.shards.reading import INDEX_NAME
from lienet.tracking.track import track_after_stage
from lienet.workspace import Workspace


def list_items(params: Params) -> list[str]:
    """Return the keys of the models and of the methods that learn nothing, and models' formats."""
    formats = [f"{key}{FORMATS_SUFFIX}" for key in params.models]
    return [*params.models, *params.evaluate.methods, *formats]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Measure one network or method under every protocol of its scales.

    Faces are asked for their identity as well, and real old photographs are enhanced and measured
    without a reference.

    Raises:
        DataError: the task has no test images, or a sample does not fit.
        ModelError: a model cannot be loaded.
        ToolError: a metric cannot be measured, or a face model is not what it should be.
    """
    known = {**params.models, **params.evaluate.methods}
    task = known[item.removesuffix(FORMATS_SUFFIX)].task
    require_tools(params, task)
    if item.endswith(FORMATS_SUFFIX):
        _run_formats(params, workspace, item.removesuffix(FORMATS_SUFFIX))
        return
    degradation = params.synthesize.tasks[task]
    index = read_test_index(workspace, task)
    identity = _open_identity(params, workspace) if degradation.shows_faces else None
    opened = open_item(params, workspace, item, index)
    with replacing_folder(workspace.evaluation_dir(task, opened.name)) as folder:
        keeper = ImageKeeper(folder / "images", params.evaluate.keep_images_per_set)

        def take_in(image: EnhancedImage) -> None:
            keeper.keep(image)
            if identity is not None and image.given.side_px is None:
                identity.add(image)

        wants_image = None
        if params.cluster.address is not None:
            is_all = identity is not None and identity.is_asked_for
            wants_image = FirstOfEachSet(params.evaluate.keep_images_per_set, is_all=is_all)
        scores = score_test_images(
            params,
            workspace,
            task,
            opened.contenders,
            label=item,
            on_image=take_in,
            wants_image=wants_image,
        )
        results = summarise(scores, make_bound(params.evaluate.confidence))
        metrics = dict(opened.facts) | {"results": results}
        if identity is not None:
            metrics["identity"] = identity.summarise()
        if degradation.shows_real:
            metrics["real"] = _enhance_real(params, workspace, opened, folder / "real")
        write_text(folder / PER_IMAGE_NAME, scores_as_csv(scores))
        keep_feature_map(opened, keeper.first, folder, max_side_px=params.evaluate.tile_px)
        evaluation = Evaluation.model_validate(metrics)
        write_json(workspace.evaluation_path(task, opened.name), evaluation.as_json())
    track_after_stage(params, workspace, [item])


def _run_formats(params: Params, workspace: Workspace, key: str) -> None:
    """Measure what a model was converted to, against the model's own scores."""
    spec = params.models[key]
    costs, scores = measure_formats(params, workspace, spec)
    with replacing_folder(workspace.format_costs_dir(spec.task, spec.name)) as folder:
        for name, found in scores.items():
            write_text(folder / f"{name}.csv", scores_as_csv(found))
        write_json(workspace.format_costs_path(spec.task, spec.name), costs.model_dump(mode="json"))


def _open_identity(params: Params, workspace: Workspace) -> IdentityMeter:
    embedder = None
    if (named := params.evaluate.face_embedding) is not None:
        detector = find_shipped_model("alignment")
        detector.read()
        model = workspace.root / Path(named).expanduser()
        embedder = FaceEmbedder(model, detector.locate())
    return IdentityMeter(embedder, make_bound(params.evaluate.confidence))


def _enhance_real(
    params: Params, workspace: Workspace, item: Item, folder: Path
) -> dict[str, dict[str, object]]:
    """Enhance the real old photographs, of which there may be none, and measure what changed."""
    real_dir = workspace.shards_dir(item.task) / "real"
    if not (real_dir / INDEX_NAME).is_file():
        return {}
    keeper = ImageKeeper(folder, params.evaluate.keep_images_per_set)
    enhancer = item.contenders[1].enhancer
    samples = walk_samples(real_dir, f"{item.name} on real photographs")
    metrics = params.evaluate.metrics_of(item.task)
    changes = compare_appearances(samples, enhancer, metrics=metrics, on_image=keeper.keep)
    return changes_as_json(changes)
