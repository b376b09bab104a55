"""NIQE, how far an image's statistics are from those of clean photographs; it needs no reference.

Owns the model of clean photographs, its file, and the distance. The model that ships
(``niqe_pristine.json``) was fitted on photographs that lienet may use, not on the authors' 125: its
values are not comparable with other people's NIQE, only with one another. The file says on what it
was fitted.

Source: A. Mittal, R. Soundararajan and A. C. Bovik, "Making a completely blind image quality
analyzer", 2013.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lienet.errors import InputError, ToolError
from lienet.evaluation.optional.niqe_features import NUM_FEATURES, describe_patches
from lienet.images import Pixels

SHARPNESS_SHARE = 0.75
"""A model is fitted on patches at least this sharp, as a share of their photograph's sharpest."""
_SHIPPED = Path(__file__).parent / "niqe_pristine.json"


@dataclass(frozen=True)
class CleanModel:
    """A Gaussian over the features of clean photographs' sharp patches."""

    means: Pixels
    """``36``, float64."""
    covariance: Pixels
    """``36 36``, float64."""
    provenance: Mapping[str, Any]
    """What it was fitted on, in words and numbers."""

    def measure(self, pixels: Pixels) -> float:
        """Return the distance of an image, from 0; the more, the less like a clean photograph.

        ``sqrt((v1 - v2)^T ((S1 + S2) / 2)^-1 (v1 - v2))`` of the model's means and covariance and
        those over the image's patches, of which all count that are not flat.

        Args:
            pixels: RGB uint8, ``h w 3``.

        Raises:
            InputError: see :func:`lienet.evaluation.optional.niqe_features.describe_patches`.
        """
        features = describe_patches(pixels).features
        difference = features.mean(axis=0) - self.means
        pooled = (self.covariance + np.cov(features, rowvar=False)) / 2
        return float(np.sqrt(difference @ np.linalg.pinv(pooled) @ difference))

    def as_json(self) -> str:
        """Return the file: provenance, means, and the covariance's lower triangle row by row."""
        lower = [list(row[: place + 1]) for place, row in enumerate(self.covariance.tolist())]
        fields = {"provenance": dict(self.provenance), "means": self.means.tolist()}
        lines = [f'"{name}": {json.dumps(value)}' for name, value in fields.items()]
        rows = ",\n".join(json.dumps(row) for row in lower)
        return "{" + ",\n".join([*lines, f'"covariance": [\n{rows}\n]']) + "}\n"


def fit_clean_model(photographs: Iterable[Pixels], provenance: Mapping[str, Any]) -> CleanModel:
    """Fit a model on photographs, RGB uint8 ``h w 3``; the sharp patches of each count alike.

    The number of photographs and of patches is added to ``provenance``.

    Raises:
        InputError: a photograph is too small or flat, or there are too few patches.
    """
    chosen = []
    for pixels in photographs:
        patches = describe_patches(pixels)
        is_sharp = patches.sharpness >= SHARPNESS_SHARE * patches.sharpness.max()
        chosen.append(patches.features[is_sharp])
    features = np.concatenate(chosen) if chosen else np.empty((0, NUM_FEATURES))
    if len(features) <= NUM_FEATURES:
        raise InputError(
            f"a model of clean photographs needs more than {NUM_FEATURES} sharp patches",
            got=str(len(features)),
            remedy="give more photographs",
        )
    counts = {"num_photographs": len(chosen), "num_patches": len(features)}
    means, covariance = features.mean(axis=0), np.cov(features, rowvar=False)
    return CleanModel(means, covariance, {**provenance, **counts})


def load_clean_model(path: Path | None = None) -> CleanModel:
    """Read a model's file; None reads the one that ships with lienet.

    Raises:
        ToolError: it cannot be read, or holds something else.
    """
    remedy = "correct evaluate.metrics.niqe.model" if path else "install lienet anew"
    path = path or _SHIPPED
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        means = np.array(content["means"], np.float64)
        covariance = np.zeros((NUM_FEATURES, NUM_FEATURES))
        lower = np.tril_indices(NUM_FEATURES)
        covariance[lower] = np.concatenate(content["covariance"])
        covariance.T[lower] = covariance[lower]
        if means.shape != (NUM_FEATURES,) or not np.isfinite([*means, *covariance.flat]).all():
            raise ValueError(f"{means.size} means")
        return CleanModel(means, covariance, content["provenance"])
    except OSError as error:
        raise ToolError(
            f"NIQE's model {path} cannot be read: {error.strerror}", remedy=remedy
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path} is not a model of NIQE", got=error, remedy=remedy) from error
