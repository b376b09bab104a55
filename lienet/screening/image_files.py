"""The image files among paths that a person names on the command line, folders gone through."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lienet.errors import InputError
from lienet.images import SIGNATURE_BYTES, sniff_format

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


def list_images(paths: Iterable[Path]) -> list[Path]:
    """Return the files named, and the images below the folders named, each folder sorted.

    Raises:
        InputError: a path does not exist, or a folder holds no image.
    """
    listed: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = [file for file in sorted(path.rglob("*")) if _is_image(file, path)]
            if not below:
                raise InputError(f"there is no image in {path}", remedy="name another folder")
            listed += below
        elif path.exists():
            listed.append(path)
        else:
            raise InputError(f"there is no file or folder {path}", remedy="check the path")
    return listed


def _is_image(file: Path, folder: Path) -> bool:
    """Tell by the suffix, so that a broken image is named too, or else by the first bytes."""
    is_hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    if is_hidden or not file.is_file():
        return False
    if file.suffix.lower() in _SUFFIXES:
        return True
    try:
        with file.open("rb") as stream:
            return sniff_format(stream.read(SIGNATURE_BYTES)) is not None
    except OSError:
        return False
