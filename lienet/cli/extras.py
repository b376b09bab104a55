"""What to install where a command needs packages that the bare package does not bring."""

from __future__ import annotations

import re
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, requires

from lienet.versions import DISTRIBUTIONS, how_to_install

_EXTRA = re.compile(r"""extra == ["']([a-z0-9]+)["']""")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_GATHERING = ("dev",)
"""Extras that only gather others."""


def explain_missing_package(error: ModuleNotFoundError) -> str | None:
    """Return one line on the smallest extra that brings a package; None where no extra does."""
    package = (error.name or "").partition(".")[0]
    wanted = _normalise(DISTRIBUTIONS.get(package, package))
    bringing = [names for names in _list_extras().items() if wanted in names[1]]
    if not bringing:
        return None
    extra, _ = min(bringing, key=lambda each: len(each[1]))
    return f"this command needs {package}, which is not installed; {how_to_install(extra)}"


def _list_extras() -> dict[str, set[str]]:
    extras: dict[str, set[str]] = defaultdict(set)
    for requirement in _list_requirements():
        name, extra = _NAME.match(requirement), _EXTRA.search(requirement)
        if name is not None and extra is not None and extra[1] not in _GATHERING:
            extras[extra[1]].add(_normalise(name[0]))
    return extras


def _normalise(name: str) -> str:
    return name.lower().replace("-", "_")


def _list_requirements() -> list[str]:
    try:
        return requires("lienet") or []
    except PackageNotFoundError:
        return []
