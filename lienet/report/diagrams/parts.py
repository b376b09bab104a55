"""What a diagram shows of a module: its parts, what each reads, and what is written on each.

Owns which operations are boxes. A module that is called within is one box, whatever it does. Of the
operations in between those are shown that bring several parts together or change the resolution;
activations are told by the part before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from torch import nn

from lienet.report.diagrams.recording import Call, Operation, Recording, Value

Kind = Literal["end", "module", "operation"]
_CONTAINERS = (nn.Sequential, nn.ModuleList)
_ACTIVATIONS = {
    "leaky_relu": "leaky ReLU", "relu": "ReLU", "prelu": "PReLU", "sigmoid": "sigmoid",
    "tanh": "tanh", "silu": "SiLU", "gelu": "GELU", "softmax": "softmax",
}  # fmt: skip
_RESIZING = ("pixel_shuffle", "pixel_unshuffle", "interpolate", "max_pool2d", "avg_pool2d")
_SIGNS = {
    "add": "+",
    "sub": "\N{MINUS SIGN}",
    "mul": "\N{MULTIPLICATION SIGN}",
    "cat": "concatenate",
}
_NORMALISING = "rsqrt"


@dataclass
class Part:
    """One box, sign or end of a diagram."""

    kind: Kind
    title: str
    detail: str = ""
    path: str = ""
    """Of a module, where it is in the network."""
    sources: list[Part] = field(default_factory=list)
    """What it reads, the first first."""
    family: str = ""
    """Its class or operation: what it has in common with parts that differ in channels alone."""
    num_params: int = 0
    num_macs: int = 0
    activation: str = ""

    @property
    def is_fixed(self) -> bool:
        """Whether it is a module that learns nothing."""
        return self.kind == "module" and not self.num_params

    @property
    def lines(self) -> tuple[str, ...]:
        """What is written below the title."""
        told = ", ".join(text for text in (self.detail, self.activation) if text)
        return (told,) if told else ()


@dataclass(frozen=True)
class Scheme:
    """The parts of one module, in the order in which they run, ends first and last."""

    title: str
    parts: tuple[Part, ...]
    paths: tuple[str, ...]
    """Of the modules that look so, but for their channels; the parts are those of the first."""
    num_macs: int
    """Of all of them."""

    @property
    def signature(self) -> tuple[object, ...]:
        """What modules have in common that look alike."""
        numbers = {id(part): number for number, part in enumerate(self.parts)}
        parts = (
            (part.kind, part.family, tuple(numbers[id(each)] for each in part.sources))
            for part in self.parts
        )
        return (self.title, *parts)


def list_schemes(recording: Recording) -> list[Scheme]:
    """Return the network as a whole, then the modules within, those that cost most first.

    What consists of one part alone is left out: its box says all.
    """
    alike: dict[object, list[Scheme]] = {}
    for call in dict.fromkeys(call for each in recording.operations for call in each.calls):
        if isinstance(call.module, _CONTAINERS) and call is not recording.network:
            continue
        scheme = _open(recording, call)
        if sum(part.kind != "end" for part in scheme.parts) > 1:
            alike.setdefault(scheme.signature, []).append(scheme)
    schemes = [
        replace(
            each[0],
            paths=tuple(dict.fromkeys(path for scheme in each for path in scheme.paths)),
            num_macs=sum(scheme.num_macs for scheme in each),
        )
        for each in alike.values()
    ]
    return sorted(schemes, key=lambda each: -each.num_macs)


def name_class(module: nn.Module) -> str:
    """Return a module's class in words: DenseModulationBlock is "Dense modulation block"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type(module).__name__).lower()
    return (words[:1].upper() + words[1:]).removesuffix("2d")


def _open(recording: Recording, call: Call) -> Scheme:
    opener = _Opener(call, is_network=call is recording.network, recording=recording)
    for operation in recording.operations:
        if call in operation.calls:
            opener.add(operation)
    parts = opener.close()
    macs = sum(part.num_macs for part in parts)
    return Scheme(name_class(call.module), parts, (call.path,), macs)


class _Opener:
    """Makes parts of the operations of one call."""

    def __init__(self, call: Call, *, is_network: bool, recording: Recording) -> None:
        self._call, self._is_network, self._recording = call, is_network, recording
        self._modules = {
            f"{call.path}.{path}".lstrip(".") if path else call.path: module
            for path, module in call.module.named_modules()
        }
        self._ends: dict[Value, Part] = {}
        self._parts: list[Part] = []
        self._made_by: dict[Value, Part] = {}
        self._boxes: dict[object, Part] = {}
        self._scales: set[Value] = set()

    def add(self, operation: Operation) -> None:
        """Add one operation, to a part or as a new one."""
        sources = _unique(self._find(value) for value in operation.inputs)
        part = self._find_box(operation)
        if part is not None:
            known = {id(part), *(id(each) for each in part.sources)}
            part.sources += [each for each in sources if id(each) not in known]
            part.num_macs += operation.num_macs
        elif operation.name in _ACTIVATIONS and len(sources) == 1:
            part = sources[0]
            part.activation = part.activation or _ACTIVATIONS[operation.name]
        elif (title := self._title(operation, len(sources))) is not None:
            part = Part("operation", title, sources=sources, family=title)
            self._parts.append(part)
        else:
            part = sources[0]
        if operation.name == _NORMALISING:
            self._scales.update(operation.outputs)
        self._made_by.update(dict.fromkeys(operation.outputs, part))

    def close(self) -> tuple[Part, ...]:
        """Return the parts that the result depends on, and the result."""
        results = _unique(self._made_by[value] for value in self._call.results)
        shape = self._recording.output_shape if self._is_network else ()
        end = Part("end", "output", _size(shape), sources=results)
        needed, waiting = {id(end)}, [end]
        while waiting:
            for source in waiting.pop().sources:
                if id(source) not in needed:
                    needed.add(id(source))
                    waiting.append(source)
        order = list(self._call.arguments)
        begins = sorted(
            self._ends, key=lambda each: order.index(each) if each in order else len(order)
        )
        parts = (*(self._ends[value] for value in begins), *self._parts, end)
        return tuple(part for part in parts if id(part) in needed)

    def _find(self, value: Value) -> Part:
        """Return the part that a value comes from; what comes from outside is an end."""
        if value not in self._made_by:
            name = self._call.arguments.get(value, "input")
            shape = self._recording.input_shape if self._is_network else ()
            part = Part("end", name.replace("_", " "), _size(shape))
            self._ends[value] = self._made_by[value] = part
        return self._made_by[value]

    def _find_box(self, operation: Operation) -> Part | None:
        """Return the part of the module that an operation is in, or whose numbers it reads."""
        depth = operation.calls.index(self._call) + 1
        for call in operation.calls[depth:]:
            if not isinstance(call.module, _CONTAINERS) and _has_numbers(call.module):
                if _is_activation(call.module):
                    return None
                return self._take_box(call, call.path)
        for owner in operation.owners:
            if owner in self._modules and owner != self._call.path:
                return self._take_box(owner, owner)
        return None

    def _take_box(self, key: object, path: str) -> Part:
        if key not in self._boxes:
            module = self._modules[path]
            title, detail = _describe(module, path.rpartition(".")[2])
            part = Part("module", title, detail, path, family=name_class(module))
            part.num_params = sum(each.numel() for each in module.parameters())
            self._boxes[key] = part
            self._parts.append(part)
        return self._boxes[key]

    def _title(self, operation: Operation, num_sources: int) -> str | None:
        """Return what an operation is called, None for one that is not shown."""
        name = operation.name
        before, after = operation.input_shape[-1], operation.output_shape[-1]
        if name in _RESIZING and before != after:
            times = f"\N{MULTIPLICATION SIGN}{after // before}"
            by = times if after >= before else f"\N{DIVISION SIGN}{before // after}"
            return f"{name.removesuffix('2d').replace('_', '-')} {by}"
        if name == "mul" and num_sources == 1 and self._scales.intersection(operation.inputs):
            return "normalise"
        return _SIGNS.get(name, name.replace("_", " ")) if num_sources > 1 else None


def _describe(module: nn.Module, name: str) -> tuple[str, str]:
    """Return a module's title, and its channels or how many convolutions it has."""
    if isinstance(module, nn.Conv2d):
        stride = f", stride {module.stride[0]}" if module.stride[0] > 1 else ""
        kernel = "\N{MULTIPLICATION SIGN}".join(str(side) for side in module.kernel_size)
        channels = f"{module.in_channels} \N{RIGHTWARDS ARROW} {module.out_channels}"
        groups = f" in {module.groups} groups" if module.groups > 1 else ""
        called = "" if name.isdecimal() else f"{name.replace('_', ' ')}: "
        return f"{kernel} convolution{stride}", f"{called}{channels}{groups}"
    num_convs = sum(isinstance(each, nn.Conv2d) for each in module.modules())
    counted = f"{num_convs} convolution{'s' if num_convs > 1 else ''}" if num_convs else ""
    return name_class(module), counted


def _has_numbers(module: nn.Module) -> bool:
    return any(True for _ in module.parameters()) or any(True for _ in module.buffers())


def _is_activation(module: nn.Module) -> bool:
    return type(module).__module__ == "torch.nn.modules.activation"


def _size(shape: tuple[int, ...]) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(str(side) for side in shape[1:])


def _unique(parts: Iterable[Part]) -> list[Part]:
    return list({id(part): part for part in parts}.values())
