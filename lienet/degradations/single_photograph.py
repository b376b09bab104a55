"""A single photograph degraded exactly as the training data are, for ``lienet degrade``.

Owns the defaults outside of a clone, and which file a degraded picture may be written as.
"""

from __future__ import annotations

from pathlib import Path

from lienet.degradations.face import FaceDegradation
from lienet.degradations.reductions import crop_to_multiple
from lienet.degradations.sr import SrDegradation
from lienet.draws import generators_of
from lienet.errors import InputError
from lienet.files import write_bytes
from lienet.images import Pixels, decode_image, encode_png, sniff_format
from lienet.params import Degradation, Params, degradations, load_params
from lienet.params.base import ENLARGEMENTS
from lienet.workspace import Workspace

_TILES = {"sources": None, "tile_px": 192, "tile_stride_px": 192, "flat_std_min": 0.0}
_SR = {"kind": "sr", "scales": ENLARGEMENTS, "jpeg_quality": 20, "jpeg_chroma": "4:2:0"}
_DEFAULTS: dict[str, Degradation] = {
    "sr": SrDegradation.model_validate(_TILES | _SR),
    "face": FaceDegradation.model_validate(_TILES | {"kind": "face", "factor": 4}),
}
"""The tasks outside of a clone."""


def find_params(folder: Path) -> Params | None:
    """Return the params of the clone around ``folder``; None outside of one: defaults hold.

    Raises:
        ParamsError: they are not valid.
    """
    try:
        workspace = Workspace.find(folder)
    except InputError:
        return None
    return load_params(workspace.params_path)


def degrade_file(
    image: Path,
    output: Path,
    *,
    task: str,
    scale: int | None,
    strength: float | None,
    params: Params | None,
) -> None:
    """Degrade a photograph and write it: a .jpg keeps the very bytes, a .png the pixels.

    Raises:
        InputError: a file, a task or an option cannot be used; see :func:`degrade_for_task`.
    """
    suffix = output.suffix.lower()
    if suffix not in (".jpg", ".jpeg", ".png"):
        raise InputError("a degraded picture is written as .jpg or .png", got=output.name)
    if output.exists() and output.samefile(image):
        raise InputError("the degraded picture would replace the photograph", got=output)
    try:
        content = image.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {image}: {error.strerror}") from error
    degraded = degrade_for_task(
        decode_image(content),
        task=task,
        key=image.stem,
        scale=scale,
        strength=strength,
        params=params,
    )
    kind = sniff_format(degraded)
    if suffix == ".png":
        degraded = degraded if kind == "png" else encode_png(decode_image(degraded))
    elif kind == "png":
        raise InputError(
            f"this picture of the task {task} is not compressed",
            got=output.name,
            remedy="write it as .png",
        )
    write_bytes(output, degraded)


def degrade_for_task(
    pixels: Pixels,
    *,
    task: str,
    key: str = "",
    scale: int | None = None,
    strength: float | None = None,
    params: Params | None = None,
) -> bytes:
    """Degrade one photograph, cropped to fit, as ``params`` say for a task.

    Args:
        pixels: ``(h, w, 3)`` RGB uint8; a few lines and columns may be cropped.
        task: the task's name.
        key: the name by which random numbers are drawn.
        scale: for a task that enlarges, one of its scales; the largest if None.
        strength: for a degradation with ranges, the point of each, 0 to 1; drawn by key if None.
        params: the active set; where there is none, ``sr`` has JPEG quality 20, 4:2:0, and ``face``
            a factor of 4.

    Returns:
        JPEG bytes, or PNG bytes where the task does not compress.

    Raises:
        InputError: there is no such task, an option is another task's or out of bounds, nothing
            would be left of the image, or the task has no params.
    """
    degradation = _find_degradation(task, params)
    if scale is not None and not degradation.enlarges:
        rule = f"a scale is for tasks that enlarge: {task} keeps an image's size"
        raise InputError(rule, got=scale)
    scales = degradation.list_scales()
    chosen = max(scales) if scale is None else scale
    if chosen not in scales:
        known = ", ".join(map(str, scales))
        raise InputError(f"the scales of the task {task} are {known}", got=chosen)
    if strength is not None:
        degradation = degradation.at_strength(strength)
    multiple = degradation.find_multiple()
    if min(pixels.shape[:2]) < multiple:
        raise InputError(f"an image for the task {task} has {multiple} pixels to a side or more")
    whole = degradation.degrade_whole(crop_to_multiple(pixels, multiple=multiple))[chosen]
    seed = 0 if params is None else params.seed
    return degradation.make_input(whole, generators_of(seed, degradation.kind, key)).content


def _find_degradation(task: str, params: Params | None) -> Degradation:
    tasks = _DEFAULTS if params is None else params.synthesize.tasks
    if task in tasks:
        return tasks[task]
    if params is None and task in degradations.names():
        raise InputError(
            f"the params of {task} stand in params.yaml", remedy="run this inside a clone"
        )
    raise InputError(f"the tasks that degrade are {', '.join(tasks)}", got=task)
