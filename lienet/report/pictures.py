"""The photographs of the slider and of Figures 7 and 8, with every method's version of each.

Images are taken in turn from the test sets, each in the order of its keys; results never choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from lienet.errors import DataError
from lienet.images import Pixels, decode_image
from lienet.params import Params
from lienet.report.evaluations import PerImage
from lienet.report.tables import Group
from lienet.shards.reading import Sample, iterate_samples
from lienet.workspace import Workspace


@dataclass(frozen=True)
class Comparison:
    """One test photograph: reference, degraded input and each method's result, RGB uint8 HWC."""

    task: str
    protocol: str
    key: str
    test_set: str
    scale: int
    reference: Pixels
    degraded: Pixels
    enhanced: Mapping[str, Pixels]
    """By method, in table order; of the reference's size. Where an image keeps its size, the
    baseline is the input and is left out."""
    psnr_db: Mapping[str, float]
    """By method, under the figures' protocol; that of the input is under "input"."""


def load_comparisons(
    params: Params, workspace: Workspace, groups: Sequence[Group], per_image: PerImage
) -> list[Comparison]:
    """Load up to ``report.max_figure_images`` photographs of each task that evaluate kept.

    Raises:
        DataError: a kept image is missing for one method, or does not fit its reference.
    """
    return [
        comparison
        for name in params.report.figure_protocols.values()
        for comparison in _load_task(
            params,
            workspace,
            name,
            [group for group in groups if group.protocol == name],
            per_image,
        )
    ]


def read_enhanced(path: Path, shape: tuple[int, ...], *, item: str) -> Pixels:
    """Read a picture that evaluate kept of an item.

    Raises:
        DataError: there is none, or it is not of this shape.
    """
    pixels = decode_image(path.read_bytes()) if path.is_file() else None
    if pixels is None or pixels.shape != shape:
        size = f"{shape[1]}x{shape[0]} px"
        raise DataError(
            f"{item} has no picture of {size} at {path}", remedy=f"run `lienet evaluate {item}`"
        )
    return pixels


def _load_task(
    params: Params, workspace: Workspace, name: str, groups: Sequence[Group], per_image: PerImage
) -> list[Comparison]:
    protocol = params.evaluate.protocols[name]
    shown = {group.test_set: group for group in groups if group.has_networks}
    folders = {
        test_set: {
            row.model: workspace.evaluation_dir(group.task, row.model)
            / "images"
            / f"x{protocol.scale}"
            / test_set
            for row in group.rows
        }
        for test_set, group in shown.items()
    }
    others = _list_others(per_image, protocol.task, name)
    chosen = _take_in_turn(folders, params.report.max_figure_images, leave_out=others)
    test_dir = workspace.shards_dir(protocol.task) / "test"
    samples = _find_samples(test_dir, [key for _, key in chosen])
    return [
        _load_comparison(
            samples[key], shown[test_set], folders[test_set], protocol.scale, per_image
        )
        for test_set, key in chosen
    ]


def _list_others(per_image: PerImage, task: str, name: str) -> set[str]:
    """Return the keys of images that other protocols alone measure: those of other qualities."""
    own: set[str] = set()
    others: set[str] = set()
    for (of_task, _, protocol, _), scores in per_image.items():
        if of_task == task:
            (own if protocol == name else others).update(scores)
    return others - own


def _take_in_turn(
    folders: Mapping[str, Mapping[str, Path]], num_images: int, *, leave_out: Set[str]
) -> list[tuple[str, str]]:
    kept = {
        test_set: sorted(
            {path.stem for each in by_model.values() for path in each.glob("*.png")} - leave_out
        )
        for test_set, by_model in folders.items()
    }
    by_set = ([(test_set, key) for key in keys] for test_set, keys in kept.items())
    turns = [each for turn in zip_longest(*by_set) for each in turn if each is not None]
    return sorted(turns[:num_images])


def _find_samples(test_dir: Path, keys: Sequence[str]) -> dict[str, Sample]:
    if not keys:
        return {}
    samples = {sample.key: sample for sample in iterate_samples(test_dir, keys=set(keys))}
    for key in keys:
        if key not in samples:
            raise DataError(
                f"the test shards at {test_dir} hold no {key}",
                remedy="run `lienet evaluate` again on the present shards",
            )
    return samples


def _load_comparison(
    sample: Sample, group: Group, folders: Mapping[str, Path], scale: int, per_image: PerImage
) -> Comparison:
    assert sample.reference_png is not None
    reference = decode_image(sample.reference_png)
    degraded = decode_image(sample.degraded[scale])
    enhanced = {}
    psnr_db = {}
    for model, folder in folders.items():
        item, path = f"{group.task}-{model}", folder / f"{sample.key}.png"
        enhanced[model] = read_enhanced(path, reference.shape, item=item)
        scores = per_image.get((group.task, model, group.protocol, group.test_set), {})
        if sample.key not in scores:
            raise DataError(
                f"{model} has no result for {sample.key}", remedy=f"run `lienet evaluate {item}`"
            )
        psnr_db[model] = scores[sample.key].values["psnr_db"]
    if scale == 1 and group.baseline is not None:
        enhanced.pop(group.baseline.model)
        psnr_db["input"] = psnr_db.pop(group.baseline.model)
    return Comparison(
        task=group.task,
        protocol=group.protocol,
        key=sample.key,
        test_set=group.test_set,
        scale=scale,
        reference=reference,
        degraded=degraded,
        enhanced=enhanced,
        psnr_db=psnr_db,
    )
