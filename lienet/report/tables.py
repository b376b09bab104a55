"""The numbers of Table 1.

Order is fixed here: protocols as params list them, test sets by name, the baseline first, lienet
last. A baseline is what stands there without any model: bicubic upsampling in ``sr``, the input
itself in the tasks that keep an image's size.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lienet.evaluation.format_costs import FLOAT32, FormatCost, FormatCosts
from lienet.evaluation.scores import Evaluation, Result
from lienet.params import Params
from lienet.params.models import is_of_paper
from lienet.report.evaluations import ABLATION_PREFIX

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
    "latency_int8_ms",
    "peak_memory_mb",
    "num_seeds",
)
_DECIMALS = {"psnr": 4, "ssim": 6, "vmaf": 4, "latency": 3, "peak": 1}
_INT8 = "onnx_int8"


@dataclass(frozen=True)
class Row:
    """One model's line within a group."""

    evaluation: Evaluation
    measured: Result
    formats: tuple[FormatCost, ...] = ()
    """What it was converted to, and what each costs; float32 first."""
    replicates: tuple[Evaluation, ...] = ()
    """The same model with other seeds, where ``measured`` is over all of them."""

    @property
    def model(self) -> str:
        """The model's name."""
        return self.evaluation.model

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models that it stands for, one for each seed."""
        return (self.model, *(each.model for each in self.replicates))

    @property
    def num_seeds(self) -> int | None:
        """How often it was trained; None for what learned nothing."""
        return len(self.models) if self.is_network else None

    @property
    def is_baseline(self) -> bool:
        """Whether this is the row that gains are measured from."""
        return self.evaluation.is_baseline

    @property
    def is_network(self) -> bool:
        """Whether it learned anything."""
        return self.evaluation.is_network

    @property
    def is_ours(self) -> bool:
        """Whether this is the paper's network."""
        return is_of_paper(self.evaluation.architecture)

    @property
    def latency_int8_ms(self) -> float | None:
        """Its latency on one thread in whole numbers of eight bits, if it was converted."""
        return next((each.latency_ms.get(1) for each in self.formats if each.format == _INT8), None)

    @property
    def peak_memory_mb(self) -> float | None:
        """The memory that running it adds on one thread, as it is."""
        own = (each.peak_memory_mb for each in self.formats if each.format == FLOAT32)
        return next(own, None)

    @property
    def is_ablation(self) -> bool:
        """Whether this is the paper's network less one of its parts."""
        return self.model.startswith(ABLATION_PREFIX)


@dataclass(frozen=True)
class Group:
    """Every method measured under one protocol on one test set: one table."""

    task: str
    protocol: str
    test_set: str
    rows: tuple[Row, ...]
    is_compressed: bool = True
    """Whether its inputs are JPEG, as those of the paper's Table 1 are."""

    @property
    def enlarges(self) -> bool:
        """Whether the task is to enlarge, as the paper's Table 1 is of nothing else."""
        return self.rows[0].evaluation.scale > 1

    @property
    def num_images(self) -> int:
        """Images of the test set."""
        return self.rows[0].measured.num_images

    @property
    def baseline(self) -> Row | None:
        """The row that gains are measured from, if there is one."""
        return next((row for row in self.rows if row.is_baseline), None)

    @property
    def ours(self) -> Row | None:
        """The row ``lienet``, else the last of the paper's network, if there is one."""
        own = [row for row in self.rows if row.is_ours and not row.is_ablation]
        named = (row for row in own if row.model == "lienet")
        return next(named, own[-1] if own else None)

    @property
    def has_formats(self) -> bool:
        """Whether any network was converted to other formats."""
        return any(row.formats for row in self.rows)

    @property
    def without_ablations(self) -> Group:
        """The group as Table 1 shows it; ablations have a table of their own."""
        return replace(self, rows=tuple(row for row in self.rows if not row.is_ablation))

    @property
    def has_networks(self) -> bool:
        """Whether anything that learned was measured here."""
        return any(row.is_network for row in self.rows)

    @property
    def has_table(self) -> bool:
        """Whether it is shown as a table of its own.

        Without networks that are the benchmarks of super-resolution alone, whose bicubic rows are
        known; those of JPEG stand together in one table, to find the paper's protocol.
        """
        return self.has_networks or (self.enlarges and not self.is_compressed)

    @property
    def has_seeds(self) -> bool:
        """Whether a row stands for several seeds."""
        return any(row.replicates for row in self.rows)


def group_rows(
    params: Params, evaluations: Sequence[Evaluation], costs: Iterable[FormatCosts] = ()
) -> list[Group]:
    """Gather the measurements into one group for each task, protocol and test set."""
    formats = {(each.task, each.model): tuple(each.formats) for each in costs}
    groups = []
    for name, protocol in params.evaluate.protocols.items():
        own = [each for each in evaluations if each.task == protocol.task]
        test_sets = {test_set for each in own for test_set in each.results.get(name, {})}
        for test_set in sorted(test_sets):
            rows = tuple(
                Row(each, each.results[name][test_set], formats.get((each.task, each.model), ()))
                for each in own
                if test_set in each.results.get(name, {})
            )
            is_compressed = protocol.jpeg_quality is not None
            groups.append(Group(protocol.task, name, test_set, rows, is_compressed))
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
                **row.measured.as_json(),
                **row.evaluation.model_dump(),
                "latency_int8_ms": row.latency_int8_ms,
                "peak_memory_mb": row.peak_memory_mb,
                "num_seeds": row.num_seeds,
            }
            writer.writerow([_round(column, known[column]) for column in TABLE1_COLUMNS])
    return stream.getvalue()


def _round(column: str, value: object) -> object:
    """Round by the column's first word; counts and words stay as they are."""
    decimals = _DECIMALS.get(column.partition("_")[0])
    return round(value, decimals) if isinstance(value, float) and decimals is not None else value
