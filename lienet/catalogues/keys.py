"""Keys of photographs: one name for one photograph, from its manifest to the report."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from lienet.catalogues.digests import Digests

_PHOTOGRAPHS = ("", ".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff")
"""Suffixes that keys leave out; what has another one seldom is a photograph to keep."""
_COUNT_MARK = "+"
"""As :data:`lienet.draws.COUNT_MARK`, which this stage has no other use for."""
_MAX_NAME = 80
"""Longer names are cut: a key is part of file names, and of names inside archives."""


class KeyGiver:
    """Makes the keys of one source: ``<source>__<file name without its suffix>``, each unique.

    Letters lose their accents and case, and runs of anything but a-z, 0-9, "_" and "-" become one
    "_"; a name of which nothing is left, or too long a one, is told apart by its hash. The suffix
    of what commonly is no photograph stays, so that what lies beside one, such as ``IMG_03.AAE``,
    leaves ``IMG_03.jpg`` its key. Where two names still meet, the later one gets "+2", "+3" and so
    on: they are drawn into splits by what stands before that, so whoever joins them moves none.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._taken = Digests()

    def give(self, name: str) -> str:
        """Return the key of the next file, named with "/" between folders."""
        path = PurePosixPath(name)
        shown = path.with_suffix("") if path.suffix.lower() in _PHOTOGRAPHS else path
        wanted = f"{self._source}__{_simplify(str(shown))}"
        key, count = wanted, 1
        while not self._taken.add(hashlib.sha256(key.encode()).digest()):
            count += 1
            key = f"{wanted}{_COUNT_MARK}{count}"
        return key


def _simplify(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    simple = re.sub(r"[^a-z0-9_-]+", "_", letters).strip("_")
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    if not simple:
        return digest
    return simple if len(simple) <= _MAX_NAME else f"{simple[:_MAX_NAME]}_{digest}"
