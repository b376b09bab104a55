"""The networks of the page: what it is told of each, and their files as the browser takes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lienet.deployment.onnx_network import OnnxNetwork, open_session
from lienet.deployment.runtimes import MIN_INPUT_SIDE_PX
from lienet.deployment.shipped_weights import SHIPPED_DIR, read_index
from lienet.deployment.tensor_names import features_name, mean_name, variance_name
from lienet.enhancing.models import ChosenModel, choose_model, open_file
from lienet.errors import ModelError
from lienet.web.onnx_parts import cut_out, require_inputs

DEFAULT_TASK = "sr"
"""Of an ONNX file that does not say."""
_ODD_SIZE_PX = (MIN_INPUT_SIDE_PX + 1, MIN_INPUT_SIDE_PX + 3)


@dataclass(frozen=True)
class PageModel:
    """A network of the page."""

    chosen: ChosenModel
    name: str
    """Unique among the page's."""
    files: dict[str, bytes]
    """By name, below the folder of models."""
    entry: dict[str, Any]
    """What the page is told of it."""


def choose_models(paths: Sequence[Path], *, folder: Path = SHIPPED_DIR) -> list[ChosenModel]:
    """Return the networks of ONNX files, or without any all that come with lienet.

    Raises:
        ModelError: there is none, or one cannot be used.
    """
    if paths:
        return [open_file(path, task=DEFAULT_TASK, scale=None) for path in paths]
    entries = read_index(folder).weights
    if not entries:
        raise ModelError(
            "no weights come with this version of lienet", remedy="name an ONNX file with --model"
        )
    return [
        choose_model(each.name, task=each.task, scale=each.scale, start=folder, folder=folder)
        for each in entries
    ]


def prepare_models(chosen: Sequence[ChosenModel]) -> list[PageModel]:
    """Return networks as the page takes them, in the order given.

    Raises:
        ModelError: one takes no image of any size as float32, or is damaged.
    """
    names: list[str] = []
    for model in chosen:
        plain = f"{model.task}_{model.plain_label}_x{model.scale}"
        same = sum(name.partition("~")[0] == plain for name in names)
        names.append(f"{plain}~{same + 1}" if same else plain)
    return [_prepare(model, name) for model, name in zip(chosen, names, strict=True)]


def _prepare(chosen: ChosenModel, name: str) -> PageModel:
    network = OnnxNetwork(chosen.path, num_threads=1)
    (image,) = open_session(chosen.path, num_threads=1).get_inputs()
    if image.type != "tensor(float)" or network.fit_size(*_ODD_SIZE_PX) != _ODD_SIZE_PX:
        raise ModelError(
            f"{chosen.path} must take float32 images of any size to run in a browser",
            got=f"{image.type} {image.shape}",
            remedy="leave it out, or export it with free sizes",
        )
    files = {f"{name}.onnx": chosen.path.read_bytes()}
    entry: dict[str, Any] = {
        "name": name,
        "label": chosen.label,
        "task": chosen.task,
        "scale": chosen.scale,
        "suffix": chosen.suffix,
        "licence": network.metadata.get("licence"),
        "notice": chosen.notice,
        "source_sha256": chosen.sha256,
    }
    if network.num_statistics:
        layers = range(network.num_statistics)
        optional = {each(layer) for layer in layers for each in (mean_name, variance_name)}
        content = require_inputs(files[f"{name}.onnx"], optional)
        features = cut_out(content, [features_name(layer) for layer in layers])
        files = {f"{name}.onnx": content, f"{name}.statistics.onnx": features}
        entry["fold"] = network.fold
        entry["statistics"] = {
            "channels": _count_channels(network),
            **_describe(f"{name}.statistics.onnx", features),
        }
    entry |= _describe(f"{name}.onnx", files[f"{name}.onnx"])
    return PageModel(chosen, name, files, entry)


def _count_channels(network: OnnxNetwork) -> list[int]:
    """Return how many channels each of the layers normalises that can be given statistics."""
    image = np.zeros((1, 3, MIN_INPUT_SIDE_PX, MIN_INPUT_SIDE_PX), np.float32)
    known: list[tuple[Any, Any]] = []
    for _ in range(network.num_statistics):
        channels = network.features_to_normalise(image, known).shape[1]
        shape = (1, channels, 1, 1)
        known.append((np.zeros(shape, np.float32), np.ones(shape, np.float32)))
    return [mean.shape[1] for mean, _ in known]


def _describe(file: str, content: bytes) -> dict[str, Any]:
    return {
        "file": file,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
