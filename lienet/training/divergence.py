"""Checks that stop a diverging run: values that are not finite, a collapsed discriminator.

Every stop is one error that names the step and the last good checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from lienet.errors import TrainingError
from lienet.training.checkpoint import CHECKPOINT_NAME

COLLAPSED_SPREAD = 1e-5
"""A deviation of scores below this is a collapse. Fresh weights spread photographs by 0.06, and by
0.001 where spectral norms hold every layer down."""


def require_finite(values: Mapping[str, float], *, step: int, state_dir: Path) -> None:
    """Stop the run if any of the values at ``step`` is not finite, naming the first.

    Raises:
        TrainingError: one is NaN or infinite.
    """
    for name, value in values.items():
        if not math.isfinite(value):
            raise TrainingError(
                f"the {name.replace('_', ' ')} is not finite at step {step}",
                got=value,
                remedy=f"{_name_checkpoint(state_dir)}; "
                "lower the learning rates or set train.grad_clip_norm",
            )


def refuse_collapse(num_points: int, *, at_most: int, step: int, state_dir: Path) -> None:
    """Stop the run if the discriminator has said the same of everything for too many points.

    Raises:
        TrainingError: ``num_points`` logged points in a row have reached ``at_most``.
    """
    if num_points >= at_most:
        raise TrainingError(
            f"the discriminator has collapsed at step {step}: the same output for every image",
            got=f"scores within {COLLAPSED_SPREAD} at {num_points} logged points",
            remedy=f"{_name_checkpoint(state_dir)}; lower the objective's adversarial.learning_rate"
            " or set its spectral_norm",
        )


def _name_checkpoint(state_dir: Path) -> str:
    path = state_dir / CHECKPOINT_NAME
    return f"the last good checkpoint is {path}" if path.is_file() else "no checkpoint was due yet"
