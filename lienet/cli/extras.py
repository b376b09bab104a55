"""What to install where a command needs packages that the bare package does not bring."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

from lienet.versions import DISTRIBUTIONS

_EXTRA = re.compile(r"""extra == ["']([a-z0-9]+)["']""")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_GATHERING = ("dev",)
"""Extras that only gather others."""


def explain_missing_package(error: ModuleNotFoundError) -> str | None:
    """Return one line on which extra brings a package; None for one that no extra brings."""
    package = (error.name or "").partition(".")[0]
    for requirement in _list_requirements():
        name, extra = _NAME.match(requirement), _EXTRA.search(requirement)
        if name is None or extra is None or extra[1] in _GATHERING:
            continue
        wanted = DISTRIBUTIONS.get(package, package)
        if _normalise(name[0]) == _normalise(wanted):
            return (
                f"this command needs {package}, which is not installed; "
                f"pip install 'lienet[{extra[1]}]'"
            )
    return None


def _normalise(name: str) -> str:
    return name.lower().replace("-", "_")


def _list_requirements() -> list[str]:
    try:
        return requires("lienet") or []
    except PackageNotFoundError:
        return []
