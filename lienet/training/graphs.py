"""CUDA graphs: work of fixed shapes that a GPU repeats without being told each kernel anew."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import torch
from torch import Tensor

logger = logging.getLogger(__name__)
EAGER_CALLS = 5
"""Before the recording: they make the optimizer's state, choose kernels and compile."""
Work = Callable[..., dict[str, Tensor]]


class GraphedFunction:
    """A function of tensors that runs as it is a few times, then from a CUDA graph.

    What it returns is overwritten by the next call. Work that cannot be recorded stays as it is.

    Args:
        work: waits for no number; all that changes between calls lies in tensors on the GPU.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._num_calls = 0.0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: tuple[Tensor, ...] | None = None
        self._outputs: dict[str, Tensor] = {}

    def __call__(self, *inputs: Tensor) -> dict[str, Tensor]:
        """Do the work for inputs that have the same shapes at every call."""
        self._num_calls += 1
        if self._num_calls <= EAGER_CALLS:
            return self._run_aside(*inputs)
        if self._graph is None or self._inputs is None:
            self._inputs = tuple(given.clone() for given in inputs)
            self._graph = self._record(*self._inputs)
            if self._graph is None:
                self._num_calls = -math.inf
                return self._run_aside(*inputs)
        for held, given in zip(self._inputs, inputs, strict=True):
            held.copy_(given)
        self._graph.replay()
        return self._outputs

    def _run_aside(self, *inputs: Tensor) -> dict[str, Tensor]:
        """Run on another stream than the default one, as recording asks of what comes before."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        current = torch.cuda.current_stream()
        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            outputs = self._work(*inputs)
        current.wait_stream(stream)
        return outputs

    def _record(self, *inputs: Tensor) -> torch.cuda.CUDAGraph | None:
        """Return the work as a graph; None for work that cannot be recorded, which is told."""
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                self._outputs = self._work(*inputs)
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            logger.warning("steps are not repeated from a CUDA graph: %s", reason)
            return None
        return graph
