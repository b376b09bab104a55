"""One interface for torch modules and exported files: ``1 3 h w`` in [0, 1] in, enlarged out.

Owns what they have in common. Planes and statistics are
numpy's, so that an ONNX file runs where torch is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from lienet.errors import ModelError, ToolError
from lienet.versions import how_to_install

if TYPE_CHECKING:
    from torch import nn

Planes = NDArray[np.float32]
"""Images or features, ``1 c h w``."""
Statistics = tuple[Planes, Planes]
"""Mean and variance of each channel, ``1 c 1 1``."""
MIN_INPUT_SIDE_PX = 8
"""What every network of the registry takes."""


class Network(Protocol):
    """A network ready to be put to use."""

    input_size_px: tuple[int, int] | None
    """The only (height, width) it takes; None where it takes any."""
    max_side_px: int | None
    """The longest side it takes; None where it takes any."""

    def fit_size(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Return the least height and width that it takes and that are no smaller than these.

        A network of one size takes that alone, whichever is asked for.
        """

    @property
    def num_statistics(self) -> int:
        """How many layers normalise by statistics that can be given; none in most networks."""

    @property
    def fold(self) -> int:
        """Input pixels for each of what is normalised, per side."""

    def __call__(self, degraded: Planes, statistics: Sequence[Statistics] | None = None) -> Planes:
        """Map float32 ``1 3 h w`` to float32 ``1 3 h*scale w*scale``, not clipped.

        Args:
            degraded: the input.
            statistics: the whole image's, for each of ``num_statistics`` layers; None takes the
                input's own.
        """

    def features_to_normalise(self, degraded: Planes, known: Sequence[Statistics]) -> Planes:
        """Return what layer number ``len(known)`` of ``num_statistics`` normalises.

        Args:
            degraded: the input.
            known: the statistics of the layers before it.
        """


class NetworkFile(Network, Protocol):
    """A file ready to be put to use."""

    path: Path

    @property
    def scale(self) -> int:
        """By how much it enlarges per side, as it does, whatever the file says."""

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself, such as its task, model and architecture."""


@dataclass(frozen=True)
class Runtime:
    """The class that opens files of one suffix, and the package that runs them."""

    module: str
    name: str
    package: str


RUNTIMES = {
    ".onnx": Runtime("lienet.deployment.onnx_network", "OnnxNetwork", "onnxruntime"),
    ".pte": Runtime("lienet.deployment.executorch_network", "ExecutorchNetwork", "executorch"),
    ".tflite": Runtime("lienet.deployment.litert_network", "LitertNetwork", "ai_edge_litert"),
    ".param": Runtime("lienet.deployment.ncnn_network", "NcnnNetwork", "ncnn"),
}
"""By the suffix of a file. Core ML's ``.mlpackage`` runs on Apple's systems alone."""


def open_network(model: nn.Module | Path, *, num_threads: int = 0) -> Network:
    """Return a torch module, or the file at a path, ready to be put to use.

    Args:
        model: the module, or a file in a format of :data:`RUNTIMES`.
        num_threads: threads within an operator of a file's runtime; 0 leaves it to the runtime.

    Raises:
        ModelError: the file cannot be used.
        ToolError: the runtime of its format is not installed.
    """
    if isinstance(model, Path):
        return open_file(model, num_threads=num_threads)
    from lienet.deployment.torch_network import TorchNetwork

    return TorchNetwork(model)


def open_file(path: Path, *, num_threads: int = 0) -> NetworkFile:
    """Return a file in the runtime that its suffix asks for; as above."""
    suffix = path.suffix.lower()
    runtime = RUNTIMES.get(suffix)
    if runtime is None:
        raise ModelError(
            f"{path} has no suffix of a network that runs here",
            got=suffix or "none",
            remedy=f"give {', '.join(RUNTIMES)}",
        )
    package = runtime.package
    if find_spec(package) is None:
        raise ToolError(
            f"{suffix} files run in {package}, which is not installed",
            remedy=f"run make mobile, or {how_to_install('mobile')}",
        )
    network: NetworkFile = getattr(import_module(runtime.module), runtime.name)(
        path, num_threads=num_threads
    )
    return network
