"""The graph is what DVC says: parsed, selected from, and compared with what is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.commands import Commands
from flows.graph import Graph, parse_dot, parse_status, read_graph, read_graph_and_changed
from lienet.errors import InputError, ToolError
from tests.flows.toy import Toy

DOT = """strict digraph {
"data";
"train@a";
"alone";
"data" -> "train@a";
"train@a" -> "report";
}
"""


@pytest.fixture
def graph() -> Graph:
    """The graph of DOT."""
    return parse_dot(DOT)


def test_edges_lead_from_inputs(graph: Graph):
    assert graph.inputs == {
        "data": frozenset(),
        "train@a": {"data"},
        "alone": frozenset(),
        "report": {"train@a"},
    }
    assert graph.all_dependents(["data"]) == {"data", "train@a", "report"}
    assert graph.all_inputs(["report"]) == {"data", "train@a", "report"}


def test_targets_bring_what_they_need_and_no_more(graph: Graph):
    assert set(graph.select(["train"]).inputs) == {"data", "train@a"}
    assert set(graph.select(["train@a", "alone"]).inputs) == {"data", "train@a", "alone"}
    assert graph.select([]) is graph


@pytest.mark.parametrize("target", ["", "train@b", "--force", "../data", "a; ls", "train@a\n"])
def test_a_target_that_is_no_stage_is_refused(graph: Graph, target: str):
    with pytest.raises(InputError, match="targets must be stages of"):
        graph.select([target])


def test_no_stage_at_all_is_an_error():
    with pytest.raises(ToolError, match="names no stage"):
        parse_dot("strict digraph {\n}\n")


def test_dvc_tells_its_graph_and_what_is_up_to_date(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a@1": [], "b": ["a@1"], "c": []})
    with Commands(toy.root, grace_s=1.0) as commands:
        graph, changed = read_graph_and_changed(commands)
        assert graph.inputs == {"a@1": frozenset(), "b": {"a@1"}, "c": frozenset()}
        assert read_graph(commands) == graph
        assert changed == {"a@1", "b", "c"}
        toy.run("dvc", "repro", "--quiet")
        assert read_graph_and_changed(commands) == (graph, set())
        (toy.root / "a_1.out").write_text("changed")
        _, changed = read_graph_and_changed(commands)
        assert changed >= {"a@1"}
        assert graph.current(changed) == {"c"}


def test_a_changed_plugin_is_noted_before_the_others_are_asked_for(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"plugins@1": [], "code": ["plugins@1"], "a": ["code"]})
    toy.run("dvc", "repro", "--quiet")
    with Commands(toy.root, grace_s=1.0) as commands:
        (toy.root / "plugins_1.out").unlink()
        _, changed = read_graph_and_changed(commands)
        assert changed == set()
        assert (toy.root / "plugins_1.out").is_file()


def test_code_is_brought_up_to_date_before_the_others_are_asked_for(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"code": [], "a": ["code"], "b": ["a"]})
    toy.run("dvc", "repro", "--quiet")
    with Commands(toy.root, grace_s=1.0) as commands:
        (toy.root / "code.out").unlink()
        graph, changed = read_graph_and_changed(commands)
        assert changed == set()
        assert (toy.root / "code.out").is_file()
        assert graph.current(changed) == {"code", "a", "b"}


def test_a_status_that_is_none_is_an_error():
    assert parse_status("a warning\n{}") == set()
    with pytest.raises(ToolError, match="printed no JSON"):
        parse_status("{'a'")


def test_what_waits_for_a_changed_stage_is_not_known_to_be_up_to_date(graph: Graph):
    assert graph.current([]) == graph.inputs.keys()
    assert graph.current(["train@a", "of another file"]) == {"data", "alone"}
