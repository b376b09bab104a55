"""Compiling the step with TorchInductor, and saying in one line where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from lienet.errors import ToolError


@contextmanager
def compiling(network: Any, *, asked: bool) -> Iterator[Any]:
    """Give the network, compiled if ``asked``; it is compiled when it first runs.

    Raises:
        ToolError: no compiler, one that fails, or torch in a folder whose name has a space, which
            TorchInductor does not quote for the linker.
    """
    if not asked:
        yield network
        return
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield torch.compile(network)
    except TorchDynamoException as error:
        folder = Path(torch.__file__).parent
        elsewhere = "make the virtual environment in a folder without spaces, or "
        raise ToolError(
            "train.compile: torch cannot compile the network",
            got=_find_reason(str(error)),
            remedy=f"{elsewhere if ' ' in str(folder) else ''}set train.compile to false",
        ) from error


def _find_reason(text: str) -> str:
    """Return the line of a compiler's output that says what failed, else the first line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = (line for line in lines if "cannot find" in line or "error:" in line)
    return next(telling, lines[0] if lines else "no reason told")
