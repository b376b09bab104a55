"""The package read as source: its files, its modules, and which module imports which."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml


@dataclass(frozen=True)
class Source:
    """One module of the package, parsed."""

    name: str
    path: Path
    """Relative to the checkout."""
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


@pytest.fixture(scope="session")
def sources(repository: Path) -> dict[str, Source]:
    """Every module of lienet by its dotted name."""
    found = {}
    for path in sorted((repository / "lienet").rglob("*.py")):
        inside = path.relative_to(repository)
        parts = inside.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Source(name, inside, ast.parse(path.read_text(encoding="utf-8")))
    return found


@pytest.fixture(scope="session")
def imported_by(sources: dict[str, Source]) -> Callable[[str], set[str]]:
    """A function from a module to all that it imports, directly or not, lazily or not."""
    direct = {name: _imports_of(source.tree, sources) for name, source in sources.items()}

    def closure(name: str) -> set[str]:
        reached, waiting = {name}, [name]
        while waiting:
            for module in direct[waiting.pop()] - reached:
                reached.add(module)
                waiting.append(module)
        return reached

    return closure


@pytest.fixture(scope="session")
def entries(repository: Path) -> dict[str, dict[str, Any]]:
    """The entries of dvc.yaml by name, ``foreach`` unwrapped, templates unresolved."""
    stages = yaml.safe_load((repository / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {name: stage.get("do", stage) for name, stage in stages.items()}


@pytest.fixture(scope="session")
def pipeline(entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The stages alone: an entry ``<stage>_<part>`` is a second way into its stage."""
    return {
        name: entry
        for name, entry in entries.items()
        if not any(name.startswith(f"{stage}_") for stage in entries)
    }


@pytest.fixture(scope="session")
def project_files(repository: Path) -> list[Path]:
    """Every text file that is, or would be, committed; relative to the checkout."""
    if not (repository / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    names = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    binary = {".png", ".jpg", ".webp", ".npz", ".onnx", ".parquet"}
    return [name for name in names if (repository / name).is_file() and name.suffix not in binary]


def _imports_of(tree: ast.AST, sources: dict[str, Source]) -> set[str]:
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        waiting.extend(ast.iter_child_nodes(node))
    return found & sources.keys()
