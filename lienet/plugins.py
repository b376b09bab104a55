"""Doors for parts that params name: architectures, degradations, sources and metrics.

A registry holds the parts of one kind, built in or brought along: by an installed package through
its entry points, or by a plain Python file that ``plugins:`` in params names. It owns how a part is
found, what is said where there is none, and that an incomplete one is refused when it is
registered; what a part does is the business of its room.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoints, entry_points
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
        base: the class that parts are subclasses of, whose abstract methods and class variables
            without a value each of them has to define; None takes anything.
        one_of: methods of ``base`` of which a part has to override one or more.
        built_in: the module that registers lienet's own, imported when they are first asked for.
    """

    def __init__(
        self,
        kind: str,
        base: type | None = None,
        *,
        one_of: tuple[str, ...] = (),
        built_in: str | None = None,
    ) -> None:
        self.kind = kind
        self._base, self._one_of = base, one_of
        self.group = f"lienet.{kind}s"
        """The group of entry points that installed packages add to."""
        self._built_in = built_in
        self._parts: dict[str, Part] = {}

    def register(self, name: str) -> Callable[[Part], Part]:
        """Return a decorator that makes a class or function known under a name.

        Raises:
            ParamsError: another part has the name, or the part is incomplete.
        """

        def remember(part: Part) -> Part:
            self._require_complete(name, part)
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
            ParamsError: there is none; the error lists those there are. Or it is incomplete.
            InputError: an installed package's part cannot be imported.
        """
        if name not in self._parts:
            self._load_built_in()
        if name not in self._parts:
            for point in self._installed.select(name=name):
                with _told_in_one_line(f"the {self.kind} {name} of {point.value}"):
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
        return sorted({*self._parts, *self._installed.names})

    @functools.cached_property
    def _installed(self) -> EntryPoints:
        """What installed packages add; to look through all of them takes a while."""
        return entry_points(group=self.group)

    def _require_complete(self, name: str, part: Part) -> None:
        base = self._base
        if base is None:
            return
        if not (isinstance(part, type) and issubclass(part, base)):
            raise ParamsError(
                f"the {self.kind} {name} must be a subclass of {_origin(base)}",
                got=_origin(part),
                remedy="derive its class",
            )
        missing = sorted(getattr(part, "__abstractmethods__", ()))
        variables = sorted(getattr(part, "__class_vars__", ()))
        missing += [each for each in variables if not hasattr(part, each)]
        if self._one_of and all(getattr(part, m) is getattr(base, m) for m in self._one_of):
            missing.append(" or ".join(self._one_of))
        if missing:
            raise ParamsError(
                f"the {self.kind} {name} must define {', '.join(missing)}",
                got=f"{_origin(part)} without",
                remedy="add it to the class",
            )

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
    with _told_in_one_line(f"plugin {path.name}"):
        importlib.import_module(name)
    _loaded[name] = path


@contextmanager
def _told_in_one_line(what: str) -> Iterator[None]:
    """Turn whatever a user's code raises on import into one line."""
    try:
        yield
    except (InputError, ParamsError):
        raise
    except Exception as error:
        raise InputError(
            f"{what} fails on import: {type(error).__name__}: {error}", remedy="mend the file"
        ) from error


def _origin(part: object) -> str:
    return f"{getattr(part, '__module__', '?')}.{getattr(part, '__qualname__', repr(part))}"
