"""The columns of Table 1, as runs hold them, and the view of MLflow's page that shows them.

Imports nothing of MLflow: a view is a tag of the experiment, which the address of its table names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One figure, param or tag of a run."""

    key: str
    """As it is logged."""
    title: str
    """As a table's heading says it."""
    kind: str
    """"metrics", "params" or "tags", of which it is one."""
    form: str = ""
    """Format of a metric's value."""
    is_better_low: bool = False


COLUMNS = (
    Column("psnr_db", "PSNR (dB)", "metrics", ".3f"),
    Column("psnr_gain_db", "gain (dB)", "metrics", "+.3f"),
    Column("ssim", "SSIM", "metrics", ".4f"),
    Column("vmaf", "VMAF", "metrics", ".2f"),
    Column("latency_ms", "latency (ms)", "metrics", ".1f", is_better_low=True),
    Column("num_params", "parameters", "metrics", ",.0f", is_better_low=True),
    Column("num_macs", "multiply-adds", "metrics", ",.0f", is_better_low=True),
    Column("train.steps", "steps", "params"),
    Column("lienet.protocol", "protocol", "tags"),
    Column("lienet.data.test", "test data", "tags"),
    Column("lienet.git_commit", "commit", "tags"),
    Column("lienet.profile", "profile", "tags"),
    Column("lienet.promoted", "promoted", "tags"),
)
"""What stands beside a model's name, in this order."""
VIEW_KEY = "table1"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
_RUN_NAME = "attributes.`Run Name`"
_WIDTHS_PX = {
    _RUN_NAME: 260,  # wide enough for model, steps and commit
    "metrics.`psnr_gain_db`": 120,
    "metrics.`num_params`": 110,
    "metrics.`num_macs`": 120,
    "tags.`lienet.protocol`": 130,
}
NOTE = (
    "Each run is a model; **[Table 1](#/experiments/{id}/runs?workflowType=machine_learning"
    "&viewStateShareKey="
    + VIEW_KEY
    + ")** shows them. Bare names such as `psnr_db` are means over "
    "all test images under the protocol that the tag `lienet.protocol` names; "
    "`<protocol>/<test set>/<measure>` is each by itself. The artifacts `per_image.json` and "
    "`pictures.json` are tables of single images."
)
NOTE_STARTS = ("Each run is a model; ", "Runs are models. [Show them")
"""How notes of this package begin, the present one first."""


def describe_view() -> str:
    """Return the view as MLflow's page reads it: columns in order, the highest gain first."""
    columns = [f"{column.kind}.`{column.key}`" for column in COLUMNS]
    return json.dumps(
        {
            "selectedColumns": columns,
            "columnOrder": [_RUN_NAME, "runDateAndNestInfo", *columns],
            "columnWidths": _WIDTHS_PX,
            "orderByKey": "metrics.`psnr_gain_db`",
            "orderByAsc": False,
        }
    )
