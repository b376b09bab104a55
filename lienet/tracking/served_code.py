"""The code that a registered model takes along: a copy of what serving reads and enhances with.

A served model runs where lienet is not installed, and where it is in another version. So the very
modules that :mod:`lienet.tracking.serving` imports lie beside the network, as a package of a name
of their own, which stands in no installed package's way.
"""

from __future__ import annotations

import re
from pathlib import Path

from lienet.files import write_text
from lienet.fingerprint import PACKAGE_DIR
from lienet.imports import ImportGraph

SERVED_PACKAGE = "lienet_served"
_ENTRY = "lienet.tracking.serving"
_NOT_TAKEN = {
    "lienet",
    "lienet.tracking",
    *(f"lienet.deployment.{kind}_network" for kind in ("torch", "executorch", "litert", "ncnn")),
}
"""Names for users of the library, MLflow's other files, and what runs networks of other kinds."""
_IMPORT = re.compile(rf"^(\s*(?:from|import) ){PACKAGE_DIR.name}\b", re.MULTILINE)
_NAMED = re.compile(rf"\"{PACKAGE_DIR.name}(\.deployment\.\w+\")")
"""A module that is imported by its name: only the one that a file asks for is."""


def write_served_code(folder: Path) -> None:
    """Write the package :data:`SERVED_PACKAGE` into a folder, less the entry itself."""
    graph = ImportGraph(PACKAGE_DIR)
    taken = graph.reach([_ENTRY], _NOT_TAKEN.__contains__) - {_ENTRY}
    package = folder / SERVED_PACKAGE
    write_text(package / "__init__.py", "")
    for module in sorted(taken):
        path = graph.paths[module]
        write_text(package / path.relative_to(PACKAGE_DIR), rename_imports(path.read_text("utf-8")))


def write_served_entry(path: Path) -> None:
    """Write the module that MLflow runs, which imports from the package."""
    own = ImportGraph(PACKAGE_DIR).paths[_ENTRY]
    write_text(path, rename_imports(own.read_text("utf-8")))


def rename_imports(text: str) -> str:
    """Return a module's text with imports of lienet's modules made imports of the copies."""
    return _NAMED.sub(rf'"{SERVED_PACKAGE}\1', _IMPORT.sub(rf"\g<1>{SERVED_PACKAGE}", text))
