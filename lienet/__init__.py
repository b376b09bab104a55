"""Lightweight image-enhancement networks: data, training, fair comparison and export.

What other programs call is here; each name is loaded when it is first used, so that importing the
package takes no time and ``enhance`` and ``score`` need no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lienet.api import Quality, degrade, enhance, load_model, score

__version__ = "0.1.0"
__all__ = ["Quality", "degrade", "enhance", "load_model", "score"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("lienet.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
