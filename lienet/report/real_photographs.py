"""Real old photographs and what each method made of them, for Figure 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lienet.evaluation.scores import Evaluation
from lienet.images import Pixels, decode_image
from lienet.params import Params
from lienet.report.evaluations import is_contender
from lienet.report.pictures import read_enhanced
from lienet.shards.reading import INDEX_NAME, iterate_samples
from lienet.workspace import Workspace


@dataclass(frozen=True)
class RealPhotograph:
    """One photograph without a reference, RGB uint8 HWC, and each method's version."""

    key: str
    test_set: str
    degraded: Pixels
    enhanced: Mapping[str, Pixels]
    """By method, in table order."""


def load_real_photographs(
    params: Params, workspace: Workspace, evaluations: Sequence[Evaluation]
) -> list[RealPhotograph]:
    """Load up to ``report.max_figure_images`` real photographs that evaluate kept, by key.

    They are those of the first task that shows real photographs.

    Raises:
        DataError: a kept image is missing for one method, or is not of its input's size.
    """
    tasks = (name for name, each in params.synthesize.tasks.items() if each.shows_real)
    task = next(tasks, "")
    real_dir = workspace.shards_dir(task) / "real"
    methods = [
        each.model for each in evaluations if each.task == task and each.real and is_contender(each)
    ]
    if not methods or not (real_dir / INDEX_NAME).is_file():
        return []
    folders = {name: workspace.evaluation_dir(task, name) / "real" / "x1" for name in methods}
    kept = sorted({path.stem for path in folders[methods[0]].rglob("*.png")})
    chosen = set(kept[: params.report.max_figure_images])
    photographs = []
    for sample in iterate_samples(real_dir, keys=chosen):
        degraded, test_set = decode_image(sample.degraded[1]), str(sample.info["test_set"])
        enhanced = {
            name: read_enhanced(
                folder / test_set / f"{sample.key}.png", degraded.shape, item=f"{task}-{name}"
            )
            for name, folder in folders.items()
        }
        photographs.append(RealPhotograph(sample.key, test_set, degraded, enhanced))
    return photographs
