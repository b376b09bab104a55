"""Two images, or two folders of images, compared: what ``lienet score`` shows.

Owns how files are paired: by the name without its extension, in folders below by the way there,
one to one. Refuses to guess: a file without its partner, or two files of one name, is an error that
names them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import yaml
from pydantic import ValidationError
from rich.table import Table

from lienet.colour_profiles import apply_profile
from lienet.errors import ImageError, InputError
from lienet.evaluation.metrics import Colour, measure_quality
from lienet.evaluation.vmaf import VmafBatch, measure_vmaf
from lienet.images import Pixels, decode_image
from lienet.params.evaluation import Metric, metrics
from lienet.pictures.decoding import decode_picture
from lienet.screening.image_files import list_below
from lienet.text_tables import draw_table

logger = logging.getLogger(__name__)
_MAX_NAMES_SHOWN = 3
_ALWAYS_MEASURED = ("psnr_db", "ssim", "vmaf")


@dataclass(frozen=True)
class Quality:
    """How near an image comes to its reference, or the mean over several."""

    psnr_db: float
    ssim: float
    vmaf: float | None
    """None if it was not asked for."""


@dataclass(frozen=True)
class PairScore(Quality):
    """One distorted image against its reference, by their paths."""

    reference: str
    distorted: str
    others: Mapping[str, float] = field(default_factory=dict)
    """By the name of a metric, those that were asked for."""


def choose_metrics(named: Iterable[str]) -> dict[str, Metric]:
    """Return metrics with their tools at hand.

    Args:
        named: each a name, or a line as ``evaluate.metrics`` has it: ``flip: {pixels_per_degree:
            30}``. What a line leaves out has its default.

    Raises:
        InputError: there is none of a name, it is measured anyway, or a field is missing or wrong.
        ToolError: what it is measured with is missing.
    """
    known = [each for each in metrics.names() if each not in _ALWAYS_MEASURED]
    chosen: dict[str, Metric] = {}
    for line in named:
        name, fields = _read_line(line)
        if name not in known:
            raise InputError("no such metric", got=name, remedy=f"name one of {', '.join(known)}")
        try:
            chosen[name] = metrics.get(name).model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            field = first["loc"][0] if first["loc"] else "its fields"
            if first["type"] == "missing":
                raise InputError(
                    f"the metric {name} has no default of {field}",
                    remedy=f"say it: --metric '{name}: {{{field}: …}}'",
                ) from None
            raise InputError(
                f"{field} of the metric {name}: {first['msg']}", got=first["input"]
            ) from None
        chosen[name].require_tools()
    return chosen


def _read_line(line: str) -> tuple[str, Mapping[str, object]]:
    try:
        read = yaml.safe_load(line)
    except yaml.YAMLError:
        read = None
    if isinstance(read, str):
        return read, {}
    if isinstance(read, dict) and len(read) == 1:
        ((name, fields),) = read.items()
        if isinstance(fields, dict):
            return str(name), fields
    raise InputError(
        "a metric is a name, or a line as evaluate.metrics has it",
        got=line,
        remedy="flip, say, or 'flip: {pixels_per_degree: 30}'",
    )


def pair_files(reference: Path, distorted: Path) -> list[tuple[Path, Path]]:
    """Return (reference, distorted) paths: the two files, or two folders' images by stem.

    Raises:
        InputError: a path is missing, a file meets a folder, a folder holds no image, or the two
            folders do not hold the same stems once each.
    """
    for path in (reference, distorted):
        if not path.exists():
            raise InputError("no such file or folder", got=path)
    if reference.is_dir() != distorted.is_dir():
        raise InputError(
            "score compares two images or two folders",
            got=f"{reference} and {distorted}",
            remedy="give two of a kind",
        )
    if not reference.is_dir():
        return [(reference, distorted)]
    references, others = index_images(reference), index_images(distorted)
    refuse_unpaired(reference, distorted, references, others)
    return [(references[stem], others[stem]) for stem in sorted(references)]


def index_images(folder: Path) -> dict[str, Path]:
    """Return a folder's images by their way from there, without extension.

    Raises:
        InputError: it holds no image, or two of one name.
    """
    found: dict[str, Path] = {}
    for path in list_below(folder):
        name = path.relative_to(folder)
        key = name.with_name(name.stem).as_posix()
        if key in found:
            raise InputError(
                f"two images of one name in {folder}",
                got=f"{found[key].name} and {path.name}",
                remedy="keep one of them",
            )
        found[key] = path
    return found


def refuse_unpaired(
    folder: Path, other: Path, names: Iterable[str], other_names: Iterable[str]
) -> None:
    """Refuse two folders of which one has images that the other lacks.

    Raises:
        InputError: some are named.
    """
    unpaired = sorted(set(names) ^ set(other_names))
    if unpaired:
        shown = ", ".join(unpaired[:_MAX_NAMES_SHOWN])
        more = f" and {len(unpaired) - _MAX_NAMES_SHOWN} more" * (len(unpaired) > _MAX_NAMES_SHOWN)
        raise InputError(
            f"{folder} and {other} must hold images of the same names",
            got=f"{shown}{more} in one of them only",
            remedy="images are paired by their name without its extension",
        )


def score_pairs(
    pairs: Sequence[tuple[Path, Path]],
    *,
    colour: Colour,
    border_px: int,
    with_vmaf: bool,
    others: Mapping[str, Metric] = MappingProxyType({}),
) -> list[PairScore]:
    """Measure each pair; one pair is in memory at a time, beside a bounded VMAF batch.

    Args:
        pairs: from :func:`pair_files`.
        colour: of PSNR and SSIM.
        border_px: cropped from each side before PSNR and SSIM; VMAF sees whole images.
        with_vmaf: measure VMAF too, which sees 8 bits.
        others: metrics by name, of whole images at 8 bits; see :func:`choose_metrics`.

    Raises:
        InputError: a pair's sizes differ, or it is too small.
        ImageError: a file cannot be read; both name the files.
    """
    measured = []
    vmaf = VmafBatch[int]()
    for place, (reference_path, distorted_path) in enumerate(pairs):
        reference, distorted = _read(reference_path), _read(distorted_path)
        try:
            quality = measure_quality(reference, distorted, colour=colour, border_px=border_px)
            rounded = _round(reference), _round(distorted)
            more = {name: metric.measure(*rounded) for name, metric in others.items()}
            measured.append((quality, more))
            if with_vmaf:
                vmaf.add(place, *rounded)
        except InputError as error:
            raise InputError(f"{reference_path} and {distorted_path}: {error}") from error
    vmafs = vmaf.finish()
    return [
        PairScore(*quality, vmafs.get(place), str(paths[0]), str(paths[1]), more)
        for place, (paths, (quality, more)) in enumerate(zip(pairs, measured, strict=True))
    ]


def compare_pixels(
    reference: Pixels, distorted: Pixels, *, colour: Colour, border_px: int, with_vmaf: bool
) -> Quality:
    """Measure one pair of RGB images, uint8 or uint16 ``h w 3``; errors as :func:`score_pairs`."""
    measured = measure_quality(reference, distorted, colour=colour, border_px=border_px)
    vmaf = measure_vmaf(_round(reference), _round(distorted)) if with_vmaf else None
    return Quality(*measured, vmaf)


def mean_of_pairs(scores: Sequence[PairScore]) -> dict[str, float | None]:
    """Return the mean over pairs by metric; None where one was not measured."""
    rows = [_list_values(score) for score in scores]
    means: dict[str, float | None] = {}
    for name in rows[0]:
        values = [value for row in rows if (value := row[name]) is not None]
        means[name] = float(np.mean(values)) if len(values) == len(rows) else None
    return means


def scores_as_json(
    scores: Sequence[PairScore], *, colour: Colour, border_px: int, is_folder: bool
) -> dict[str, object]:
    """Return one object: a pair's scores, or the means of a folder and every pair's scores."""
    how: dict[str, object] = {"colour": colour, "border_px": border_px}
    pairs: list[dict[str, object]] = [
        {**_list_values(score), "reference": score.reference, "distorted": score.distorted}
        for score in scores
    ]
    if not is_folder:
        return pairs[0] | how
    mean = mean_of_pairs(scores)
    return mean | how | {"mean": mean, "pairs": pairs}


def draw_scores(scores: Sequence[PairScore]) -> Table:
    """Return a table with a line for each pair, and the mean of several; "-" if not measured."""
    shown = [(Path(score.distorted).name, _list_values(score)) for score in scores]
    if len(shown) > 1:
        shown.append(("mean", mean_of_pairs(scores)))
    kinds = {name: metrics.get(name) for name in shown[0][1]}
    rows = [
        [image, *(_show(values[name], kinds[name]) for name in kinds)] for image, values in shown
    ]
    heads = ["image", *(kind.title for kind in kinds.values())]
    return draw_table(heads, rows, numbers=range(1, len(heads)))


def _show(value: float | None, kind: type[Metric]) -> str:
    """Return a value with one decimal more than tables of many models have."""
    return "-" if value is None else f"{value:.{kind.decimals + 1}f}"


def _list_values(score: PairScore) -> dict[str, float | None]:
    return {"psnr_db": score.psnr_db, "ssim": score.ssim, "vmaf": score.vmaf, **score.others}


def _read(path: Path) -> Pixels:
    """Return RGB in sRGB, uint8, or uint16 where the file has 16 bits."""
    try:
        content = path.read_bytes()
        rounded = decode_image(content)  # refuses what is no photograph
        picture = decode_picture(content)
        if picture.pixels.dtype == np.uint8:
            return rounded
        if _is_converted(picture.metadata.icc_profile):
            logger.warning("%s is compared at 8 bits, as its colour profile is applied", path)
            return rounded
        deep = picture.pixels
        return deep[..., :3] if deep.shape[2] > 2 else deep[..., :1].repeat(3, axis=2)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except ImageError as error:
        raise ImageError(f"{path}: {error}", reason=error.reason) from error


def _is_converted(profile: bytes) -> bool:
    grey = np.full((1, 1, 3), 128, np.uint8)
    return apply_profile(grey, profile) is not grey


def _round(pixels: Pixels) -> Pixels:
    return (
        pixels
        if pixels.dtype == np.uint8
        else ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    )
