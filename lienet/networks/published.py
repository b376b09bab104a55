"""Weights of ImageNet's classifiers, in the files that torchvision publishes.

Owns the hash in a name and the input that such networks expect; which tensors are needed is the
reader's own concern.
"""

from __future__ import annotations

import pickle
import re
import warnings
from pathlib import Path

import torch
from torch import Tensor

from lienet.errors import ModelError
from lienet.files import sha256_of_file

RGB_MEAN = (0.485, 0.456, 0.406)
RGB_STD = (0.229, 0.224, 0.225)
"""Of RGB in [0, 1]: the networks take ``(image - mean) / std``."""


def read_torchvision(path: Path, *, network: str, remedy: str) -> dict[str, Tensor]:
    """Read a ``.pth`` of tensors by name, nothing else of it being unpickled.

    Args:
        path: named as torchvision names files, it must have the SHA-256 that begins as its name
            ends: ``vgg16-397923af.pth``.
        network: for messages.
        remedy: what to do about a file that is no such file.

    Raises:
        ModelError: it cannot be read, or its hash is not the one in its name.
    """
    _check_hash(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's advice on files it refuses anyway
            state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: value for name, value in state.items() if isinstance(value, Tensor)}
    except (
        *(OSError, EOFError, ValueError, TypeError, AttributeError, RuntimeError),
        pickle.UnpicklingError,
    ) as error:
        raise unreadable(path, network=network, error=error, remedy=remedy) from error


def unreadable(path: Path, *, network: str, error: Exception, remedy: str) -> ModelError:
    """Return the one line about a file that is not what it should be."""
    return ModelError(
        f"{network}'s weights in {path} cannot be read ({type(error).__name__})", remedy=remedy
    )


def _check_hash(path: Path) -> None:
    named = re.search(r"-([0-9a-f]{8,64})\.pth$", path.name)
    if named is None or not path.is_file():
        return
    got = sha256_of_file(path)
    if not got.startswith(named[1]):
        raise ModelError(
            f"the SHA-256 of {path} must begin with {named[1]}", got=got, remedy="fetch it anew"
        )
