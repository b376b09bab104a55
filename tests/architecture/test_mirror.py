"""Every module with code has its tests at the mirrored path, and no test has lost its module."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from tests.mirror import mirror_of

ABOUT_THE_WHOLE = {
    "tests/test_pipeline.py",
    "tests/test_extending.py",
    "tests/test_mirror.py",
    "tests/test_mixed_quality.py",
    "tests/fuzzing/test_fuzzing.py",
    "tests/goldens/test_outputs.py",
    "tests/web/test_page.py",
    "tests/rating/test_page.py",
}


def test_every_module_has_its_tests(repository: Path, sources: dict[str, Any]):
    expected = {
        name: mirror_of(str(source.path))
        for name, source in sources.items()
        if _has_code(source.tree)
    }
    lacking = [path for path in expected.values() if not (repository / path).is_file()]
    assert lacking == []


def test_every_test_file_has_its_module(repository: Path, sources: dict[str, Any]):
    known = {mirror_of(str(source.path)) for source in sources.values()} | ABOUT_THE_WHOLE
    found = {
        str(path.relative_to(repository))
        for path in (repository / "tests").rglob("test_*.py")
        if not {"architecture", "sharing"} & set(path.parts)
    }
    beside = _tests_of_the_bench(repository) | _tests_of_the_flows(repository)
    assert sorted(found - known - beside) == []


def test_every_flow_has_its_tests(repository: Path):
    names = {path.name for path in (repository / "flows").glob("*.py")} - {"__init__.py"}
    expected = {mirror_of(f"flows/{name}") for name in names}
    assert sorted(path for path in expected if not (repository / path).is_file()) == []


def _tests_of_the_bench(repository: Path) -> set[str]:
    return {f"tests/bench/test_{path.name}" for path in (repository / "bench").glob("*.py")}


def _tests_of_the_flows(repository: Path) -> set[str]:
    return {f"tests/flows/test_{path.name}" for path in (repository / "flows").glob("*.py")}


def _has_code(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))
