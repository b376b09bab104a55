"""The detectors' model files: found in params, the environment or this package, and verified.

Owns which file is taken, and that it is the one that params pin by its SHA-256. It opens none.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lienet.errors import ToolError

Kind = Literal["face", "text"]
_FOLDER = Path(__file__).parent / "models"
_SHIPPED: dict[Kind | Literal["alignment"], tuple[str, str]] = {
    "face": (
        "yunet_n_dynamic.onnx",
        "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
    ),
    "text": (
        "ch_PP-OCRv3_det_infer.onnx",
        "01c414b39144bf1d1238c5e8ee1e23d5c5b96b231cea0b71ceba16c05434e5cc",
    ),
    # The smaller YuNet, which OpenCV can read: it cannot read the other, of sizes that vary.
    "alignment": (
        "face_detection_yunet_2023mar.onnx",
        "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    ),
}
"""Name and SHA-256 of the files in this package; origin and licence lie beside each."""


@dataclass(frozen=True)
class ModelFile:
    """A detector's file and what it must hold; small and picklable."""

    kind: Kind | Literal["alignment"]
    sha256: str
    path: Path | None = None
    """None for the file in this package, which another machine has elsewhere."""

    def locate(self) -> Path:
        """Return where the file lies on this machine."""
        return self.path or _FOLDER / _SHIPPED[self.kind][0]

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises:
            ToolError: it is missing, or is not the file that is meant.
        """
        path = self.locate()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ToolError(
                f"the {self.kind} detector {path} cannot be read: {error.strerror}",
                remedy="install lienet anew" if self.path is None else "correct its path",
            ) from error
        if (found := hashlib.sha256(content).hexdigest()) != self.sha256:
            raise self._mismatch(path, found)
        return content

    def _mismatch(self, path: Path, found: str) -> ToolError:
        if self.path is None:
            return ToolError(
                f"the {self.kind} detector {path} is damaged: its SHA-256 is {found}",
                remedy="install lienet anew",
            )
        return ToolError(
            f"{path} is not the model that filter.{self.kind}.sha256 pins ({self.sha256})",
            got=found,
            remedy=f"name the pinned file, or set filter.{self.kind}.sha256 to this one's",
        )


def find_shipped_model(kind: Kind | Literal["alignment"]) -> ModelFile:
    """Return the detector that ships with this package.

    Args:
        kind: "face" or "text", for the filter; "alignment" for the YuNet that OpenCV reads, which
            finds eyes, nose and mouth of the one face of a portrait.
    """
    return ModelFile(kind, _SHIPPED[kind][1])


def find_model(kind: Kind, in_params: str | None, sha256: str | None, base_dir: Path) -> ModelFile:
    """Find the file that params name, else LIENET_FACE_MODEL or LIENET_TEXT_MODEL, else ours.

    Args:
        kind: "face" or "text".
        in_params: the path in params.
        sha256: what params pin; None, where there are no params, takes any file that is named.
        base_dir: where relative paths in params start.

    Raises:
        ToolError: it is missing, damaged, or not the one that is pinned.
    """
    variable = f"LIENET_{kind.upper()}_MODEL"
    name, path = f"filter.{kind}.model", in_params and base_dir / Path(in_params).expanduser()
    if not path:
        name, path = variable, (named := os.environ.get(variable)) and Path(named).absolute()
    shipped = find_shipped_model(kind)
    if not path:
        if sha256 not in (None, shipped.sha256):
            raise ToolError(
                f"filter.{kind}.sha256 pins {sha256}, which does not ship with lienet",
                remedy=f"name its file in filter.{kind}.model or {variable}, "
                f"or pin the shipped one, {shipped.sha256}",
            )
        found = shipped
    elif not path.is_file():
        raise ToolError(
            f"{name} must name an ONNX file", got=path, remedy=f"correct or unset {name}"
        )
    else:
        pinned = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
        found = ModelFile(kind, pinned, path)
    found.read()
    return found
