"""Every module with code has its tests at the mirrored path, and no test has lost its module."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

# Each with the place that tests it instead.
ELSEWHERE = {
    "lienet": "tests/test_api.py",
    "lienet.__main__": "tests/cli/test_app.py",
    "lienet.cli.profiles": "tests/cli/test_app.py",
    "lienet.cli.stages": "tests/cli/test_app.py",
    "lienet.params.checks": "tests/params/test_active.py",
    "lienet.params.whole": "tests/params/test_active.py",
}
FLOWS_ELSEWHERE = {
    "dvc_process": "tests/flows/test_dvc.py",
    "guard": "tests/flows/test_commands.py",
    "orphans": "tests/flows/test_worker.py",
    "prefect_app": "tests/flows/test_server.py",
    "run": "tests/flows/test_pipeline.py",
    "session": "tests/flows/test_pipeline.py",
}
ABOUT_THE_WHOLE = {
    "tests/test_pipeline.py",
    "tests/test_extending.py",
    "tests/fuzzing/test_fuzzing.py",
    "tests/goldens/test_outputs.py",
    "tests/web/test_page.py",
}


def test_every_module_has_its_tests(repository: Path, sources: dict[str, Any]):
    expected = {
        name: _mirror_of(source.path)
        for name, source in sources.items()
        if name not in ELSEWHERE and _has_code(source.tree)
    }
    lacking = [str(path) for path in expected.values() if not (repository / path).is_file()]
    assert lacking == []


def test_every_test_file_has_its_module(repository: Path, sources: dict[str, Any]):
    known = {str(_mirror_of(source.path)) for source in sources.values()} | ABOUT_THE_WHOLE
    found = {
        str(path.relative_to(repository))
        for path in (repository / "tests").rglob("test_*.py")
        if not {"architecture", "sharing"} & set(path.parts)
    }
    beside = _tests_of_the_bench(repository) | _tests_of_the_flows(repository)
    assert sorted(found - known - beside) == []


def test_every_flow_has_its_tests(repository: Path):
    names = {path.stem for path in (repository / "flows").glob("*.py")} - {"__init__"}
    expected = {FLOWS_ELSEWHERE.get(name, f"tests/flows/test_{name}.py") for name in names}
    assert sorted(path for path in expected if not (repository / path).is_file()) == []


def _mirror_of(path: Path) -> Path:
    inside = path.relative_to("lienet")
    return Path("tests", *inside.parts[:-1], f"test_{inside.name}")


def _tests_of_the_bench(repository: Path) -> set[str]:
    return {f"tests/bench/test_{path.name}" for path in (repository / "bench").glob("*.py")}


def _tests_of_the_flows(repository: Path) -> set[str]:
    return {f"tests/flows/test_{path.name}" for path in (repository / "flows").glob("*.py")}


def _has_code(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))
