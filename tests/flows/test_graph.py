"""The graph is what DVC says: parsed, selected from, and compared with what is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.commands import Commands
from flows.dvc import Dvc
from flows.graph import Graph, parse_dot, parse_status, read_changed, read_graph
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


def test_dot_edges_lead_from_inputs_to_dependents(graph: Graph):
    assert graph.inputs == {
        "data": frozenset(),
        "train@a": {"data"},
        "alone": frozenset(),
        "report": {"train@a"},
    }
    assert graph.all_inputs(["report"]) == {"data", "train@a", "report"}


def test_selecting_targets_keeps_them_and_all_their_inputs(graph: Graph):
    assert set(graph.select(["train"]).inputs) == {"data", "train@a"}
    assert set(graph.select(["train@a", "alone"]).inputs) == {"data", "train@a", "alone"}
    assert graph.select([]) is graph


@pytest.mark.parametrize("target", ["", "train@b", "--force", "../data", "a; ls", "train@a\n"])
def test_a_target_that_is_no_stage_is_an_error(graph: Graph, target: str):
    with pytest.raises(InputError, match="targets must be stages of"):
        graph.select([target])


def test_a_graph_without_stages_is_an_error():
    with pytest.raises(ToolError, match="names no stage"):
        parse_dot("strict digraph {\n}\n")


def test_graph_and_changed_stages_are_asked_of_a_real_dvc(tmp_path: Path):
    toy = Toy(tmp_path / "clone", {"a@1": [], "b": ["a@1"], "c": []})
    with Commands(toy.root, grace_s=1.0) as commands, Dvc(commands) as dvc:
        graph, changed = read_graph(dvc), read_changed(dvc)
        assert graph.inputs == {"a@1": frozenset(), "b": {"a@1"}, "c": frozenset()}
        assert changed == {"a@1", "b", "c"}
        toy.run("dvc", "repro", "--quiet")
        assert read_changed(dvc) == set()
        (toy.root / "a_1.out").write_text("changed")
        changed = read_changed(dvc)
        assert changed >= {"a@1"}
        assert graph.current(changed) == {"c"}


def test_a_status_that_is_no_json_is_an_error():
    assert parse_status("a warning\n{}") == set()
    with pytest.raises(ToolError, match="printed no JSON"):
        parse_status("{'a'")


def test_stages_downstream_of_a_change_are_not_up_to_date(graph: Graph):
    assert graph.current([]) == graph.inputs.keys()
    assert graph.current(["train@a", "of another file"]) == {"data", "alone"}
