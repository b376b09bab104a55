"""What a format is: its name, its tool, and how a network is converted to it.

Owns the interface alone. Runtimes are in :mod:`lienet.deployment.runtimes`, since a file is run
where nothing is converted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar

from torch import nn

from lienet.deployment.runtimes import Planes


@dataclass(frozen=True)
class Source:
    """A network as formats are made of it."""

    model: nn.Module
    """In eval mode and float32, on the CPU; left as it is."""
    onnx: bytes
    """The same as ONNX in float32, its blocks folded."""
    calibration: Sequence[Planes]
    """Inputs by which ranges are chosen, ``1 3 h w`` in [0, 1], all of one size."""
    opset: int
    metadata: Mapping[str, str]
    """What the file says of itself, where its format has room for it."""


class Format(ABC):
    """A format that networks are converted to."""

    suffix: ClassVar[str]
    """Of the file, with its dot."""
    tool: ClassVar[str]
    """The package that converts, as it is installed; its version is told beside every file."""
    extra: ClassVar[str]
    """The extra of lienet that brings it."""
    runs_elsewhere: ClassVar[str | None] = None
    """Why its files are not run here, where there is no runtime for them."""

    def find_version(self) -> str | None:
        """Return the tool's version; None where it is not installed."""
        try:
            return version(self.tool)
        except PackageNotFoundError:
            return None

    @abstractmethod
    def convert(self, source: Source, path: Path) -> None:
        """Write a network to ``path``.

        ``path`` may become a folder, and parts may lie beside it under the same stem. Equal
        weights, versions and processors give equal bytes. Any exception means that the tool
        cannot convert the network; its first line is the reason that is told.
        """
