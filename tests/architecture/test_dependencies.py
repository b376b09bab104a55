"""DVC tracks every param that a stage reads, and git none of the outputs that DVC keeps."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lienet.fingerprint import Fingerprints
from lienet.params import Params, Train

STAGES = ("download", "filter", "synthesize", "train", "export", "evaluate", "report")
# They never change a byte of output: who computes, how hard servers are asked, and what a
# tracked run is labelled with.
NOT_DECIDING = {"num_workers", "cluster", "profile", "download.transfer", "promote"}
# Read for its names only: what is made of an item is tracked through what the stage reads.
FANNED_OUT_OVER = {
    "filter": ("download.sources",),
    "export": ("models",),
    "evaluate": ("models", "evaluate.methods"),
}
# Sections of which a method is read: each of their keys is tracked by itself.
TRACKED_BY_KEY = {"train": Train}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """Each stage in turn."""
    return str(request.param)


def test_every_stage_is_held_here(pipeline: dict[str, Any]):
    assert tuple(pipeline) == ("code", *STAGES)


def test_every_param_that_a_stage_reads_is_tracked(
    stage: str, pipeline: dict[str, Any], sources: dict[str, Any], fingerprints: Fingerprints
):
    tracked = [entry.partition(".${")[0] for entry in pipeline[stage]["params"]]
    read = {
        path
        for name in fingerprints.of_stage(stage).modules
        for path in _params_read(sources[name].tree)
    }
    assert read, "the stage reads no params"
    untracked = {
        path
        for path in read
        if not any(_is_within(path, entry) for entry in NOT_DECIDING)
        and path not in FANNED_OUT_OVER.get(stage, ())
        and not _is_covered_by_key(path, tracked)
        and not any(_is_within(path, entry) or _is_within(entry, path) for entry in tracked)
    }
    assert sorted(untracked) == []


def test_training_is_tracked_key_by_key_and_each_task_by_its_own_override(
    pipeline: dict[str, Any],
):
    tracked = [entry for entry in pipeline["train"]["params"] if entry.startswith("train")]
    own = {"overrides": "train.overrides.${item.task}"}
    assert sorted(tracked) == sorted(own.get(key, f"train.{key}") for key in Train.model_fields)


def test_cached_outputs_are_ignored_by_git_and_small_reports_are_not(
    stage: str, repository: Path, pipeline: dict[str, Any], tmp_path: Path
):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_bytes((repository / ".gitignore").read_bytes())
    entries = [*pipeline[stage].get("outs", []), *pipeline[stage].get("metrics", [])]
    for entry in entries:
        path, options = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
        for template, value in (("key", "k"), ("item.task", "sr"), ("item.name", "lienet")):
            path = path.replace(f"${{{template}}}", value)
        probe = path if Path(path).suffix else f"{path}/file"
        ignored = subprocess.run(["git", "-C", tmp_path, "check-ignore", "-q", probe]).returncode
        assert (ignored == 0) == options.get("cache", True), path


def _params_read(tree: ast.AST) -> set[str]:
    """Return the longest dotted paths under the name ``params``."""
    found: set[str] = set()

    class Visitor(ast.NodeVisitor):
        def visit_Attribute(self, node: ast.Attribute) -> None:
            whole, _, path = ast.unparse(node).partition(".")
            if whole == "params" and path.split(".")[0] in Params.model_fields:
                found.add(path.partition("[")[0])  # an entry counts as its mapping
            else:
                self.generic_visit(node)

    Visitor().visit(tree)
    return found


def _is_covered_by_key(path: str, tracked: list[str]) -> bool:
    section = TRACKED_BY_KEY.get(path.partition(".")[0])
    if section is None or path.partition(".")[2].partition(".")[0] in section.model_fields:
        return False
    return {f"{path.partition('.')[0]}.{key}" for key in section.model_fields} <= set(tracked)


def _is_within(path: str, whole: str) -> bool:
    return path == whole or path.startswith(f"{whole}.")
