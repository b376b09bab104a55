"""Processor seconds of each metric, for a megapixel of photographs against their JPEGs.

``python docs/measurements/metric_costs.py PHOTOGRAPH… [--metric LINE]`` prints a line for each
metric that needs no file of the user's, and for those that are named as evaluate.metrics has them.
"""

import argparse
import resource
import sys
from pathlib import Path

from lienet.evaluation.comparison import choose_metrics
from lienet.evaluation.measures import BatchMetric
from lienet.images import Pixels, decode_image, encode_jpeg
from lienet.params import Metric, metrics


def measure_seconds(metric: Metric, pairs: list[tuple[Pixels, Pixels]]) -> float:
    """Return the processor seconds that all pairs take, those of child processes included."""
    before = _processor_seconds()
    if isinstance(metric, BatchMetric):
        batch = metric.open_batch()
        for place, pair in enumerate(pairs):
            batch.add(place, *pair)
        batch.finish()
    else:
        for pair in pairs:
            metric.measure(*pair)
    return _processor_seconds() - before


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Measure each metric once before it counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", nargs="+", type=Path)
    parser.add_argument("--metric", action="append", default=[])
    asked = parser.parse_args()
    references = [decode_image(path.read_bytes()) for path in asked.photographs]
    jpegs = [encode_jpeg(each, quality=30, chroma="4:2:0") for each in references]
    pairs = list(zip(references, map(decode_image, jpegs), strict=True))
    megapixels = sum(each[..., 0].size for each in references) / 1e6
    chosen = {
        name: metrics.get(name)()
        for name in metrics.names()
        if not any(field.is_required() for field in metrics.get(name).model_fields.values())
    } | choose_metrics(asked.metric)
    for name, metric in chosen.items():
        metric.require_tools()
        measure_seconds(metric, pairs[:1])
        sys.stdout.write(f"{name}: {measure_seconds(metric, pairs) / megapixels:.2f} s/MP\n")


if __name__ == "__main__":
    main()
