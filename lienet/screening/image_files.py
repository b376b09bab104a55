"""The image files among paths that a person names on the command line, folders gone through."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lienet.catalogues.folder import walk_folder
from lienet.errors import InputError
from lienet.images import SIGNATURE_BYTES, sniff_format

logger = logging.getLogger(__name__)
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


def list_images(paths: Iterable[Path]) -> list[Path]:
    """Return the files named, and the images below the folders named, each folder sorted.

    Links to folders are followed, each folder once; hidden files are passed over, and so are files
    of other kinds, which the log counts.

    Raises:
        InputError: a path does not exist, or a folder holds no image.
    """
    listed: list[Path] = []
    for path in paths:
        if path.is_dir():
            listed += list_below(path)
        elif path.exists():
            listed.append(path)
        else:
            raise InputError(f"there is no file or folder {path}", remedy="check the path")
    return listed


def list_below(folder: Path) -> list[Path]:
    """Return the images of a folder, as :func:`list_images` does.

    Raises:
        InputError: there is none.
    """
    files = [file for file in walk_folder(folder) if file.is_file()]
    images = [file for file in files if _is_image(file)]
    others = Counter(file.suffix.lower() or "without a suffix" for file in files) - Counter(
        file.suffix.lower() or "without a suffix" for file in images
    )
    named = ", ".join(f"{count} {suffix}" for suffix, count in sorted(others.items()))
    if not images:
        got = f"only {named}" if named else None
        what = f"there is no image in {folder} that is read here"
        raise InputError(what, got=got, remedy="name another folder")
    if named:
        logger.info("%s: passed over %s", folder, named)
    return images


def _is_image(file: Path) -> bool:
    """Tell by the suffix, so that a broken image is named too, or else by the first bytes."""
    if file.suffix.lower() in _SUFFIXES:
        return True
    try:
        with file.open("rb") as stream:
            return sniff_format(stream.read(SIGNATURE_BYTES)) is not None
    except OSError:
        return False
