"""How images are looked at: by which detectors, how closely, and through which gates."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from lienet.errors import InputError, ToolError
from lienet.params import FaceDetection, Filter, Gates, Params, TextDetection, load_params
from lienet.screening.model_files import Kind, ModelFile, find_model, find_shipped_model
from lienet.workspace import Workspace

logger = logging.getLogger(__name__)
_KINDS: tuple[Kind, ...] = ("face", "text")
# What is used where no params file is at hand; the same as in the profile sample.
DEFAULT_FACE = FaceDetection(
    model=None,
    sha256=find_shipped_model("face").sha256,
    min_score=0.7,
    pass_sides_px=(1024, 320),
    turned_sides_px=(640,),
    fine_min_score=0.75,
    large_side_px=2048,
)
DEFAULT_TEXT = TextDetection(
    model=None,
    sha256=find_shipped_model("text").sha256,
    policy="any",
    near_person_sides=3.0,
    near_person_min_score=0.4,
    min_score=0.6,
    max_side_px=960,
    whole_side_px=640,
    min_height_px=6,
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
    face_model: ModelFile | None
    """None looks for no faces: privacy is reduced."""
    text_model: ModelFile | None
    """None looks for no text: privacy is reduced."""
    gates: Gates = DEFAULT_GATES
    find_all: bool = True
    """Whether text is looked for in an image that is refused already."""


DEFAULT_DETECTION = Detection(
    DEFAULT_FACE, DEFAULT_TEXT, find_shipped_model("face"), find_shipped_model("text")
)


def find_local_detection(folder: Path) -> Detection:
    """Find how to look at a person's own images: as the workspace around ``folder`` does it.

    Outside of one the defaults hold, with whatever files the environment names.

    Raises:
        ParamsError: the workspace's params are not valid.
        ToolError: a detector is missing, damaged, or not the one that is pinned.
    """
    try:
        workspace = Workspace.find(folder)
    except InputError:
        face, text = (find_model(kind, None, None, folder) for kind in _KINDS)
        return Detection(DEFAULT_FACE, DEFAULT_TEXT, face, text)
    found = find_workspace_detection(load_params(workspace.params_path), workspace)
    return replace(found, find_all=True)


@lru_cache(maxsize=1)
def find_detection(chosen: Filter, base_dir: Path) -> Detection:
    """Find the detectors that params choose; what is left out is warned of once.

    Args:
        chosen: the section of params.
        base_dir: where relative paths in params start.

    Raises:
        ToolError: a detector is missing, damaged or not the one that is pinned, and
            ``filter.privacy`` is full.
    """
    models: dict[Kind, ModelFile | None] = {"face": None, "text": None}
    wanted: dict[Kind, FaceDetection | TextDetection] = {"face": chosen.face, "text": chosen.text}
    if chosen.text.policy == "none":
        del wanted["text"]
    for kind, section in wanted.items():
        try:
            models[kind] = find_model(kind, section.model, section.sha256, base_dir)
        except ToolError as error:
            if chosen.privacy == "full":
                raise
            logger.warning("privacy is reduced: no %s is looked for: %s", kind, error)
    return Detection(
        chosen.face, chosen.text, models["face"], models["text"], chosen.gates, chosen.find_all
    )


def find_workspace_detection(params: Params, workspace: Workspace) -> Detection:
    """Find how a workspace looks at images.

    Raises:
        ToolError: a detector is missing, damaged or not the one that is pinned.
    """
    return find_detection(params.filter, workspace.root)
