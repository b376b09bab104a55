"""Measurements: of one image, of a test set, of a method; and the files they are kept in.

The one schema of what evaluate writes, and everybody else reads: ``per_image.csv`` holds the scores
of single images, ``reports/evaluate/<task>/<model>.json`` the means with their gains and intervals.
A metric stands everywhere under one name, its column in ``per_image.csv``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

from lienet.errors import DataError

PER_IMAGE_NAME = "per_image.csv"
FEATURES_NAME = "features.npz"
"""The AI feature map of one test image, beside the scores."""
BASELINES = ("bicubic", "input")
"""What stands there without any model: the rows that gains are measured from."""
_ALWAYS_SHOWN = ("psnr_db", "ssim", "vmaf")
"""Lead every table of scores, in this order."""
_SHOWN_EMPTY = ("ciede2000", "sharpness")
"""Have a column even where they were not measured."""
_PLACE = ("protocol", "test_set", "key")
_DECIMALS = 6
_Schema = TypeVar("_Schema", bound=BaseModel)


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float

    def negated(self) -> Interval:
        """Return the interval of the opposite difference."""
        return Interval(-self.mean, -self.high, -self.low)


@dataclass(frozen=True)
class ImageScore:
    """One enhanced image under one protocol, beside the baseline of the same input.

    PSNR and SSIM are of the protocol's colours and crop; every other metric is of the whole image,
    the same under every protocol of a scale.
    """

    protocol: str
    test_set: str
    key: str
    values: Mapping[str, float]
    """By metric, as far as it was measured."""
    baseline: Mapping[str, float] = field(default_factory=dict)
    """The same of the baseline: bicubic upsampling, or the input where an image keeps its size."""


@dataclass(frozen=True)
class Result:
    """One method under one protocol on one test set: means over images, gains over the baseline."""

    num_images: int
    means: Mapping[str, float]
    """By metric, as far as every image was measured."""
    gains: Mapping[str, Interval]
    """The mean of differences on the same images, the method's score less the baseline's."""

    def as_json(self) -> dict[str, object]:
        """Return plain values under flat names, rounded to six decimals."""
        flat: dict[str, object] = {"num_images": self.num_images}
        for name in _ALWAYS_SHOWN:
            flat[name] = self.means.get(name)
        for name in _ALWAYS_SHOWN:
            flat |= self._gain_as_json(name)
        for name in _name_others(self.means):
            flat[name] = self.means.get(name)
            flat |= self._gain_as_json(name)
        return {name: round_figure(value) for name, value in flat.items()}

    def _gain_as_json(self, name: str) -> dict[str, object]:
        gain = self.gains.get(name)
        ends = (None, None, None) if gain is None else (gain.mean, gain.low, gain.high)
        return dict(zip(gain_names(name), ends, strict=True))

    @classmethod
    def from_json(cls, flat: Mapping[str, Any]) -> Result:
        """Return what :meth:`as_json` wrote.

        Raises:
            ValueError: the number of images or the end of an interval is missing.
        """
        means, gains = {}, {}
        for name in flat:
            names = gain_names(name)
            if names[0] not in flat:
                continue
            if flat[name] is not None:
                means[name] = float(flat[name])
            ends = [flat.get(each) for each in names]
            if ends[0] is not None:
                if None in ends:
                    raise ValueError(f"the interval of {name} has no ends")
                gains[name] = Interval(*(float(end) for end in ends if end is not None))
        missing = {"num_images", *_ALWAYS_SHOWN} - flat.keys()
        if missing:
            raise ValueError(f"no {', '.join(sorted(missing))}")
        return cls(int(flat["num_images"]), means, gains)


Results = dict[str, dict[str, Result]]
"""By protocol, then by test set."""


def gain_names(metric: str) -> tuple[str, str, str]:
    """Return the flat names of a metric's gain and its two ends, the unit last.

    ``ssim`` has ``ssim_gain``, ``ssim_gain_low``, ``ssim_gain_high``; ``psnr_db`` has
    ``psnr_gain_db`` and so on.
    """
    stem, unit = (metric[:-3], "_db") if metric.endswith("_db") else (metric, "")
    return f"{stem}_gain{unit}", f"{stem}_gain_low{unit}", f"{stem}_gain_high{unit}"


def scores_as_csv(scores: Sequence[ImageScore]) -> str:
    """Return one line for each image and protocol, under a header; not measured is left empty."""
    names = name_metrics(name for score in scores for name in score.values)
    leading, others = names[: len(_ALWAYS_SHOWN)], names[len(_ALWAYS_SHOWN) :]
    columns = [(name, False) for name in leading] + [(name, True) for name in leading]
    columns += [(name, is_baseline) for name in others for is_baseline in (False, True)]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_PLACE, *(f"baseline_{n}" if of_base else n for n, of_base in columns)])
    for score in scores:
        cells = [
            (score.baseline if of_base else score.values).get(name) for name, of_base in columns
        ]
        writer.writerow([score.protocol, score.test_set, score.key, *map(round_figure, cells)])
    return stream.getvalue()


def parse_scores(text: str, *, name: str = PER_IMAGE_NAME) -> list[ImageScore]:
    """Read what :func:`scores_as_csv` wrote.

    Raises:
        DataError: a column is missing, or a figure is none; ``name`` stands for the file.
    """
    try:
        return list(_parse_lines(csv.DictReader(io.StringIO(text))))
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise DataError(f"{name} cannot be read: {error!r}"[:200]) from error


def _parse_lines(lines: Iterable[Mapping[str, str]]) -> Iterator[ImageScore]:
    of_base = "baseline_"
    for line in lines:
        figures = {name: float(cell) for name, cell in line.items() if name not in _PLACE and cell}
        values = {n: each for n, each in figures.items() if not n.startswith(of_base)}
        baseline = {n.removeprefix(of_base): v for n, v in figures.items() if n.startswith(of_base)}
        if not {"psnr_db", "ssim"} <= values.keys():
            raise KeyError("psnr_db or ssim")
        yield ImageScore(line["protocol"], line["test_set"], line["key"], values, baseline)


def read_scores(path: Path, *, remedy: str) -> list[ImageScore]:
    """Read a ``per_image.csv``.

    Raises:
        DataError: it is missing, or is not the table that evaluate writes.
    """
    try:
        return parse_scores(path.read_text(encoding="utf-8"), name=str(path))
    except FileNotFoundError:
        raise DataError(f"no per-image results at {path}", remedy=remedy) from None
    except (DataError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is broken: {error}", remedy=remedy) from None


class _Stored(BaseModel):
    model_config = ConfigDict(
        frozen=True, protected_namespaces=(), arbitrary_types_allowed=True, extra="ignore"
    )


def _parse_result(value: object) -> object:
    return Result.from_json(value) if isinstance(value, Mapping) else value


_ResultAsJson = Annotated[
    Result, BeforeValidator(_parse_result), PlainSerializer(lambda result: result.as_json())
]


class RealResult(_Stored):
    """Real old photographs of one test set before and after one method, by measure."""

    num_images: int
    before: Mapping[str, float]
    after: Mapping[str, float]
    images: Mapping[str, Mapping[str, Mapping[str, float]]] = {}
    """The same of every image by its key: ``before`` and ``after``."""


class Distances(_Stored):
    """How far faces of one test set are from their references, by embedding."""

    num_images: int
    num_located: int
    distance: float
    baseline_distance: float
    distance_gain: float
    distance_gain_low: float
    distance_gain_high: float


class Identity(_Stored):
    """Whether identity was measured, and how it came out, by test set."""

    note: str | None
    sets: Mapping[str, Distances]


class Evaluation(_Stored):
    """One method as evaluate measured it: what ``reports/evaluate/<task>/<model>.json`` holds."""

    task: str
    model: str
    architecture: str
    """A network's architecture, or the kind of a method that learns nothing."""
    scale: int
    num_params: int
    num_macs: int | None
    macs_output_px: tuple[int, int]
    latency_ms: float | None = None  # this and the next of the stage time, evaluation.timings
    latency_input_px: tuple[int, int] | None = None
    steps: int
    data_sha256: Mapping[str, str] = {}
    """The hash of each split's shards."""
    weights_sha256: str
    """Empty where nothing was learned."""
    results: dict[str, dict[str, _ResultAsJson]]
    identity: Identity | None = None
    real: Mapping[str, RealResult] | None = None

    @property
    def is_baseline(self) -> bool:
        """Whether gains are measured from it."""
        return self.architecture in BASELINES

    @property
    def is_network(self) -> bool:
        """Whether it learned anything."""
        return bool(self.weights_sha256)

    def as_json(self) -> dict[str, object]:
        """Return plain values, without what was not measured."""
        return self.model_dump(exclude_unset=True)


def read_evaluation(path: Path, *, remedy: str) -> Evaluation:
    """Read what evaluate wrote of one method; fails as :func:`read_measured`."""
    return read_measured(Evaluation, path, what="evaluation", remedy=remedy)


def read_measured(schema: type[_Schema], path: Path, *, what: str, remedy: str) -> _Schema:
    """Read a file that evaluate wrote by a schema; ``what`` names it where it is missing.

    Raises:
        DataError: the file is missing or broken.
    """
    try:
        return schema.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"no {what} at {path}", remedy=remedy) from None
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(str(part) for part in detail["loc"])
        raise DataError(f"{path} is broken at {where}: {detail['msg']}", remedy=remedy) from None


def round_figure(value: Any) -> Any:
    """Return a figure with as many decimals as files keep; anything else as it is."""
    return round(float(value), _DECIMALS) if isinstance(value, float) else value


def name_metrics(measured: Iterable[str]) -> list[str]:
    """Return the metrics that a table of scores has columns for, in their order."""
    return [*_ALWAYS_SHOWN, *_name_others(measured)]


def _name_others(measured: Iterable[str]) -> list[str]:
    """Return the metrics that follow the leading ones: lienet's own, then others by name."""
    others = {name for name in measured if name not in (*_ALWAYS_SHOWN, *_SHOWN_EMPTY)}
    return [*_SHOWN_EMPTY, *sorted(others)]
