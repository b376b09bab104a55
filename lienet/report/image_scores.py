"""The scores of every image by every method as one table, from which intervals can be computed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from lienet.evaluation.scores import Evaluation, name_metrics, round_figure
from lienet.params import Params
from lienet.report.evaluations import PerImage
from lienet.report.seeds import find_first

LEADING_COLUMNS = ("task", "protocol", "test_set", "key", "model", "seed")


def render_image_scores(
    params: Params, evaluations: Sequence[Evaluation], per_image: PerImage
) -> str:
    """Return ``reports/per_image.csv``: a line for each image, method, seed and protocol.

    ``model`` is the name of the row in Table 1: models that differ by their seed alone share it.
    What learned nothing has no seed, and what was not measured is empty. Scores are in the unit of
    their metric (PSNR in dB), with six decimals as evaluate keeps them.
    """
    metrics = name_metrics(
        metric
        for scores in per_image.values()
        for score in scores.values()
        for metric in score.values
    )
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*LEADING_COLUMNS, *metrics])
    for protocol in params.evaluate.protocols:
        for each in evaluations:
            spec = params.models.get(f"{each.task}-{each.model}")
            named = (find_first(params, each), None if spec is None else params.seed_of(spec))
            for test_set in sorted(each.results.get(protocol, {})):
                scores = per_image[each.task, each.model, protocol, test_set]
                for key in sorted(scores):
                    cells = [round_figure(scores[key].values.get(metric)) for metric in metrics]
                    writer.writerow([each.task, protocol, test_set, key, *named, *cells])
    return stream.getvalue()
