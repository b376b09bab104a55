"""DVC tracks every param that a stage reads, and git none of the outputs that DVC keeps."""

from __future__ import annotations

import ast
import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lienet.fingerprint import Fingerprints
from lienet.params import Params, Train, load_params
from lienet.params.resolved import flatten, list_entries, resolve

STAGES = ("download", "filter", "synthesize", "train", "export", "evaluate", "time", "report")
# They never change a byte of output: who computes, how hard servers are asked, and what a
# tracked run is labelled with.
NOT_DECIDING = {"num_workers", "cluster", "profile", "download.transfer", "promote"}
# Read for its names only: what is made of an item is tracked through what the stage reads.
FANNED_OUT_OVER = {
    "filter": ("download.sources",),
    "export": ("models",),
    "evaluate": ("models", "evaluate.methods"),
    "time": ("models", "evaluate.methods", "report.figure_protocols"),
}
# What is called of a section or a mapping, as whose part it counts.
_CALLED = re.compile(r"(\.for_task|\.metrics_of)?(\(.*\))?(\.(items|values|get|model_dump))?$")


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """Each stage in turn."""
    return str(request.param)


def test_every_stage_is_held_here(pipeline: dict[str, Any]):
    assert tuple(pipeline) == ("code", *STAGES)


def test_every_param_that_a_stage_reads_is_tracked(
    stage: str, repository: Path, sources: dict[str, Any], fingerprints: Fingerprints
):
    # Profile bench also sets keys that sample leaves out; one that is unset is not tracked.
    tracked = {
        key
        for profile in ("sample", "bench")
        for params in [load_params(repository / "profiles" / f"{profile}.yaml")]
        for name, item in list_entries(params)
        if name == stage
        for key, _ in flatten(resolve(params, name, item))
    }
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
        and not any(_is_within(path, entry) or _is_within(entry, path) for entry in tracked)
    }
    assert sorted(untracked) == []


def test_every_key_of_training_is_tracked_but_overrides_which_are_put_in(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    train = params.train.model_copy(update={"keep": "best"})  # which is left out at its default
    params = params.model_copy(update={"train": train})
    tracked = resolve(params, "train", "sr-lienet")["train"]
    assert tracked.keys() == Train.model_fields.keys() - {"overrides"}


def test_the_items_of_each_stage_are_the_entries(stage: str, repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    module = import_module(f"lienet.stages.{stage}")
    assert sorted(module.list_items(params)) == sorted(
        item for name, item in list_entries(params) if name == stage
    )


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
                path = path.partition("[")[0]  # an entry counts as its mapping
                found.add(_CALLED.sub("", path, count=1))
            else:
                self.generic_visit(node)

    Visitor().visit(tree)
    return found


def _is_within(path: str, whole: str) -> bool:
    return path == whole or path.startswith(f"{whole}.")
