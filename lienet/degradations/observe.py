"""What old photographs look like, measured, and the ranges of ``old_photo`` that follow from it.

Owns the statistics of a finished picture and their way back to the steps that made it. A picture
tells its levels, cast, saturation and noise; of the paper's texture, the lens and the file it tells
nothing that could not be content, so they keep stated defaults.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from lienet.degradations.noise import estimate_sigma, halve
from lienet.degradations.paper_texture import correlated_noise
from lienet.errors import ImageError, InputError
from lienet.images import Pixels, decode_image
from lienet.text_tables import draw_table

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_ENDS_PERCENT = (1.0, 99.0)
_SPREAD_PERCENT = (20.0, 80.0)
"""Of the observed values, what a range spans: content adds to the spread of a degraded picture."""
_CLEAN_BLACK, _CLEAN_WHITE, _CLEAN_SATURATION = 0.05, 0.96, 0.16
"""Medians of what :func:`observe` measures on clean photographs (20 of CID22)."""
_CLEAN_SIGMA = 0.003
"""The detail of clean photographs that the estimate of noise takes for noise; so measured too."""
_CORRELATIONS_PX = tuple(step / 20 for step in range(6, 41))
"""In which a measured correlation is looked for."""
_MIN_CONTRAST = 8 / 255
"""Of luma; what has less tells no white point."""
_MIN_OBSERVED_SIDE_PX = 16
_SIMULATED_PX = 256
UNOBSERVED: Mapping[str, Mapping[str, Any]] = {
    "texture": {
        "probability": 0.6,
        "amplitude": [0.005, 0.025],
        "period_px": [4.0, 12.0],
        "kinds": ["smooth", "oriented", "cross_hatched"],
    },
    "blur": {"probability": 1.0, "sigma_px": [0.5, 0.8]},
    "jpeg": {"probability": 0.9, "quality": [85, 97], "chroma": "420"},
}
"""The steps that keep stated defaults."""


@dataclass(frozen=True)
class Observation:
    """The statistics of one picture; levels and deviations are shares of white."""

    saturation: float
    """Mean of the largest minus the smallest channel, each stretched between its own ends: what
    is colour, and not cast."""
    black_point: float
    """First percentile of luma."""
    white_point: float
    """99th percentile of luma."""
    red_gain: float
    """The channel's 99th percentile over that of the brightest channel."""
    green_gain: float
    blue_gain: float
    noise: float
    """Noise of luma, as :func:`lienet.degradations.noise.estimate_sigma` sees it."""
    noise_ratio: float
    """The same at half the size, over it: 0.5 for white noise, more with correlated neighbours."""
    chroma_share: float
    """Noise in red minus blue against that of the channels: 0 is grey, 1 independent."""

    @property
    def cast(self) -> float:
        """How far the gains lie apart."""
        gains = (self.red_gain, self.green_gain, self.blue_gain)
        return max(gains) - min(gains)


def observe(pixels: Pixels) -> Observation:
    """Measure one picture.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8.

    Raises:
        InputError: a side is too short to tell anything of noise, or there is one tone only.
    """
    if min(pixels.shape[:2]) < _MIN_OBSERVED_SIDE_PX:
        rule = f"a picture to observe has {_MIN_OBSERVED_SIDE_PX} pixels to a side or more"
        raise InputError(rule, got=f"{pixels.shape[0]} x {pixels.shape[1]}")
    picture = pixels.astype(np.float32) / np.float32(255.0)
    luma = picture @ _LUMA
    black_point, white_point = np.percentile(luma, _ENDS_PERCENT)
    blacks, whites = np.percentile(picture, _ENDS_PERCENT, axis=(0, 1))
    if white_point - black_point < _MIN_CONTRAST:
        raise InputError(
            "a picture to observe has lights and shadows",
            got=f"luma from {255 * black_point:.0f} to {255 * white_point:.0f} of 255",
        )
    stretched = (picture - blacks) / np.maximum(whites - blacks, 1 / 255)
    gains = whites / max(float(whites.max()), 1 / 255)
    noise = estimate_sigma(luma)
    channels = math.sqrt(np.mean([estimate_sigma(picture[..., c]) ** 2 for c in range(3)]))
    coloured = estimate_sigma(picture[..., 0] - picture[..., 2])
    return Observation(
        saturation=float(np.mean(stretched.max(axis=2) - stretched.min(axis=2))),
        black_point=float(black_point),
        white_point=float(white_point),
        red_gain=float(gains[0]),
        green_gain=float(gains[1]),
        blue_gain=float(gains[2]),
        noise=noise,
        noise_ratio=estimate_sigma(halve(luma)) / noise if noise else 0.0,
        chroma_share=min(1.0, coloured**2 / (2.0 * channels**2)) if channels else 0.0,
    )


def observe_files(paths: Sequence[Path]) -> dict[str, Observation]:
    """Measure image files; the result is by path.

    Raises:
        InputError: a file cannot be read as a photograph, or is too small.
    """
    observed = {}
    for path in paths:
        try:
            observed[str(path)] = observe(decode_image(path.read_bytes()))
        except (OSError, ImageError, InputError) as error:
            raise InputError(f"cannot observe {path}: {error}", remedy="take it away") from error
    return observed


def correlation_of(noise_ratio: float) -> float:
    """Return the correlation, in pixels, of noise with this ratio of estimates at half the size."""
    ratios = [half / full for full, half in map(correlation_response, _CORRELATIONS_PX)]
    return float(np.interp(noise_ratio, ratios, _CORRELATIONS_PX))


def fit_ranges(observations: Sequence[Observation]) -> dict[str, dict[str, Any]]:
    """Return the steps of an ``old_photo`` section whose pictures measure as the observed ones.

    Levels are those that would take a clean photograph's to the observed; the factor of saturation
    likewise. The noise of a finished picture has passed the lens: the grain's correlation is what
    the lens leaves of the measured one, and its sigma what is then seen at the measured strength.

    Raises:
        InputError: there is no observation.
    """
    if not observations:
        raise InputError("ranges are fitted to one old photograph or more")
    ends = [_unclean(seen) for seen in observations]
    blacks, whites = (list(values) for values in zip(*ends, strict=True))
    fading = {
        "black_level": _spread(blacks, 0.0, 0.3),
        "white_level": _spread(whites, 0.5, 1.0),
        "red_gain": _spread([seen.red_gain for seen in observations], 0.7, 1.0),
        "green_gain": _spread([seen.green_gain for seen in observations], 0.7, 1.0),
        "blue_gain": _spread([seen.blue_gain for seen in observations], 0.62, 1.0),
    }
    factors = [seen.saturation / _CLEAN_SATURATION for seen in observations]
    return {
        "fading": {"probability": 1.0, **fading},
        "saturation": {"probability": 1.0, "factor": _spread(factors, 0.0, 3.0)},
        "texture": dict(UNOBSERVED["texture"]),
        "grain": {"probability": 1.0, **_fit_grain(observations)},
        "blur": dict(UNOBSERVED["blur"]),
        "jpeg": dict(UNOBSERVED["jpeg"]),
    }


def format_section(ranges: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the steps as YAML to put under ``synthesize.tasks.old_photo``."""
    lines = ["# The steps of synthesize.tasks.old_photo; its other keys stay.", "old_photo:"]
    for step, keys in ranges.items():
        if step in UNOBSERVED:
            lines.append(f"  # A finished picture does not tell its {step}: stated defaults.")
        inside = ", ".join(f"{name}: {_to_yaml(value)}" for name, value in keys.items())
        lines.append(f"  {step}: {{{inside}}}")
    return "\n".join(lines)


def format_table(observed: Mapping[str, Observation]) -> Table:
    """Return one row for each photograph, by name."""
    headings = [name.replace("_", " ") for name in asdict(next(iter(observed.values())))]
    rows = [
        [Path(name).name, *(f"{value:.3f}" for value in asdict(seen).values())]
        for name, seen in observed.items()
    ]
    return draw_table(["photograph", *headings], rows, numbers=range(1, 1 + len(headings)))


def format_json(
    observed: Mapping[str, Observation], ranges: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return one JSON object: every photograph's statistics, and the steps."""
    seen = {name: asdict(one) for name, one in observed.items()}
    return json.dumps({"observed": seen, "old_photo": ranges}, indent=2)


def _unclean(seen: Observation) -> tuple[float, float]:
    """Return what black and white would have become: the line through the ends, at 0 and at 1.

    Luma's white is that of the gains, by which the white of a channel of gain 1 is higher.
    """
    slope = (seen.white_point - seen.black_point) / (_CLEAN_WHITE - _CLEAN_BLACK)
    black = seen.black_point - slope * _CLEAN_BLACK
    gains = np.array([seen.red_gain, seen.green_gain, seen.blue_gain])
    return black, (black + slope) / float(_LUMA @ gains)


def _fit_grain(observations: Sequence[Observation]) -> dict[str, list[float]]:
    blur_px = float(np.mean(UNOBSERVED["blur"]["sigma_px"]))
    finished_px = [correlation_of(seen.noise_ratio) for seen in observations]
    before_px = [math.sqrt(max(0.0, total**2 - blur_px**2)) for total in finished_px]
    sigmas = [
        math.sqrt(max(0.0, seen.noise**2 - _CLEAN_SIGMA**2)) / correlation_response(rounded)[0]
        for seen, rounded in zip(observations, (round(px, 2) for px in finished_px), strict=True)
    ]
    return {
        "sigma": _spread(sigmas, 0.0, 0.1),
        "correlation_px": _spread(before_px, 0.0, 2.0),
        "chroma_share": _spread([seen.chroma_share for seen in observations], 0.0, 1.0),
    }


def _spread(values: Sequence[float], low: float, high: float) -> list[float]:
    ends = np.clip(np.percentile(values, _SPREAD_PERCENT), low, high)
    return [round(float(end), 3) for end in ends]


def _to_yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(str(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


@lru_cache(maxsize=64)
def correlation_response(correlation_px: float) -> tuple[float, float]:
    """Return what is estimated of unit noise with so correlated neighbours.

    Args:
        correlation_px: sigma of the Gaussian that white noise was filtered by.

    Returns:
        the estimates at full and at half the size, by simulation; white noise gives 1 and 0.5.
    """
    noise = correlated_noise(
        (_SIMULATED_PX, _SIMULATED_PX),
        sigma_px=correlation_px,
        generator=np.random.default_rng(0),
    )[..., 0]
    return estimate_sigma(noise), estimate_sigma(halve(noise))
