"""A forward pass of a network, recorded: each operation, what it reads, and the modules it is in.

Owns how torch is listened to. What is recorded is what runs, so that a network needs nothing to be
drawn. It runs on the meta device, where no number is computed.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from lienet.networks.folding import collapse_branches

Value = int
"""A tensor as it was at one time: what an operation writes in place is another."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a module."""

    path: str
    """Where the module is in the network; the network itself is ""."""
    module: nn.Module
    arguments: Mapping[Value, str]
    """The names of what it is given, as ``forward`` has them."""
    results: list[Value] = field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """One call of a function of torch that depends on the network's input."""

    name: str
    """torch's, without the underscores of a variant that works in place."""
    calls: tuple[Call, ...]
    """The module calls that it is part of, that of the network first."""
    inputs: tuple[Value, ...]
    """What it reads of all that depends on the network's input."""
    outputs: tuple[Value, ...]
    owners: frozenset[str]
    """Paths of the modules whose weights or fixed numbers it reads."""
    num_macs: int
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


@dataclass(frozen=True)
class Recording:
    """All operations of a forward pass, in their order."""

    network: Call
    operations: tuple[Operation, ...]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


def record(network: nn.Module, *, height_px: int, width_px: int) -> Recording:
    """Run a network on the meta device and record what it does.

    Args:
        network: takes ``1 3 h w``; left as it is. Branches that are one layer after training are
            recorded as that layer.
        height_px: of the input.
        width_px: of the input.
    """
    shadow = collapse_branches(network).to("meta").eval()
    degraded = torch.empty(1, 3, height_px, width_px, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        listener = _Listener(shadow, degraded, counter)
        with listener.follow_modules(), listener:
            enhanced = shadow(degraded)
    return Recording(
        listener.root, tuple(listener.operations), tuple(degraded.shape), tuple(enhanced.shape)
    )


class _Listener(TorchFunctionMode):
    """Notes every function of torch that is called while it is entered."""

    def __init__(self, network: nn.Module, degraded: Tensor, counter: FlopCounterMode) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self._network, self._counter = network, counter
        self._kept: list[Tensor] = []  # a tensor that is let go may leave its id to another
        self._values: dict[int, Value] = {}
        self._owners: dict[int, frozenset[str]] = {
            id(tensor): frozenset({path})
            for path, module in network.named_modules()
            for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False))
        }
        self._begin(degraded)
        self._stack: list[Call] = []

    @contextmanager
    def follow_modules(self) -> Iterator[None]:
        """Note which modules are being called."""
        handles = []
        for path, module in self._network.named_modules():
            enter = module.register_forward_pre_hook(
                lambda module, args, kwargs, path=path: self._enter(path, module, args, kwargs),
                with_kwargs=True,
            )
            handles += [enter, module.register_forward_hook(self._leave)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function, and note it if it gives tensors that depend on the input."""
        read = _tensors((args, kwargs))
        inputs = [tensor for tensor in read if id(tensor) in self._values]
        values = tuple(self._values[id(tensor)] for tensor in inputs)
        input_shape = tuple(inputs[0].shape) if inputs else ()
        versions = {id(tensor): tensor._version for tensor in read}
        before = self._counter.get_total_flops()
        result = func(*args, **(kwargs or {}))
        # What was read and has not changed is no result: a tensor that has the type asked for.
        written = [each for each in _tensors(result) if versions.get(id(each)) != each._version]
        owners = frozenset().union(*(self._owners.get(id(tensor), ()) for tensor in read))
        if not inputs:
            self._kept += written
            self._owners |= {id(tensor): owners for tensor in written}
            return result
        if written:
            self.operations.append(
                Operation(
                    name=func.__name__.strip("_"),
                    calls=tuple(self._stack),
                    inputs=values,
                    outputs=tuple(self._begin(tensor) for tensor in written),
                    owners=owners,
                    num_macs=(self._counter.get_total_flops() - before) // 2,
                    input_shape=input_shape,
                    output_shape=tuple(written[0].shape),
                )
            )
        return result

    def _begin(self, tensor: Tensor) -> Value:
        """Return a new value, which a tensor has from now on."""
        self._kept.append(tensor)
        self._values[id(tensor)] = len(self._kept)
        return len(self._kept)

    def _enter(self, path: str, module: nn.Module, args: Any, kwargs: Any) -> None:
        given = inspect.signature(module.forward).bind(*args, **kwargs).arguments
        names = {
            self._values[id(tensor)]: name
            for name, value in given.items()
            for tensor in _tensors(value)
            if id(tensor) in self._values
        }
        self._stack.append(Call(path, module, names))
        if not path:
            self.root = self._stack[-1]

    def _leave(self, module: nn.Module, args: Any, result: Any) -> None:
        known = [tensor for tensor in _tensors(result) if id(tensor) in self._values]
        self._stack.pop().results.extend(self._values[id(tensor)] for tensor in known)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]
