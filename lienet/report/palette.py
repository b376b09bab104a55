"""Colours of the figures: one for each model everywhere, told apart by colour-blind readers too.

The hues are Okabe and Ito's; lienet alone is vermilion, and the baselines are grey.
"""

from __future__ import annotations

import colorsys
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
_SHADES = (-0.4, 0.45, -0.6, 0.65)
_SPARE = ("#7a5c99", "#a6761d", "#5f9ea0", "#b0a000")
_LEGIBLE_CONTRAST = 3.0


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
    """Return a colour for each model name, as ``#rrggbb``.

    A variant, named after a known model and an underscore, takes a shade of that model's hue, in
    turn; other names take the spare hues in turn.
    """
    spare = cycle(_SPARE)
    shades = {model: cycle(_SHADES) for model in _FIXED}
    colours = {}
    for model in dict.fromkeys(models):
        base = model.partition("_")[0]
        if model in _FIXED:
            colours[model] = _FIXED[model]
        elif base in _FIXED:
            colours[model] = _shade(_FIXED[base], next(shades[base]))
        else:
            colours[model] = next(spare)
    return colours


def keep_legible(colour: str, theme: Theme) -> str:
    """Return a colour of the same hue, as much lighter or darker as lets a thin line stand out.

    That is a contrast of 3 to 1 against the theme's ground, as WCAG 2.1 asks of graphics.
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _split(colour)))
    step = -0.01 if _find_luminance(theme.paper) > 0.5 else 0.01
    kept = colour
    while find_contrast(kept, theme.paper) < _LEGIBLE_CONTRAST:
        lightness += step
        parts = colorsys.hls_to_rgb(hue, lightness, saturation)
        kept = "#" + "".join(f"{round(255 * part):02x}" for part in parts)
    return kept


def find_contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours by WCAG 2.1, from 1 to 21."""
    low, high = sorted(_find_luminance(each) for each in (first, second))
    return (high + 0.05) / (low + 0.05)


def _find_luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb``, as WCAG 2.1 defines it."""
    shares = [part / 255 for part in _split(colour)]
    linear = [
        each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in shares
    ]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _shade(colour: str, amount: float) -> str:
    """Mix a colour with black by ``-amount``, or with white by ``amount``."""
    end = 255 if amount > 0 else 0
    mixed = (round(part + (end - part) * abs(amount)) for part in _split(colour))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _split(colour: str) -> list[int]:
    return [int(colour[first : first + 2], 16) for first in (1, 3, 5)]
