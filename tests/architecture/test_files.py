"""What holds for every file: its length, what it may not say, and what packages may not do."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

MAX_LINES = 300
PUBLIC_FACES = {"lienet", "lienet.params", "lienet.cli"}
"""Packages from which others import names."""
# Spelt in two parts, or this file would find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
PERSONAL = re.compile(r"/(ro" r"ot|ho" r"me|Us" r"ers|wo" r"rk)/[A-Za-z.]")


def test_no_python_file_is_longer_than_a_person_reads_at_once(repository, project_files):
    lengths = {
        str(path): len((repository / path).read_text(encoding="utf-8").splitlines())
        for path in project_files
        if path.suffix == ".py"
    }
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_nothing_is_left_unfinished_and_no_path_of_one_machine_remains(repository, project_files):
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in project_files
        for number, line in enumerate(_lines_of(repository / path), start=1)
        if UNFINISHED.search(line) or PERSONAL.search(line)
    ]
    assert found == []


def test_the_library_never_prints(sources: dict[str, Any]):
    calls = [
        f"{source.path}:{node.lineno}"
        for source in sources.values()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    ]
    assert calls == []


def test_packages_import_nothing_and_modules_say_what_they_own(sources: dict[str, Any]):
    for source in sources.values():
        assert ast.get_docstring(source.tree), f"{source.path} has no docstring"
        if source.is_package and source.name not in PUBLIC_FACES:
            imports = [node for node in source.tree.body if "Import" in type(node).__name__]
            assert imports == [], f"{source.path} imports"


def test_every_package_that_is_imported_is_declared(repository: Path, sources: dict[str, Any]):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    needed = list(project["project"]["dependencies"])
    needed += [
        line for name in ("train", "cluster", "metrics", "serve", "mobile") for line in extras[name]
    ]
    declared = {_distribution_of(line) for line in needed}
    providers = packages_distributions()
    undeclared = {
        name
        for source in sources.values()
        for name in _packages_imported(source.tree)
        if name in providers and not {_distribution_of(d) for d in providers[name]} & declared
    }
    assert undeclared - {"lienet"} == set()


def _packages_imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def _distribution_of(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[._-]+", "-", name.group()).lower()


def _lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()
