"""One call for a torch module and for an ONNX file: ``1 3 h w`` in [0, 1] in, the enlarged one out.

Owns devices, memory layout and ONNX Runtime sessions. Refuses files that do not take one RGB image.
A torch module that normalises by statistics of its input can be given a whole image's; an ONNX file
has no way in for them and normalises by those of what it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from lienet.errors import ModelError
from lienet.models.blocks import Statistics
from lienet.models.enhancement import LienetEnhancement

if TYPE_CHECKING:
    import onnxruntime


class Network(Protocol):
    """A network ready to be put to use."""

    input_size_px: tuple[int, int] | None
    """The only (height, width) it takes; None where it takes any."""

    def __call__(self, degraded: Tensor, statistics: Sequence[Statistics] | None = None) -> Tensor:
        """Map float32 ``1 3 h w`` to float32 ``1 3 h*scale w*scale`` on the CPU, not clipped.

        Args:
            degraded: the input.
            statistics: the whole image's, for a torch module that normalises by them; None takes
                the input's own.
        """


class TorchNetwork:
    """A torch module in eval mode, on its own device, channels last."""

    def __init__(self, module: nn.Module) -> None:
        self.input_size_px: tuple[int, int] | None = None
        self._module = module.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        first = next(module.parameters(), None)
        self._device = torch.device("cpu") if first is None else first.device

    @property
    def num_statistics(self) -> int:
        """How many layers normalise by statistics of the whole image; none in other networks."""
        module = self._module
        return module.num_statistics if isinstance(module, LienetEnhancement) else 0

    @property
    def fold(self) -> int:
        """Input pixels for each of what is normalised, per side."""
        module = self._module
        return module.fold if isinstance(module, LienetEnhancement) else 1

    def __call__(self, degraded: Tensor, statistics: Sequence[Statistics] | None = None) -> Tensor:
        """Run the module without gradients."""
        with torch.inference_mode():
            given = () if statistics is None else (self._placed(statistics),)
            enhanced: Tensor = self._module(self._place(degraded), *given)
            return enhanced.float().cpu()

    def features_to_normalise(self, degraded: Tensor, known: Sequence[Statistics]) -> Tensor:
        """Return what layer number ``len(known)`` of ``num_statistics`` normalises, on the CPU."""
        assert isinstance(self._module, LienetEnhancement)
        with torch.inference_mode():
            features = self._module.features_to_normalise(
                self._place(degraded), self._placed(known)
            )
            return features.float().cpu()

    def _place(self, degraded: Tensor) -> Tensor:
        return degraded.to(self._device, memory_format=torch.channels_last)

    def _placed(self, statistics: Sequence[Statistics]) -> list[Statistics]:
        return [(mean.to(self._device), variance.to(self._device)) for mean, variance in statistics]


class OnnxNetwork:
    """An ONNX file in ONNX Runtime on the CPU.

    Args:
        path: the file; its first input is float32 or float16 ``n 3 h w``, dynamic or fixed.
        num_threads: threads within an operator; 0 takes one for each core.

    Raises:
        ModelError: no such file, not ONNX, or not a network from one RGB image to one.
    """

    def __init__(self, path: Path, *, num_threads: int = 0) -> None:
        self.path = Path(path)
        self._session = open_session(self.path, num_threads=num_threads)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape
        types = {"tensor(float)": torch.float32, "tensor(float16)": torch.float16}
        is_rgb = len(shape) == 4 and (shape[1] == 3 or not isinstance(shape[1], int))
        if len(inputs) != 1 or not is_rgb or inputs[0].type not in types:
            raise ModelError(
                f"{self.path} must take one float image n 3 h w",
                got=", ".join(f"{each.name} {each.type} {each.shape}" for each in inputs),
            )
        self._input_name: str = inputs[0].name
        self._dtype = types[inputs[0].type]
        height_px, width_px = shape[2:]
        is_fixed = isinstance(height_px, int) and isinstance(width_px, int)
        self.input_size_px = (height_px, width_px) if is_fixed else None

    def __call__(self, degraded: Tensor, statistics: Sequence[Statistics] | None = None) -> Tensor:
        """Run the session.

        Raises:
            ModelError: ONNX Runtime refuses this input.
        """
        assert not statistics, "an ONNX file takes the image alone"
        feed = {self._input_name: degraded.to(self._dtype).contiguous().numpy()}
        try:
            enhanced = self._session.run(None, feed)[0]
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise ModelError(
                f"{self.path} fails on an input of {tuple(degraded.shape)}: {_first_line(error)}"
            ) from error
        return torch.from_numpy(enhanced).float()


def open_session(path: Path, *, num_threads: int) -> onnxruntime.InferenceSession:
    """Open an ONNX file on the CPU, one operator at a time.

    Raises:
        ModelError: the file is missing or ONNX Runtime cannot load it.
    """
    import onnxruntime

    if not path.is_file():
        raise ModelError("no such ONNX file", got=path, remedy="export the model first")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # as above
        raise ModelError(f"{path} is not a usable ONNX file: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
