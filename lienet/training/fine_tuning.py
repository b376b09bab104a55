"""Where a training starts that does not start from nothing: given weights, found and verified."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

import lienet.weights
from lienet.errors import ModelError
from lienet.files import sha256_of_file
from lienet.params import FineTuning

_SUFFIX = ".safetensors"


def load_start(model: nn.Module, chosen: FineTuning, folder: Path) -> None:
    """Put the weights that params name into a network.

    Args:
        model: gets them.
        chosen: names the weights, which come with lienet or lie in a file.
        folder: where a relative path starts.

    Raises:
        ModelError: they are missing, not those that are pinned, or of another network.
    """
    path = _locate_start(chosen, folder)
    if not path.is_file():
        raise ModelError(
            "the weights to start from are not there",
            got=path,
            remedy="correct fine_tuning.weights; lienet models --weights lists what comes along",
        )
    if (found := sha256_of_file(path)) != chosen.sha256:
        raise ModelError(
            f"{path} is not what fine_tuning.sha256 pins ({chosen.sha256})",
            got=found,
            remedy="name the pinned file, or set fine_tuning.sha256 to this one's",
        )
    try:
        model.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"{path} does not fit the model: {' '.join(str(error).split())[:200]}",
            remedy="name weights of the same architecture, scale and size",
        ) from error


def _locate_start(chosen: FineTuning, folder: Path) -> Path:
    """Return where weights lie: beside the shipped networks, or where the path says."""
    if chosen.weights.endswith(_SUFFIX):
        return folder / Path(chosen.weights).expanduser()
    return Path(lienet.weights.__path__[0]) / f"{chosen.weights}{_SUFFIX}"
