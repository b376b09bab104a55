"""The network that a person means: one that comes with lienet, one of a workspace, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lienet.deployment.onnx_network import OnnxNetwork
from lienet.deployment.shipped_weights import (
    find_entry,
    locate_onnx,
    read_index,
    read_weights_card,
)
from lienet.enhancing.naming import make_suffix
from lienet.errors import InputError, ModelError
from lienet.files import sha256_of_file
from lienet.workspace import ONNX_NAME, Workspace


@dataclass(frozen=True)
class ChosenModel:
    """A network in a file, with what files that it makes are named after."""

    path: Path
    label: str
    task: str
    scale: int
    sha256: str
    architecture: str | None = None
    notice: str | None = None
    """What a user must be told of it; None if nothing."""

    @property
    def suffix(self) -> str:
        """What outputs are called behind the name of the input, such as ``_lienet_x4``."""
        return make_suffix(self.plain_label, task=self.task, scale=self.scale)

    @property
    def plain_label(self) -> str:
        """The label without the scale that some end with."""
        return self.label.removesuffix(f"_x{self.scale}")


def choose_model(
    named: str | None, *, task: str, scale: int | None, start: Path, folder: Path | None = None
) -> ChosenModel:
    """Return the network that is meant.

    Args:
        named: an ONNX file; or the name of a network that comes with lienet, or that the workspace
            around ``start`` holds; None takes the one that comes with lienet.
        task: by name.
        scale: per side; None takes what there is.
        start: where the workspace is looked for.
        folder: the weights that come with lienet; None is the package's.

    Raises:
        ModelError: there is none, or it cannot be used.
        InputError: a file has another scale than asked for.
    """
    if named is not None and (named.endswith(".onnx") or Path(named).is_file()):
        return open_file(Path(named), task=task, scale=scale)
    try:
        return _open_shipped(task, scale, named, folder)
    except ModelError:
        path = None if named is None else _find_in_workspace(start, task, named)
        if path is None:
            raise
    return open_file(path, task=task, scale=scale, label=named)


def list_models(
    *, task: str, scale: int | None, start: Path, folder: Path | None = None
) -> list[ChosenModel]:
    """Return every network for a task and scale: those that come with lienet, then a workspace's.

    Raises:
        ModelError: a file cannot be used.
    """
    shipped = [entry for entry in read_index(folder).weights if entry.task == task]
    found = [_open_shipped(task, entry.scale, entry.name, folder) for entry in shipped]
    models_dir = _models_dir(start, task)
    known = {model.sha256 for model in found}
    for path in sorted(models_dir.glob(f"*/{ONNX_NAME}")) if models_dir else ():
        model = open_file(path, task=task, scale=None, label=path.parent.name)
        if model.sha256 not in known:
            found.append(model)
    wanted = scale or max((model.scale for model in found), default=1)
    return [model for model in found if model.scale == wanted]


def open_file(path: Path, *, task: str, scale: int | None, label: str | None = None) -> ChosenModel:
    """Return the network in an ONNX file; its scale is tried out, whatever the file says.

    Raises:
        ModelError: it cannot be used.
        InputError: it has another scale.
    """
    network = OnnxNetwork(path, num_threads=1)
    found = network.scale
    if scale not in (None, found):
        raise InputError(
            f"{path} enlarges by {found} per side", got=f"--scale {scale}", remedy="leave it out"
        )
    says = network.metadata
    generic = path.parent.name if path.name == ONNX_NAME else path.stem
    return ChosenModel(
        path=path,
        label=label or says.get("model") or generic or "model",
        task=says.get("task") or task,
        scale=found,
        sha256=sha256_of_file(path),
        architecture=says.get("architecture"),
    )


def _open_shipped(
    task: str, scale: int | None, named: str | None, folder: Path | None
) -> ChosenModel:
    entry = find_entry(task, scale=scale, model=named, folder=folder)
    card = read_weights_card(entry, folder)
    return ChosenModel(
        path=locate_onnx(entry, folder),
        label=entry.model,
        task=entry.task,
        scale=entry.scale,
        sha256=entry.sha256["onnx"],
        architecture=card.architecture,
        notice=card.notice,
    )


def _find_in_workspace(start: Path, task: str, named: str) -> Path | None:
    models_dir = _models_dir(start, task)
    path = models_dir / named / ONNX_NAME if models_dir else None
    return path if path is not None and path.is_file() else None


def _models_dir(start: Path, task: str) -> Path | None:
    try:
        return Workspace.find(start).model_dir(task, "any").parent
    except InputError:
        return None
