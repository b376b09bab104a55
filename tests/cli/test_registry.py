"""The registry's verbs on the command line; what they do is tested where it is done."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienet.cli import app
from lienet.errors import InputError
from lienet.params import load_params
from lienet.tracking.store import connect
from tests.fresh_workspace import make_workspace
from tests.promotion.measured import make_scores, write_measured


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, repository: Path, tmp_path: Path, empty_store: Path):
    workspace = make_workspace(repository, tmp_path / "a clone")
    workspace.state_dir.mkdir(parents=True)
    shutil.copy(empty_store, workspace.state_dir / "mlflow.db")
    params = load_params(workspace.params_path)
    write_measured(params, workspace, "sr-lienet", make_scores(0.5))
    write_measured(params, workspace, "sr-srgan", make_scores(0.6))
    monkeypatch.chdir(workspace.root)
    return CliRunner()


@pytest.mark.slow
def test_track_promote_rollback_and_compare(runner: CliRunner):
    def run(*words: str) -> str:
        result = runner.invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    assert run("track", "sr-lienet") == "MLflow is up to date; new to it: sr-lienet\n"
    assert run("track") == "MLflow is up to date; new to it: sr-srgan\n"
    assert run("track") == "MLflow is up to date; new to it: nothing\n"
    assert run("track", "sr-srgan", "--json", "made/runs.json").endswith("nothing\n")
    (tracked,) = json.loads(Path("made/runs.json").read_text())
    assert (tracked["item"], tracked["model"]) == ("sr-srgan", "srgan")
    said = run("promote", "sr-lienet", "--json", "made/first.json")
    assert said.startswith("sr-lienet: lienet-sr/1 is champion now\n  psnr_db under x4_q20_luma: ")
    assert json.loads(Path("made/first.json").read_text())["promoted"] is True
    assert "it replaces lienet-sr/1" in run("promote", "sr-srgan")
    assert run("rollback", "sr") == (
        "lienet-sr/1 (lienet) is champion again, in place of lienet-sr/2\n"
    )
    kept = run("promote", "sr-srgan", "--json", "made/kept.json")
    assert kept.startswith("sr-srgan: lienet-sr/2 is not promoted\n  lienet-sr/2 was rolled back")
    assert json.loads(Path("made/kept.json").read_text())["champion"] == "lienet-sr/1"

    client = connect(f"sqlite:///{Path.cwd()}/data/state/mlflow.db", None)
    for run_ in client.search_runs([client.get_experiment_by_name("lienet-sr").experiment_id]):
        client.log_metric(run_.info.run_id, "psnr_db", 26.0)
        client.log_metric(run_.info.run_id, "psnr_gain_db", 0.5)
    table = run("compare", "--task", "sr", "--csv", "t.csv", "--markdown", "t.md")
    assert "+0.500" in table
    assert "champion" in table
    assert Path("t.csv").read_text().startswith("task,model,psnr_db,")
    assert Path("t.md").read_text().startswith("| task | model | PSNR (dB) |")
    uri = f"sqlite:///{Path.cwd()}/data/state/mlflow.db"
    assert "PSNR (dB)" in run("compare", "--tracking-uri", uri, "--metric", "psnr_db", "--all")


@pytest.mark.parametrize("words", [("rollback", "dust"), ("compare", "--task", "dust")])
def test_a_task_that_is_none_is_named(words: tuple[str, ...]):
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, InputError)
    assert str(result.exception) == "the tasks are sr, face, old_photo, got dust"
