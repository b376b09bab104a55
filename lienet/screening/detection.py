"""How images are looked at: by which detectors, how closely, and through which gates."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from lienet.errors import InputError
from lienet.params import FaceDetection, Gates, Params, TextDetection, load_params
from lienet.screening.model_files import find_given_model
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
# What is used where no params file is at hand; the same as in the profile sample.
DEFAULT_FACE = FaceDetection(model=None, min_score=0.6, pass_sides_px=(640, 320, 160))
DEFAULT_TEXT = TextDetection(
    model=None,
    policy="any",
    near_person_sides=3.0,
    near_person_min_score=0.4,
    min_score=0.7,
    max_side_px=960,
    whole_side_px=640,
    min_height_px=8,
)
DEFAULT_GATES = Gates(
    min_side_px=None,
    min_sharpness=0.2,
    min_contrast=8.0,
    min_jpeg_quality=50,
    max_hash_distance=4,
)


@dataclass(frozen=True)
class Detection:
    """How to look at images; small and picklable, so that each process makes its own detectors."""

    face: FaceDetection
    text: TextDetection
    face_model: Path | None
    """Another YuNet file; None takes the one that ships with this package."""
    text_model: Path | None
    """A text detector's file; None looks for no text."""
    gates: Gates = DEFAULT_GATES
    find_all: bool = True
    """Whether text is looked for in an image that is refused already."""


@lru_cache(maxsize=1)
def find_detection(face: FaceDetection, text: TextDetection, *, base_dir: Path) -> Detection:
    """Find the model files; a warning says once if there is none for text.

    Args:
        face: its model, else LIENET_FACE_MODEL, else the one that ships with lienet.
        text: its model, else LIENET_TEXT_MODEL.
        base_dir: where relative paths in params start.

    Raises:
        ToolError: a model that was asked for is not there.
    """
    face_model = find_given_model(face.model, "face", base_dir)
    text_model = find_given_model(text.model, "text", base_dir)
    if text_model is None and text.policy != "none":
        logger.warning(
            "no text model is given, so text is not looked for; "
            "set filter.text.model or LIENET_TEXT_MODEL"
        )
    return Detection(face, text, face_model, text_model)


def find_local_detection(folder: Path) -> Detection:
    """Find how to look at a person's own images: as the workspace around ``folder`` does it.

    Outside of one the defaults hold.

    Raises:
        ParamsError: the workspace's params are not valid.
        ToolError: a model that was asked for is not there.
    """
    try:
        workspace = Workspace.find(folder)
    except InputError:
        return find_detection(DEFAULT_FACE, DEFAULT_TEXT, base_dir=folder)
    found = find_workspace_detection(load_params(workspace.params_path), workspace)
    return replace(found, find_all=True)


def find_workspace_detection(params: Params, workspace: Workspace) -> Detection:
    """Find how a workspace looks at images.

    Raises:
        ToolError: a model that was asked for is not there.
    """
    found = find_detection(params.filter.face, params.filter.text, base_dir=workspace.root)
    return replace(found, gates=params.filter.gates, find_all=params.filter.find_all)
