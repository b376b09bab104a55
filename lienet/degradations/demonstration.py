"""One photograph degraded at a person's wish, exactly as the training data are.

Owns what the command ``lienet degrade`` asks for: the defaults outside of a clone, and which file
a degraded picture may be written as.
"""

from __future__ import annotations

from pathlib import Path

from lienet.degradations.old_photo import (
    degrade_old_photo,
    draw_old_photo,
    generator_of,
    look_at_strength,
)
from lienet.degradations.reductions import crop_to_multiple, degrade_face, degrade_sr
from lienet.errors import InputError
from lienet.files import write_bytes
from lienet.images import Pixels, decode_image, encode_png, sniff_format
from lienet.params import TASKS, Params, load_params
from lienet.workspace import Workspace

_DEFAULT_SCALE = 4
_DEFAULT_QUALITY = 20


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
        key: the name by which an old photograph's look, relief and grain are drawn.
        scale: for ``sr``, the factor of each side; 4 if None.
        strength: for ``old_photo``, the point of every range, 0 to 1; drawn by key if None.
        params: the active set; JPEG quality 20, 4:2:0 and a factor of 4 where there is none.

    Returns:
        JPEG bytes, or PNG bytes where the task does not compress.

    Raises:
        InputError: there is no such task, an option is another task's or out of bounds, nothing
            would be left of the image, or ``old_photo`` has no params.
    """
    if task not in TASKS:
        raise InputError(f"the tasks that degrade are {', '.join(TASKS)}", got=task)
    if scale is not None and task != "sr":
        raise InputError(f"a scale is for the task sr: {task} keeps an image's size", got=scale)
    if strength is not None and task != "old_photo":
        raise InputError("a strength is for the task old_photo alone", got=strength)
    if task == "old_photo":
        return _grow_old(pixels, key, strength, params)
    tasks = None if params is None else params.synthesize.tasks
    if task == "face":
        factor = _DEFAULT_SCALE if tasks is None else tasks.face.factor
        return encode_png(degrade_face(_crop(pixels, factor), factor=factor))
    scale = _DEFAULT_SCALE if scale is None else scale
    return degrade_sr(
        _crop(pixels, scale),
        scale=scale,
        jpeg_quality=_DEFAULT_QUALITY if tasks is None else tasks.sr.jpeg_quality,
        jpeg_chroma="4:2:0" if tasks is None else tasks.sr.jpeg_chroma,
    )


def _crop(pixels: Pixels, factor: int) -> Pixels:
    if min(pixels.shape[:2]) < factor:
        raise InputError(f"an image reduced by {factor} has {factor} pixels to a side or more")
    return crop_to_multiple(pixels, multiple=factor)


def _grow_old(pixels: Pixels, key: str, strength: float | None, params: Params | None) -> bytes:
    if params is None:
        raise InputError(
            "the ranges of old_photo stand in params.yaml", remedy="run this inside a clone"
        )
    recipe = params.synthesize.tasks.old_photo
    if strength is None:
        look = draw_old_photo(recipe, seed=params.seed, key=key)
    else:
        look = look_at_strength(recipe, strength)
    return degrade_old_photo(pixels, look, generator_of(params.seed, key))
