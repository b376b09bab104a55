"""The law of one name: a stage is called the same wherever it appears."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from lienet.cli import app
from lienet.params import Params

SHARED_PARAMS = (
    "profile",
    "plugins",
    "seed",
    "num_workers",
    "cluster",
    "storage",
    "flows",
    "intended_use",
    "models",
    "promote",
)

WITHOUT_PARAMS = ("code",)


def test_stages_are_the_sections_of_params(pipeline: dict[str, Any]):
    sections = [name for name in Params.model_fields if name not in SHARED_PARAMS]
    assert [*WITHOUT_PARAMS, *sections] == list(pipeline)


def test_stages_are_the_files_of_the_stages_package(repository: Path, pipeline: dict[str, Any]):
    files = {path.stem for path in (repository / "lienet" / "stages").glob("*.py")}
    assert files - {"__init__"} == set(pipeline)


def test_stages_are_verbs_of_the_command_line_in_their_order(pipeline: dict[str, Any]):
    verbs = list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert [verb for verb in verbs if verb in pipeline] == list(pipeline)


def test_each_entry_runs_its_stage_s_own_verb(entries: dict[str, Any]):
    for entry, stage in entries.items():
        name = _stage_of(entry, entries)
        part = f"python -m lienet {name} {entry.removeprefix(f'{name}_')}"
        of_model = f"python -m lienet {name} ${{key}}-{entry.removeprefix(f'{name}_')}"
        starts = f"python -m lienet {name}"
        verbs = (starts, part, f"{starts} ${{key}}", f"{starts} ${{item}}")
        verbs += (of_model,)
        assert stage["cmd"] in verbs


def test_each_entry_reports_into_the_folder_of_its_stage(entries: dict[str, Any]):
    for entry, stage in entries.items():
        name = _stage_of(entry, entries)
        for path in _outputs_of(stage):
            if path.startswith("reports/") and name != "report":
                assert path.startswith(f"reports/{name}/")


def test_each_stage_module_has_the_two_functions_of_a_stage(sources: dict[str, Any], pipeline):
    for name in pipeline:
        body = sources[f"lienet.stages.{name}"].tree.body
        signatures = {
            node.name: [argument.arg for argument in node.args.args]
            for node in body
            if hasattr(node, "args")
        }
        assert signatures["list_items"] == ["params"]
        assert signatures["run"] == ["params", "workspace", "item"]


def test_each_entry_depends_on_its_stage_s_fingerprint_and_on_no_other_code(
    entries: dict[str, Any],
):
    for entry, stage in entries.items():
        own = {"code": ["lienet"], "code_plugins": []}
        expected = own.get(entry, [f"data/code/{_stage_of(entry, entries)}.json"])
        assert [dep for dep in stage["deps"] if dep.startswith(("lienet", "data/code"))] == expected


def test_each_entry_depends_on_its_own_resolved_params_and_on_no_section(
    entries: dict[str, Any],
):
    for entry, stage in entries.items():
        if entry in ("code", "code_plugins"):
            continue
        name, item = stage["cmd"].removeprefix("python -m lienet ").partition(" ")[::2]
        expected = [f"data/params/{name}/{item or name}.json"]
        assert [dep for dep in stage["deps"] if dep.startswith("data/params")] == expected
        assert "params" not in stage
    assert entries["code"]["params"] == [{"params.yaml": None}]


def _stage_of(name: str, entries: dict[str, Any]) -> str:
    """Return the stage that an entry of dvc.yaml belongs to: itself, or what it is a part of."""
    return next((stage for stage in entries if name.startswith(f"{stage}_")), name)


def _outputs_of(stage: dict[str, Any]) -> list[str]:
    entries = [*stage.get("outs", []), *stage.get("metrics", [])]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]
