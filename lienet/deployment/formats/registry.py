"""The formats by name, and the conversion of one network to those that params ask for.

Owns what is said of a format that cannot be made: a missing tool is an error before work starts, a
tool that fails is a line in the list.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lienet.deployment.converted import Converted
from lienet.deployment.formats.base import Format, Source
from lienet.deployment.formats.coreml import CoreMl
from lienet.deployment.formats.executorch import ExecutorchFloat32, ExecutorchInt8
from lienet.deployment.formats.litert import Litert
from lienet.deployment.formats.ncnn import Ncnn
from lienet.deployment.formats.onnx_fp16 import OnnxFloat16
from lienet.deployment.formats.onnx_int8 import OnnxInt8
from lienet.deployment.runtimes import Planes, open_network
from lienet.errors import LienetError, ModelError, ToolError
from lienet.files import remove, sha256_of_file
from lienet.versions import how_to_install

logger = logging.getLogger(__name__)
FORMATS: dict[str, Format] = {
    "onnx_fp16": OnnxFloat16(),
    "onnx_int8": OnnxInt8(),
    "executorch": ExecutorchFloat32(),
    "executorch_int8": ExecutorchInt8(),
    "litert": Litert(),
    "coreml": CoreMl(),
    "ncnn": Ncnn(),
}
"""By the names that ``export.formats`` has for them."""
_MAX_REASON_CHARS = 200
_PEAK_DB = 100.0
"""Said where two outputs are equal."""


def require_tools(names: Sequence[str]) -> None:
    """Check that the tools of formats are installed, before anything is made.

    Raises:
        ToolError: one is not.
    """
    for name in names:
        if FORMATS[name].find_version() is None:
            extra = FORMATS[name].extra
            how = "run make mobile" if extra == "mobile" else how_to_install(extra)
            raise ToolError(
                f"the format {name} needs {FORMATS[name].tool}, which is not installed",
                remedy=f"{how}, or take the format out of export.formats",
            )


def convert_all(names: Sequence[str], source: Source, folder: Path) -> list[Converted]:
    """Convert a network to formats, and compare what each file gives with torch.

    Args:
        names: of the formats.
        source: the network.
        folder: takes the files, each under its format's name.

    Returns:
        One entry for each name, also for those whose tool fails.
    """
    return [_convert(name, source, folder) for name in names]


def _convert(name: str, source: Source, folder: Path) -> Converted:
    chosen = FORMATS[name]
    path = folder / f"{name}{chosen.suffix}"
    tool = f"{chosen.tool} {chosen.find_version()}"
    is_run = chosen.runs_elsewhere is None
    try:
        chosen.convert(source, path)
        agreement_db = _measure_agreement_db(source, path) if is_run else None
    except Exception as error:  # a converter fails with whatever its inside fails with
        for each in folder.glob(f"{name}.*"):
            remove(each)
        reason = _explain(error)
        logger.warning("%s is not made by %s: %s", name, tool, reason)
        return Converted(format=name, tool=tool, reason=reason)
    return Converted(
        format=name,
        tool=tool,
        file=path.name,
        size_bytes=sum(each.stat().st_size for each in list_parts(path)),
        sha256=_hash_parts(path),
        agreement_db=agreement_db,
        reason=chosen.runs_elsewhere,
    )


def list_parts(path: Path) -> list[Path]:
    """Return the files that a format's file consists of: itself, its folder's, its neighbours'."""
    found: list[Path] = []
    for each in sorted(path.parent.glob(f"{path.stem}.*")):
        found += sorted(each.rglob("*")) if each.is_dir() else [each]
    return [each for each in found if each.is_file()]


def _hash_parts(path: Path) -> str:
    """Return the SHA-256 of the only part, or of the parts' names and hashes."""
    hashes = {each: sha256_of_file(each) for each in list_parts(path)}
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    lines = (f"{found} {each.relative_to(path.parent)}\n" for each, found in hashes.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _measure_agreement_db(source: Source, path: Path) -> float:
    """Return how near a file comes to torch on a calibration tile, as PSNR in dB.

    Raises:
        ModelError: it gives another shape, or no number.
    """
    network = open_network(path)
    tile = _fit(source.calibration[0], *network.fit_size(*source.calibration[0].shape[2:]))
    expected, found = open_network(source.model)(tile), network(tile)
    if found.shape != expected.shape or not np.isfinite(found).all():
        raise ModelError(f"the file must give finite {expected.shape}", got=found.shape)
    error = np.mean((np.clip(expected, 0, 1) - np.clip(found, 0, 1)).astype(np.float64) ** 2)
    return _PEAK_DB if error == 0 else round(min(_PEAK_DB, float(-10 * np.log10(error))), 2)


def _fit(tile: Planes, height_px: int, width_px: int) -> Planes:
    """Cut a tile to a size, or repeat its last row and column up to it."""
    below, right = max(0, height_px - tile.shape[2]), max(0, width_px - tile.shape[3])
    padded = np.pad(tile, ((0, 0), (0, 0), (0, below), (0, right)), mode="edge")
    return np.ascontiguousarray(padded[:, :, :height_px, :width_px])


def _explain(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = " ".join((lines or [""])[0].split())
    if not isinstance(error, LienetError):
        said = f"{type(error).__name__}: {said}"
    return said[:_MAX_REASON_CHARS]
