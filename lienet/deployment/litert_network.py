"""A LiteRT (TensorFlow Lite) file put to use on the CPU; its input has one size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lienet.deployment.phone_network import PhoneNetwork
from lienet.deployment.runtimes import Planes
from lienet.errors import ModelError


class LitertNetwork(PhoneNetwork):
    """A ``.tflite`` file in LiteRT's interpreter.

    Args:
        path: the file; it takes float32 ``1 3 h w``, and statistics.
        num_threads: threads within an operator; 0 leaves it to the interpreter.

    Raises:
        ModelError: no such file, or not a network from one RGB image to one.
    """

    def __init__(self, path: Path, *, num_threads: int = 0) -> None:
        if not path.is_file():
            raise ModelError("no such LiteRT file", got=path, remedy="export the model first")
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter = Interpreter(str(path), num_threads=num_threads or None)
            self._interpreter.allocate_tensors()
            given = self._interpreter.get_input_details()
            made = self._interpreter.get_output_details()
        except Exception as error:  # the interpreter's errors share no base class
            raise ModelError(f"{path} is not a usable LiteRT file: {error}") from error
        shape = given[0]["shape"]
        if len(shape) != 4 or shape[1] != 3:
            raise ModelError(f"{path} must take one image 1 3 h w", got=tuple(shape))
        self._inputs = [each["index"] for each in given]
        self._outputs = [each["index"] for each in made]
        channels = [int(each["shape"][1]) for each in given[1::2]]
        size_px = (int(shape[2]), int(shape[3]))
        super().__init__(path, channels=channels, input_size_px=size_px)

    def run(self, inputs: Sequence[Planes]) -> list[Planes]:
        """Run the interpreter.

        Raises:
            ModelError: an input has another shape.
        """
        try:
            for index, value in zip(self._inputs, inputs, strict=True):
                self._interpreter.set_tensor(index, value)
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"{self.path} fails on an input of {inputs[0].shape}: {error}"
            ) from error
        return [self._interpreter.get_tensor(index) for index in self._outputs]
