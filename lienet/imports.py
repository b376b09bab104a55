"""The import graph of a package, read from its source without importing any of it.

Owns what a module's syntax tree is, apart from words for people: comments, docstrings, log lines,
and what only a type checker sees. Whether a module counts for anything is for others to say.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LOGGERS = ("logger", "_LOG")
_SHORT_HASH_CHARS = 16


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
    tree = _WithoutWordsForPeople().visit(ast.parse(path.read_bytes()))
    parent = module if path.stem == "__init__" else module.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                names.update(alias.name for alias in node.names)
            case ast.ImportFrom():
                names.update(_list_imported(node, parent))
            case ast.Constant(value=str(text)) if text.startswith(f"{package}."):
                names.add(text)
    return Source(short_hash(ast.dump(tree).encode()), frozenset(names))


def short_hash(content: bytes) -> str:
    """Return the first digits of the SHA-256 of a content."""
    return hashlib.sha256(content).hexdigest()[:_SHORT_HASH_CHARS]


class _WithoutWordsForPeople(ast.NodeTransformer):
    """Leaves docstrings, log lines and what only type checkers see out of a tree."""

    def visit(self, node: ast.AST) -> Any:
        # No expression holds a statement, and most of a tree is expressions.
        return node if isinstance(node, ast.expr) else super().visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        is_for_type_checkers = ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        return node.orelse if is_for_type_checkers else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        match node.value:
            case ast.Constant(value=str()):
                return None
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in _LOGGERS:
                return None
        return self.generic_visit(node)


def _list_imported(node: ast.ImportFrom, parent: str) -> list[str]:
    """Return the absolute names that a ``from`` imports, seen from the package ``parent``."""
    module = node.module or ""
    if node.level:
        folders = parent.split(".")
        above = folders[: len(folders) - node.level + 1]
        module = ".".join([*above, *filter(None, [module])])
    return [module, *(f"{module}.{alias.name}" for alias in node.names)]
