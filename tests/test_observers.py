"""What is declared to decide no byte is in use, has a reason, and is not read for its values."""

from __future__ import annotations

import ast

import pytest

from lienet.fingerprint import Fingerprints
from lienet.observers import OBSERVERS, PACKAGES_LEFT_OUT, Observer
from lienet.params import Params

LABELS = {"promote"}
"""Sections of which stages read only what they label tracked runs with."""


@pytest.fixture(scope="module")
def fingerprints() -> Fingerprints:
    """Those of the package."""
    return Fingerprints()


def test_a_package_is_left_out_with_all_within_and_a_module_alone():
    package, module = Observer("lienet.tracking.*", "notes"), Observer("lienet.cluster", "who")
    assert package.covers("lienet.tracking", "train")
    assert package.covers("lienet.tracking.runs", None)
    assert not package.covers("lienet.tracking_more", "train")
    assert not module.covers("lienet.cluster.more", "train")


def test_an_entry_for_some_stages_holds_there_alone():
    observer = Observer("lienet.transfer.*", "verified", ("train",))
    assert observer.covers("lienet.transfer.engine", "train")
    assert not observer.covers("lienet.transfer.engine", "download")
    assert not observer.covers("lienet.transfer.engine", None)


@pytest.mark.parametrize("observer", OBSERVERS, ids=lambda observer: observer.name)
def test_each_left_out_module_would_else_be_reached(observer: Observer, fingerprints: Fingerprints):
    """In each of the stages that it names, or in one at least: or the entry is to go."""
    assert observer.reason
    graph, stages = fingerprints.graph, fingerprints.list_stages()
    assert set(observer.stages) <= set(stages)
    is_reached = [
        any(observer.covers(name, stage) for name in graph.reach([f"lienet.stages.{stage}"]))
        for stage in observer.stages or stages
    ]
    assert all(is_reached) if observer.stages else any(is_reached)


@pytest.mark.parametrize("package", PACKAGES_LEFT_OUT, ids=lambda package: package.name)
def test_each_left_out_package_would_else_count(package: Observer, fingerprints: Fingerprints):
    assert package.reason
    imported = {
        stage: {
            name
            for module in fingerprints.of_stage(stage).modules
            for name in fingerprints.graph.read(module).top_names
        }
        for stage in fingerprints.list_stages()
    }
    if package.stages:
        assert [stage for stage in package.stages if package.name not in imported[stage]] == []
    assert any(package.name in names for names in imported.values())


def test_no_stage_reads_a_section_of_params_whose_types_are_left_out_of_it(
    fingerprints: Fingerprints,
):
    graph = fingerprints.graph
    params = {name for name in graph.paths if name.startswith("lienet.params.")}
    facade = _imports_of(ast.parse(graph.paths["lienet.params"].read_bytes()))
    sections = {
        name: getattr(field.annotation, "__module__", "")
        for name, field in Params.model_fields.items()
    }
    for stage in fingerprints.list_stages():
        counted = fingerprints.of_stage(stage).modules
        needed: set[str] = set()
        for name in (name for name in counted if not name.startswith("lienet.params")):
            tree = ast.parse(graph.paths[name].read_bytes())
            for imported, module in _imports_of(tree).items():
                needed.add(facade[imported] if module == "lienet.params" else module)
            needed |= {sections[one] for one in _sections_read(tree) - LABELS}
        assert [name for name in needed if name in params and _is_left_out(name, stage)] == []


def _is_left_out(name: str, stage: str) -> bool:
    return any(observer.covers(name, stage) for observer in OBSERVERS)


def _imports_of(tree: ast.AST) -> dict[str, str]:
    return {
        alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _sections_read(tree: ast.AST) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "params"
        and node.attr in Params.model_fields
    }
