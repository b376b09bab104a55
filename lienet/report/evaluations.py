"""The evaluations that a report is made of, read back for every method in their order."""

from __future__ import annotations

from collections.abc import Sequence

from lienet.errors import DataError
from lienet.evaluation.benchmark import select_protocols
from lienet.evaluation.scores import (
    BASELINES,
    PER_IMAGE_NAME,
    Evaluation,
    ImageScore,
    read_scores,
)
from lienet.evaluation.timings import read_timed_evaluation
from lienet.params import Params
from lienet.params.variants import find_variant
from lienet.workspace import Workspace

ABLATION_PREFIX = "ablation_"
"""Begins the names of networks that lack one part; they have a table of their own."""
PerImage = dict[tuple[str, str, str, str], dict[str, ImageScore]]
"""By (task, model, protocol, test set), then by image key."""


def is_contender(evaluation: Evaluation) -> bool:
    """Whether it is shown beside the others: no baseline, and whole rather than an ablation."""
    return not evaluation.is_baseline and not evaluation.model.startswith(ABLATION_PREFIX)


def read_evaluations(params: Params, workspace: Workspace) -> list[Evaluation]:
    """Read the metrics of every network and method of ``params``, baselines first, lienet last.

    Raises:
        DataError: a file is missing, broken, or lacks a protocol; names the stage to run.
    """
    known = {**params.models, **params.evaluate.methods}
    evaluations = []
    for key in order_methods(params):
        spec, remedy = known[key], f"run `lienet evaluate {key}`"
        evaluation = read_timed_evaluation(workspace, spec.task, spec.name, remedy=remedy)
        scale = evaluation.scale if evaluation.is_network else None
        for protocol in select_protocols(params.evaluate.protocols, task=spec.task, scale=scale):
            if protocol not in evaluation.results:
                raise DataError(
                    f"the evaluation of {key} has no protocol {protocol}", remedy=remedy
                )
        evaluations.append(evaluation)
    return evaluations


def order_methods(params: Params) -> list[str]:
    """Return the keys as tables show them: baselines, other methods, rivals as listed, lienet.

    Methods of a task without models are left out: nothing stands beside them, but for inputs that
    were reduced without JPEG, of which the literature's rows are known.
    """
    tasks = {model.task for model in params.models.values()}
    for task, degradation in params.synthesize.tasks.items():
        if degradation.enlarges and find_variant(degradation, None, None) is not None:
            tasks.add(task)
    methods = [key for key, each in params.evaluate.methods.items() if each.task in tasks]

    def place(key: str) -> tuple[int, bool]:
        model = params.models.get(key)
        if model is None:
            return int(params.evaluate.methods[key].method not in BASELINES), False
        return 2 + int(model.is_of_paper), model.name == "lienet"

    return sorted([*methods, *params.models], key=place)


def read_per_image(workspace: Workspace, evaluations: Sequence[Evaluation]) -> PerImage:
    """Read every method's ``per_image.csv``.

    Raises:
        DataError: a file is missing, or is not the table that evaluate writes.
    """
    scores: PerImage = {}
    for each in evaluations:
        path = workspace.evaluation_dir(each.task, each.model) / PER_IMAGE_NAME
        remedy = f"run `lienet evaluate {each.task}-{each.model}`"
        for score in read_scores(path, remedy=remedy):
            place = (each.task, each.model, score.protocol, score.test_set)
            scores.setdefault(place, {})[score.key] = score
    return scores
