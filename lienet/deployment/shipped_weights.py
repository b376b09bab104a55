"""Trained networks that come with the package: found by task, scale and name, checked by hash.

Owns the form of ``lienet/weights/``: for each network ``<name>.onnx``, its card ``<name>.json`` and
mostly ``<name>.safetensors``, and one ``index.json`` with the SHA-256 of every file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import lienet.weights
from lienet.errors import ModelError
from lienet.files import sha256_of_file, write_json

SHIPPED_DIR = Path(lienet.weights.__path__[0])
INDEX_NAME = "index.json"
_REMEDY = "install lienet anew"


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class TrainingData(_Stored):
    """What a network was trained on of one source."""

    source: str
    use: str
    """What the photographs may be used for, as :mod:`lienet.params.licences` names it."""
    num_photographs: int
    licences: Mapping[str, int]
    """The number of photographs under each."""


class WeightsCard(_Stored):
    """What is to be known of a shipped network."""

    name: str
    task: str
    model: str
    architecture: str
    scale: int
    num_params: int
    steps: int
    seed: int
    commit: str
    """Of the code that trained it."""
    run_key: str
    sha256: Mapping[str, str]
    """Of the files ``onnx`` and, where there is one, ``safetensors``."""
    licence: str
    """Of network and weights."""
    use: str
    """What all of the training data permit."""
    notice: str | None
    """What a user must be told; None if nothing."""
    data: Sequence[TrainingData]
    data_sha256: Mapping[str, str]
    protocols: Mapping[str, Mapping[str, Any]]
    results: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Scores, and gains with the ends of their intervals, by protocol and test set."""

    def list_scores(self) -> list[tuple[str, str]]:
        """Return protocols with test sets, and the scores there in words."""
        return [
            (f"{protocol}, {test_set}", _describe_scores(scores))
            for protocol, sets in self.results.items()
            for test_set, scores in sets.items()
        ]


class IndexEntry(_Stored):
    """One network in the index."""

    name: str
    task: str
    model: str
    scale: int
    size_bytes: int
    """Of the ONNX file."""
    sha256: Mapping[str, str]
    """Of each of its files, by suffix."""


class WeightsIndex(_Stored):
    """What a folder of weights holds."""

    weights: Sequence[IndexEntry]


def read_index(folder: Path | None = None) -> WeightsIndex:
    """Return what a folder of weights holds.

    Raises:
        ModelError: the index is missing or broken.
    """
    path = (folder or SHIPPED_DIR) / INDEX_NAME
    try:
        return WeightsIndex.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(f"{path} is missing or broken", remedy=_REMEDY) from error


def find_entry(
    task: str, *, scale: int | None = None, model: str | None = None, folder: Path | None = None
) -> IndexEntry:
    """Return the network for a task: of the scale or model named, else of the largest scale.

    Args:
        task: by name.
        scale: per side; None takes the largest.
        model: a model's name, or that of its files; None takes the first of the scale.
        folder: the folder of weights; None is the package's.

    Raises:
        ModelError: none comes with lienet.
    """
    found = [
        entry
        for entry in read_index(folder).weights
        if entry.task == task
        and scale in (None, entry.scale)
        and model in (None, entry.model, entry.name)
    ]
    if not found:
        what = f"{'' if model is None else f'{model} for '}{task}"
        raise ModelError(
            f"no weights for {what}{'' if scale is None else f' x{scale}'} come with lienet",
            remedy="see lienet models --weights, or name an ONNX file",
        )
    return max(found, key=lambda entry: entry.scale)


def locate_onnx(entry: IndexEntry, folder: Path | None = None) -> Path:
    """Return the path of a network's ONNX file, which is what the index says.

    Raises:
        ModelError: it is missing or other bytes.
    """
    return _check((folder or SHIPPED_DIR) / f"{entry.name}.onnx", entry.sha256.get("onnx"))


def read_weights_card(entry: IndexEntry, folder: Path | None = None) -> WeightsCard:
    """Return a network's card, which is what the index says.

    Raises:
        ModelError: it is missing, other bytes, or broken.
    """
    path = _check((folder or SHIPPED_DIR) / f"{entry.name}.json", entry.sha256.get("json"))
    try:
        return WeightsCard.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelError(f"{path} is not a card of weights", remedy=_REMEDY) from error


def write_index(folder: Path) -> None:
    """Write the index of the networks whose cards lie in a folder."""
    entries = []
    for path in sorted(folder.glob("*.json")):
        if path.name == INDEX_NAME:
            continue
        card = WeightsCard.model_validate_json(path.read_bytes())
        entries.append(
            IndexEntry(
                name=card.name,
                task=card.task,
                model=card.model,
                scale=card.scale,
                size_bytes=path.with_suffix(".onnx").stat().st_size,
                sha256={**card.sha256, "json": sha256_of_file(path)},
            )
        )
    write_json(folder / INDEX_NAME, WeightsIndex(weights=entries).model_dump(mode="json"))


def _check(path: Path, sha256: str | None) -> Path:
    if not path.is_file() or sha256_of_file(path) != sha256:
        raise ModelError(f"{path} is missing or damaged", remedy=_REMEDY)
    return path


def _describe_scores(scores: Mapping[str, Any]) -> str:
    words = [f"{scores['psnr_db']:.2f} dB"]
    if (gain := scores.get("psnr_gain_db")) is not None:
        low, high = scores["psnr_gain_low_db"], scores["psnr_gain_high_db"]
        words[0] += f" ({gain:+.2f} [{low:+.2f}, {high:+.2f}])"
    words.append(f"{scores['ssim']:.4f}")
    if scores.get("vmaf") is not None:
        words.append(f"{scores['vmaf']:.1f}")
    return ", ".join(words)
