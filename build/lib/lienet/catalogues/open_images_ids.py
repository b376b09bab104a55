"""Files that ask for images of Open Images by id, with every wrong line refused by its number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lienet.catalogues.open_images_lists import Ids, Subset, are_in
from lienet.errors import InputError

_LINE = re.compile(r"(?:(?P<subset>train|validation|test)/)?(?P<id>[0-9a-f]{16})(?:\.jpg)?")


@dataclass(frozen=True)
class Asked:
    """Ids that a file asks for, sorted, each with the line that it stands on."""

    path: Path
    ids: Ids
    lines: np.ndarray[Any, np.dtype[np.int64]]


def read_ids(path: Path, subsets: tuple[Subset, ...]) -> Asked:
    """Read a file of image ids: one a line, as ``id``, ``subset/id`` or with ``.jpg``.

    Empty lines and what follows ``#`` are left aside.

    Raises:
        InputError: the file cannot be read, or a line is no such id; the error has its number.
    """
    ids, lines = [], []
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(stream, start=1):
                text = line.removeprefix("\ufeff").partition("#")[0].strip()
                if not text:
                    continue
                found = _LINE.fullmatch(text)
                if found is None or (found["subset"] or subsets[0]) not in subsets:
                    raise InputError(
                        f"line {number} of {path} must be an id of {' or '.join(subsets)}",
                        got=repr(text[:40]),
                        remedy="write one id of 16 hexadecimal digits a line",
                    )
                ids.append(int(found["id"], 16))
                lines.append(number)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    values, first = np.unique(np.array(ids, np.uint64), return_index=True)
    return Asked(path, values, np.array(lines, np.int64)[first])


def refuse_unknown(asked: Asked, listed: Mapping[Subset, Ids]) -> None:
    """Refuse ids that are in none of the lists.

    Raises:
        InputError: naming the first line that has such an id.
    """
    known = np.zeros(len(asked.ids), bool)
    for images in listed.values():
        known |= are_in(asked.ids, np.sort(images))
    if known.all():
        return
    more = int((~known).sum()) - 1
    raise InputError(
        f"line {int(asked.lines[~known].min())} of {asked.path} names an image that is not in the "
        f"lists of {' and '.join(listed)}" + (f", and {more} more lines do" if more else ""),
        remedy="remove it, or add its subset in params.yaml",
    )
