"""An ncnn network put to use on the CPU: a ``.param`` file with its weights beside it, ``.bin``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lienet.deployment.input_sizes import round_up
from lienet.deployment.phone_network import PhoneNetwork
from lienet.deployment.runtimes import Planes
from lienet.errors import ModelError

_FOLDED_MULTIPLE = 8
"""Of the sides of an input that is folded into depth: by 2, 4 or 8."""


class NcnnNetwork(PhoneNetwork):
    """A network in ncnn's runtime; it takes the image alone.

    Args:
        path: the ``.param`` file.
        num_threads: threads within an operator; 0 takes one for each core.

    Raises:
        ModelError: a file is missing, or ncnn lacks one of the network's operators.
    """

    def __init__(self, path: Path, *, num_threads: int = 0) -> None:
        weights_path = path.with_suffix(".bin")
        for each in (path, weights_path):
            if not each.is_file():
                raise ModelError("no such ncnn file", got=each, remedy="export the model first")
        import ncnn

        self._mat = ncnn.Mat
        self._net = ncnn.Net()
        if num_threads:
            self._net.opt.num_threads = num_threads
        is_loaded = self._net.load_param(str(path)) == 0
        is_loaded = is_loaded and self._net.load_model(str(weights_path)) == 0
        if not is_loaded or len(self._net.input_names()) != 1:
            raise ModelError(f"{path} is not a usable ncnn file: ncnn lacks an operator of it")
        (self._input,), (self._output, *_) = self._net.input_names(), self._net.output_names()
        super().__init__(path)
        folds = "Reorg" in path.read_text(encoding="utf-8").split()
        self._multiple = _FOLDED_MULTIPLE if folds else 1

    def fit_size(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Return the least height and width that it takes and that are no smaller than these.

        By its layers and not by trial: ncnn folds sides that do not divide, and gives nonsense.
        """
        return round_up(height_px, width_px, multiple=self._multiple)

    def run(self, inputs: Sequence[Planes]) -> list[Planes]:
        """Run the network.

        Raises:
            ModelError: ncnn fails on this input.
        """
        (image,) = inputs
        extractor = self._net.create_extractor()
        extractor.input(self._input, self._mat(image[0]).clone())
        status, enhanced = extractor.extract(self._output)
        if status != 0:
            raise ModelError(f"{self.path} fails on an input of {image.shape}")
        return [np.array(enhanced, np.float32)[None]]
