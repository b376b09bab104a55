"""Parameters and multiply-adds of each model in params, before it is trained.

The networks are built without numbers, on torch's meta device, so the table is there in a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from rich.table import Table

from lienet.evaluation.complexity import count_macs
from lienet.networks.registry import build_model, count_parameters
from lienet.params import Params
from lienet.text_tables import draw_table


@dataclass(frozen=True)
class Cost:
    """One model's size."""

    task: str
    name: str
    architecture: str
    scale: int
    num_params: int
    num_macs: int
    """Multiply-adds of one forward pass that gives an output of ``macs_output_px``."""
    macs_output_px: tuple[int, int]
    """Height and width."""


def list_costs(params: Params) -> list[Cost]:
    """Return the cost of every model in params, in their order.

    Raises:
        InputError: the output size in params is not a multiple of a model's scale.
    """
    height_px = params.evaluate.macs_output_height_px
    width_px = params.evaluate.macs_output_width_px
    costs = []
    for spec in params.models.values():
        with torch.device("meta"):
            model = build_model(spec)
        num_macs = count_macs(
            model, scale=spec.scale, output_height_px=height_px, output_width_px=width_px
        )
        costs.append(
            Cost(
                task=spec.task,
                name=spec.name,
                architecture=spec.architecture,
                scale=spec.scale,
                num_params=count_parameters(model),
                num_macs=num_macs,
                macs_output_px=(height_px, width_px),
            )
        )
    return costs


def draw_costs(costs: Sequence[Cost]) -> Table:
    """Return a table of the models, the output size in its heading."""
    height_px, width_px = costs[0].macs_output_px
    macs = f"multiply-adds {width_px}x{height_px}"
    rows = [
        [
            f"{cost.task}-{cost.name}",
            cost.architecture,
            f"x{cost.scale}",
            f"{cost.num_params:,}",
            f"{cost.num_macs / 1e9:,.2f} G",
        ]
        for cost in costs
    ]
    titles = ["model", "architecture", "scale", "parameters", macs]
    return draw_table(titles, rows, numbers=(2, 3, 4))
