"""Colours of the figures: one for each model everywhere, told apart by colour-blind readers too.

The hues are Okabe and Ito's; lienet alone is vermilion, and the baselines are grey.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle

_FIXED = {
    "bicubic": "#8a8a8a",
    "input": "#8a8a8a",
    "lienet": "#d55e00",
    "srgan": "#0072b2",
    "esrgan": "#009e73",
    "sftgan": "#cc79a7",
    "srresnet": "#56b4e9",
    "plain": "#e69f00",
}
_SPARE = ("#7a5c99", "#a6761d", "#5f9ea0", "#b0a000")


@dataclass(frozen=True)
class Theme:
    """The ground and the inks of a figure."""

    paper: str
    ink: str
    muted: str
    rule: str


LIGHT = Theme(paper="#ffffff", ink="#1b1f24", muted="#646c76", rule="#dfe3e8")
DARK = Theme(paper="#15181c", ink="#e9ecef", muted="#98a1ab", rule="#31373e")


def colour_models(models: Iterable[str]) -> dict[str, str]:
    """Return a colour for each model name; unknown names take the spare ones in turn."""
    spare = cycle(_SPARE)
    return {model: _FIXED.get(model) or next(spare) for model in dict.fromkeys(models)}
