"""Checkpoints: everything a run needs to go on, taken up only by the very same run.

A checkpoint is a plain state dict of tensors, numbers and strings, read with
``weights_only=True``; it lies outside the stage's outputs, which DVC deletes before a run.
"""

from __future__ import annotations

import io
import logging
import pickle
import warnings
from pathlib import Path
from typing import Any

import torch

from lienet.files import write_bytes

logger = logging.getLogger(__name__)
CHECKPOINT_NAME = "checkpoint.pt"
_FORMAT = 4
"""Raised when what a checkpoint holds changes: one of another format is not taken up."""


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write ``state`` to the folder's one checkpoint, atomically.

    Raises:
        InputError: the disk has no room.
    """
    content = io.BytesIO()  # onto a full disk torch itself fails without saying so
    torch.save({"format": _FORMAT} | state, content)
    write_bytes(folder / CHECKPOINT_NAME, content.getvalue())


def load_checkpoint(folder: Path, *, run_key: str) -> dict[str, Any] | None:
    """Return the checkpoint of the run ``run_key``, or None where there is none that fits.

    A checkpoint of other params, data or code version, or one that cannot be read, is left where
    it is and said so: the run starts anew and replaces it.
    """
    path = folder / CHECKPOINT_NAME
    if not path.is_file():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's advice on files it refuses anyway
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        logger.warning("starting anew: %s cannot be read (%s)", path, type(error).__name__)
        return None
    if state.get("run_key") != run_key or state.get("format") != _FORMAT:
        logger.info("starting anew: %s belongs to other params or data, or is of old", path)
        return None
    return state


def read_run_key(folder: Path) -> str | None:
    """Return the key of the run that a checkpoint is of; None where none can be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = torch.load(folder / CHECKPOINT_NAME, map_location="meta", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError):
        return None
    return str(state["run_key"]) if state.get("format") == _FORMAT else None


def remove_checkpoint(folder: Path) -> None:
    """Delete the folder's checkpoint, once its run's outputs are written."""
    (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
