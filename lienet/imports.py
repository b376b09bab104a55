"""The import graph of a package, read from its source without importing any of it.

Owns what a module's syntax tree is, apart from words for people: comments, docstrings, log lines,
and what only a type checker sees. Whether a module counts for anything is for others to say.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_LOGGERS = ("logger", "_LOG")
_SHORT_HASH_CHARS = 16
_NOT_OF_THE_TREE = ("ctx", "kind", "type_comment", "type_ignores")


@dataclass(frozen=True)
class Source:
    """One Python file: what its syntax tree hashes to, and the dotted names that it imports."""

    digest: str
    names: frozenset[str]
    """As imported, at the top or inside functions, and strings that look like a module's name."""

    @property
    def top_names(self) -> set[str]:
        """The first part of each name."""
        return {name.partition(".")[0] for name in self.names}


class ImportGraph:
    """The modules of a package, each read once, when it is first asked for.

    Args:
        package_dir: the folder of the package; its name is the package's.
    """

    def __init__(self, package_dir: Path) -> None:
        self.package = package_dir.name
        self.paths: dict[str, Path] = {}
        """Every module by its dotted name; a package stands for its ``__init__.py``."""
        for path in sorted(package_dir.rglob("*.py")):
            parts = path.relative_to(package_dir.parent).with_suffix("").parts
            self.paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        self._sources: dict[str, Source] = {}

    def read(self, module: str) -> Source:
        """Return a module's source."""
        if module not in self._sources:
            self._sources[module] = read_source(self.paths[module], module, self.package)
        return self._sources[module]

    def modules_among(self, names: Iterable[str]) -> set[str]:
        """Return the package's modules among imported names, with the packages on their way."""
        found: set[str] = set()
        for name in names:
            parts = name.split(".")
            if parts[0] == self.package:
                found.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return found & self.paths.keys()

    def reach(
        self, modules: Iterable[str], is_left_out: Callable[[str], bool] = lambda module: False
    ) -> set[str]:
        """Return the modules and all that they import, directly or not, lazily or not.

        What is left out is not followed either, nor do the packages on the way to it count.
        """
        reached: set[str] = set()
        waiting = [*modules]
        while waiting:
            module = waiting.pop()
            if module not in reached and not is_left_out(module):
                reached.add(module)
                imported = self.read(module).names
                names = {name for name in imported if not is_left_out(self._find_module(name))}
                waiting.extend(self.modules_among({module, *names}))
        return reached

    def _find_module(self, name: str) -> str:
        """Return the module that a dotted name is, or lies in; the outermost package if none is."""
        while name not in self.paths and "." in name:
            name = name.rpartition(".")[0]
        return name


def read_source(path: Path, module: str = "", package: str = "") -> Source:
    """Read one Python file.

    Args:
        path: the file.
        module: its dotted name, which relative imports start from.
        package: the first part of the names that count as imports when a string spells them.

    Raises:
        SyntaxError: it is not Python.
    """
    reader = _Reader(module if path.stem == "__init__" else module.rpartition(".")[0], package)
    reader.take_node(ast.parse(path.read_bytes()))
    return Source(short_hash("\0".join(reader.words).encode()), frozenset(reader.names))


def short_hash(content: bytes) -> str:
    """Return the first digits of the SHA-256 of a content."""
    return hashlib.sha256(content).hexdigest()[:_SHORT_HASH_CHARS]


class _Reader:
    """Writes a tree down as words, and gathers imports on the way."""

    def __init__(self, parent: str, package: str) -> None:
        self.words: list[str] = []
        self.names: set[str] = set()
        self._parent = parent
        self._prefix = f"{package}."

    def take_node(self, node: ast.AST) -> None:
        self.words.append(type(node).__name__)
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._take_import(node)
        for field in node._fields:
            value = getattr(node, field, None)
            if value is None or field in _NOT_OF_THE_TREE:
                continue
            if isinstance(value, ast.AST):
                self.words.append(field)
                self.take_node(value)
            elif isinstance(value, list):
                self.words.append(field)
                self._take_list(value)
            else:
                self.words.append(f"{field}={value!r}")
                if isinstance(value, str) and value.startswith(self._prefix):
                    self.names.add(value)
        self.words.append("end")

    def _take_list(self, values: list[ast.AST | str | None]) -> None:
        for value in values:
            if isinstance(value, ast.If) and _is_for_type_checkers(value):
                self._take_list([*value.orelse])
            elif not isinstance(value, ast.AST):
                self.words.append(repr(value))
            elif not _is_for_people(value):
                self.take_node(value)

    def _take_import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            self.names.update(alias.name for alias in node.names)
            return
        module = node.module or ""
        if node.level:
            folders = self._parent.split(".")
            above = folders[: len(folders) - node.level + 1]
            module = ".".join([*above, *filter(None, [module])])
        self.names.update([module, *(f"{module}.{alias.name}" for alias in node.names)])


def _is_for_type_checkers(node: ast.If) -> bool:
    return ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _is_for_people(node: ast.AST) -> bool:
    """Whether a statement is a docstring, a bare string, or a line of the log."""
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str)
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)):
        return False
    return isinstance(value.func.value, ast.Name) and value.func.value.id in _LOGGERS


def is_of_standard_library(name: str) -> bool:
    """Return whether a top-level name is Python's own."""
    return name in sys.stdlib_module_names
