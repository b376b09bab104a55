"""An ExecuTorch program put to use on the CPU, in the runtime that phones run."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from lienet.deployment.phone_network import PhoneNetwork
from lienet.deployment.runtimes import Planes
from lienet.errors import ModelError


class ExecutorchNetwork(PhoneNetwork):
    """A ``.pte`` file in ExecuTorch's runtime.

    Args:
        path: the file; its method ``forward`` takes float32 ``1 3 h w``, and statistics.
        num_threads: threads of the process's pool, which all programs share; 0 leaves it.

    Raises:
        ModelError: no such file, or no program.
    """

    def __init__(self, path: Path, *, num_threads: int = 0) -> None:
        if not path.is_file():
            raise ModelError("no such ExecuTorch file", got=path, remedy="export the model first")
        from torch import from_numpy

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of packages that it imports
            from executorch.runtime import Runtime

        self._from_numpy = from_numpy
        if num_threads:
            from executorch.extension.pybindings.portable_lib import _unsafe_reset_threadpool

            _unsafe_reset_threadpool(num_threads)
        try:
            self._program = Runtime.get().load_program(path)
            forward = self._program.load_method("forward")
            assert forward is not None
            meta = forward.metadata
            sizes = [meta.input_tensor_meta(at).sizes() for at in range(meta.num_inputs())]
        except Exception as error:  # the runtime's errors share no base class
            raise ModelError(f"{path} is not a usable ExecuTorch file: {error}") from error
        self._forward = forward
        channels = [int(shape[1]) for shape in sizes[1::2]]
        super().__init__(path, channels=channels, max_side_px=int(min(sizes[0][2:])))

    def run(self, inputs: Sequence[Planes]) -> list[Planes]:
        """Run the program.

        Raises:
            ModelError: the program refuses an input of this size.
        """
        try:
            made = self._forward.execute([self._from_numpy(each) for each in inputs])
        except Exception as error:  # as above
            raise ModelError(
                f"{self.path} fails on an input of {inputs[0].shape}: {error}"
            ) from error
        return [each.numpy().copy() for each in made]
