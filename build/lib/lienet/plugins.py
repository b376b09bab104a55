"""Doors for parts that params name: architectures, degradations, sources and metrics.

A registry holds the parts of one kind, built in or brought along: by an installed package through
its entry points, or by a plain Python file that ``plugins:`` in params names. It owns how a part is
found and what is said where there is none; what a part does is the business of its room.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Generic, TypeVar

from lienet.errors import InputError, ParamsError

Part = TypeVar("Part")
_loaded: dict[str, Path] = {}
"""The plugin files of this process, by module name."""


class Registry(Generic[Part]):
    """The parts of one kind by name.

    Args:
        kind: what they are, in the singular, as errors say it: "architecture".
        built_in: the module that registers lienet's own, imported when they are first asked for.
    """

    def __init__(self, kind: str, built_in: str | None = None) -> None:
        self.kind = kind
        self.group = f"lienet.{kind}s"
        """The group of entry points that installed packages add to."""
        self._built_in = built_in
        self._parts: dict[str, Part] = {}

    def register(self, name: str) -> Callable[[Part], Part]:
        """Return a decorator that makes a class or function known under a name.

        Raises:
            ParamsError: another part has the name.
        """

        def remember(part: Part) -> Part:
            known = self._parts.setdefault(name, part)
            if known is not part and _origin(known) != _origin(part):
                raise ParamsError(
                    f"two {self.kind}s are called {name}: {_origin(known)} and {_origin(part)}",
                    remedy="rename one of them",
                )
            self._parts[name] = part
            return part

        return remember

    def get(self, name: str) -> Part:
        """Return the part of a name.

        Raises:
            ParamsError: there is none; the error lists those there are.
        """
        if name not in self._parts:
            self._load_built_in()
        if name not in self._parts:
            for point in entry_points(group=self.group, name=name):
                self.register(name)(point.load())
        if name not in self._parts:
            known = ", ".join(self.names())
            raise ParamsError(
                f"{self.kind} must be one of {known}, or come from a file that plugins names",
                got=name,
                remedy="edit params.yaml",
            )
        return self._parts[name]

    def names(self) -> list[str]:
        """Return every name that can be asked for, sorted."""
        self._load_built_in()
        return sorted({*self._parts, *entry_points(group=self.group).names})

    def _load_built_in(self) -> None:
        if self._built_in is not None:
            importlib.import_module(self._built_in)


def load_plugins(paths: Iterable[Path]) -> None:
    """Import plain Python files, whose registrations then count; one that is loaded is left.

    A file's folder joins ``sys.path``, so that processes started from here find the file too.

    Raises:
        InputError: a file is missing, cannot be imported, or has the name of another module.
    """
    for path in paths:
        _load_plugin(path.resolve())


def list_plugins() -> list[Path]:
    """Return the plugin files that this process has loaded, in their order."""
    return list(_loaded.values())


def _load_plugin(path: Path) -> None:
    name = path.stem
    if _loaded.get(name) == path:
        return
    if path.suffix != ".py" or not name.isidentifier() or not path.is_file():
        raise InputError(
            "plugins must name Python files that exist", got=path, remedy="edit params.yaml"
        )
    known = importlib.util.find_spec(name)
    if known is not None and (known.origin is None or Path(known.origin).resolve() != path):
        raise InputError(
            f"plugin {path.name} has the name of another module, {known.origin}",
            remedy="rename the file",
        )
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
        importlib.invalidate_caches()
    try:
        importlib.import_module(name)
    except (InputError, ParamsError):
        raise
    except Exception as error:
        raise InputError(
            f"plugin {path.name} fails on import: {type(error).__name__}: {error}",
            remedy="mend the file",
        ) from error
    _loaded[name] = path


def _origin(part: object) -> str:
    return f"{getattr(part, '__module__', '?')}.{getattr(part, '__qualname__', repr(part))}"
