"""Where the detectors' model files come from: params, the environment, or this package."""

from __future__ import annotations

import os
from pathlib import Path

from lienet.errors import ToolError
from lienet.files import sha256_of_file

SHIPPED_MODEL = Path(__file__).parent / "models" / "face_detection_yunet_2023mar.onnx"
"""YuNet of OpenCV's model zoo, under the MIT licence; its origin is told beside it."""
_SHIPPED_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"


def find_shipped_model() -> Path:
    """Return the YuNet file that ships with this package.

    Raises:
        ToolError: it is missing or damaged.
    """
    if not SHIPPED_MODEL.is_file() or sha256_of_file(SHIPPED_MODEL) != _SHIPPED_SHA256:
        raise ToolError(
            f"the face detector {SHIPPED_MODEL} is missing or damaged", remedy="install lienet anew"
        )
    return SHIPPED_MODEL


def find_given_model(in_params: str | None, kind: str, base_dir: Path) -> Path | None:
    """Return the file that params name, else LIENET_FACE_MODEL or LIENET_TEXT_MODEL.

    Args:
        in_params: the path in params.
        kind: "face" or "text".
        base_dir: where relative paths in params start.

    Raises:
        ToolError: it is not there.
    """
    variable = f"LIENET_{kind.upper()}_MODEL"
    name, path = f"filter.{kind}.model", in_params and base_dir / Path(in_params).expanduser()
    if not path:
        name, path = variable, (named := os.environ.get(variable)) and Path(named).absolute()
    if not path:
        return None
    if not path.is_file():
        raise ToolError(
            f"{name} must name an ONNX file", got=path, remedy=f"correct or unset {name}"
        )
    return path
