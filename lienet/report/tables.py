"""The numbers of every table: Table 1, the protocol nearest the paper's, and models pair by pair.

Order is fixed here: protocols as params list them, test sets by name, bicubic first, lienet last.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lienet.errors import DataError
from lienet.params import Params
from lienet.report.evaluations import Evaluation, ImageScore, Measurement, PerImage
from lienet.report.paper import PAPER_TABLE1

TABLE1_COLUMNS = (
    "task",
    "protocol",
    "test_set",
    "model",
    "psnr_db",
    "psnr_gain_db",
    "ssim",
    "ssim_gain",
    "vmaf",
    "num_params",
    "num_macs",
    "latency_ms",
)
MIN_IMAGES_TO_JUDGE = 6
_DECIMALS = {"psnr": 4, "ssim": 6, "vmaf": 4, "latency": 3}


class Interval(Protocol):
    """A mean and the ends of its confidence interval."""

    @property
    def mean(self) -> float:
        """The mean itself."""

    @property
    def low(self) -> float:
        """The lower end."""

    @property
    def high(self) -> float:
        """The upper end."""


@dataclass(frozen=True)
class Gain:
    """The interval that evaluate wrote for a model's gain over bicubic."""

    mean: float
    low: float
    high: float


Bootstrap = Callable[[np.ndarray[Any, np.dtype[np.float64]]], Interval]


@dataclass(frozen=True)
class Row:
    """One model's line within a group."""

    evaluation: Evaluation
    measured: Measurement

    @property
    def model(self) -> str:
        """The model's name."""
        return self.evaluation.model

    @property
    def gain_psnr_db(self) -> Interval:
        """PSNR over bicubic, in dB."""
        each = self.measured
        return Gain(each.psnr_gain_db, each.psnr_gain_low_db, each.psnr_gain_high_db)

    @property
    def gain_ssim(self) -> Interval:
        """SSIM over bicubic."""
        return Gain(
            self.measured.ssim_gain, self.measured.ssim_gain_low, self.measured.ssim_gain_high
        )

    @property
    def is_bicubic(self) -> bool:
        """Whether this is the row that gains are measured from."""
        return self.evaluation.architecture == "bicubic"

    @property
    def is_ours(self) -> bool:
        """Whether this is the paper's network."""
        return self.evaluation.architecture == "lienet"


@dataclass(frozen=True)
class Group:
    """Every model measured under one protocol on one test set: one table."""

    task: str
    protocol: str
    test_set: str
    rows: tuple[Row, ...]

    @property
    def num_images(self) -> int:
        """Images of the test set."""
        return self.rows[0].measured.num_images

    @property
    def bicubic(self) -> Row | None:
        """The bicubic row, if there is one."""
        return next((row for row in self.rows if row.is_bicubic), None)

    @property
    def ours(self) -> Row | None:
        """The last row of the paper's network, if there is one."""
        return next((row for row in reversed(self.rows) if row.is_ours), None)

    @property
    def has_networks(self) -> bool:
        """Whether anything but bicubic was measured here."""
        return any(not row.is_bicubic for row in self.rows)


@dataclass(frozen=True)
class Pair:
    """``ours`` minus ``other`` on the same images, with paired bootstrap intervals."""

    task: str
    protocol: str
    test_set: str
    ours: str
    other: str
    num_images: int
    psnr_db: Interval
    ssim: Interval


def group_rows(params: Params, evaluations: Sequence[Evaluation]) -> list[Group]:
    """Gather the measurements into one group for each task, protocol and test set."""
    groups = []
    for name, protocol in params.evaluate.protocols.items():
        own = [each for each in evaluations if each.task == protocol.task]
        test_sets = {test_set for each in own for test_set in each.results.get(name, {})}
        for test_set in sorted(test_sets):
            rows = tuple(
                Row(each, each.results[name][test_set])
                for each in own
                if test_set in each.results.get(name, {})
            )
            groups.append(Group(protocol.task, name, test_set, rows))
    return groups


def render_csv(groups: Iterable[Group]) -> str:
    """Return ``reports/table1.csv``: a line for each row; what was not measured stays empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(TABLE1_COLUMNS)
    for group in groups:
        for row in group.rows:
            known = {
                "protocol": group.protocol,
                "test_set": group.test_set,
                **row.measured.model_dump(),
                **row.evaluation.model_dump(),
            }
            writer.writerow([_round(column, known[column]) for column in TABLE1_COLUMNS])
    return stream.getvalue()


def _round(column: str, value: object) -> object:
    """Round by the column's first word; counts and words stay as they are."""
    decimals = _DECIMALS.get(column.partition("_")[0])
    return round(value, decimals) if isinstance(value, float) and decimals is not None else value


def find_nearest(groups: Iterable[Group]) -> Group | None:
    """Return the group whose bicubic row lies nearest the paper's.

    Nearest is the smallest difference of bicubic PSNR in dB, then of bicubic SSIM, then the
    earlier group. Only super-resolution is compared, as the paper's Table 1 is of nothing else.
    """
    paper = PAPER_TABLE1["bicubic"]

    def distance(group: Group) -> tuple[float, float]:
        assert group.bicubic is not None
        measured = group.bicubic.measured
        return abs(measured.psnr_db - paper.psnr_db), abs(measured.ssim - paper.ssim)

    comparable = [group for group in groups if group.task == "sr" and group.bicubic is not None]
    return min(comparable, key=distance, default=None)


def compare_pairs(groups: Iterable[Group], per_image: PerImage, bootstrap: Bootstrap) -> list[Pair]:
    """Compare lienet with every other model of its group, image by image.

    Args:
        groups: what Table 1 shows; groups without lienet are passed over.
        per_image: every model's per-image results, as ``read_per_image`` gives them.
        bootstrap: turns paired differences into a mean and its interval.

    Raises:
        DataError: two models were measured on different images.
    """
    return [
        _compare(group, group.ours.model, row.model, per_image, bootstrap)
        for group in groups
        if group.ours is not None
        for row in group.rows
        if row is not group.ours
    ]


def judge(interval: Interval, num_images: int) -> str:
    """Return "ahead" or "behind" when the interval excludes zero, else "undecided".

    Of fewer than ``MIN_IMAGES_TO_JUDGE`` images it is "too few images": even if one model were
    better on every one of them, a two-sided sign test would give 2^(1-n), more than 0.05.
    """
    if num_images < MIN_IMAGES_TO_JUDGE:
        return "too few images"
    if interval.low > 0.0:
        return "ahead"
    return "behind" if interval.high < 0.0 else "undecided"


def _compare(
    group: Group, ours: str, other: str, per_image: PerImage, bootstrap: Bootstrap
) -> Pair:
    scores, rival_scores = (
        per_image.get((group.task, model, group.protocol, group.test_set), {})
        for model in (ours, other)
    )
    if not scores or scores.keys() != rival_scores.keys():
        raise DataError(
            f"{ours} and {other} were not measured on the same images of {group.test_set}",
            remedy="run `lienet evaluate` again",
        )

    def compare(read: Callable[[ImageScore], float]) -> Interval:
        return bootstrap(
            np.array([read(scores[key]) - read(rival_scores[key]) for key in sorted(scores)])
        )

    return Pair(
        task=group.task,
        protocol=group.protocol,
        test_set=group.test_set,
        ours=ours,
        other=other,
        num_images=len(scores),
        psnr_db=compare(lambda score: score.psnr_db),
        ssim=compare(lambda score: score.ssim),
    )
