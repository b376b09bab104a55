"""The history of a training run as a CSV file: one row for each logged step."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

HISTORY_COLUMNS = ("step", "loss", "pixel_loss", "ssim_loss", "learning_rate", "valid_psnr_db")
"""Those of every model; an objective's others follow in the order in which they were logged."""


def format_history(history: Sequence[Mapping[str, float | int | None]]) -> str:
    """Return the rows as CSV; what a row lacks, or has as None, is an empty cell."""
    stream = io.StringIO()
    columns = dict.fromkeys((*HISTORY_COLUMNS, *(name for row in history for name in row)))
    writer = csv.DictWriter(stream, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: "" if value is None else value for name, value in row.items()} for row in history
    )
    return stream.getvalue()
