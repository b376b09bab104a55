"""Which versions are installed of the packages that are imported, and where constraints differ."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import (
    PackageNotFoundError,
    entry_points,
    packages_distributions,
    version,
)
from pathlib import Path

DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "ffmpeg": "ffmpeg-python",
    "pywt": "PyWavelets",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}
"""Packages that are installed by another name than they are imported by."""
_PART_GROUPS = "lienet."
"""How the groups of entry points begin that :mod:`lienet.plugins` looks parts up in."""


def find_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of the packages that are imported by these names.

    Of Python the minor version counts: its own modules write archives, tables and text. What
    follows a "+" tells builds of one version apart and is left out, as constraints.txt does.
    """
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in names:
        distribution = DISTRIBUTIONS.get(name, name.replace("_", "-"))
        try:
            found[distribution] = version(distribution)
        except PackageNotFoundError:  # rare, and slow: all that is installed is looked through
            found |= {other: version(other) for other in packages_distributions().get(name, ())}
    return {name: found[name].partition("+")[0] for name in found}


def how_to_install(extra: str) -> str:
    """Return the line that brings an extra of lienet's."""
    return f"pip install '.[{extra}]' in lienet's folder"


def find_plugin_packages() -> dict[str, str]:
    """Return the versions of the installed packages that bring parts, as entry points."""
    points = [
        point
        for group in entry_points().groups
        if group.startswith(_PART_GROUPS)
        for point in entry_points(group=group)
    ]
    found = {point.dist.name: point.dist.version for point in points if point.dist is not None}
    return {name: found[name] for name in found if name != "lienet"}


def find_deviations(versions: dict[str, str], constraints_path: Path) -> list[str]:
    """Return a line for each package that is installed in another version than constraints say."""
    if not constraints_path.is_file():
        return []
    lines = constraints_path.read_text(encoding="utf-8").splitlines()
    pinned = dict(line.strip().lower().split("==", 1) for line in lines if "==" in line)
    return [
        f"{name} {found} is installed, constraints.txt says {pinned[name.lower()]}"
        for name, found in versions.items()
        if pinned.get(name.lower(), found) != found
    ]
