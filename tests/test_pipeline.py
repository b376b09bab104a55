"""The whole chain by ``dvc repro`` in a clone whose path holds a space: twice, then changed."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import yaml

from lienet.images import decode_image
from lienet.shards.reading import iterate_samples
from tests.small_clone import (
    BASELINES,
    METHODS,
    MODELS,
    SPLITS,
    Clone,
    stages_run,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.xdist_group("pipeline")]

PROTOCOLS = {
    "sr": ("x4_q20_luma", "x4_q20_rgb", "x2_q20_luma", "x2_q20_rgb"),
    "face": ("face_luma", "face_rgb"),
    "old_photo": ("old_photo_luma", "old_photo_rgb"),
}
COLUMNS = (
    "task,protocol,test_set,model,psnr_db,psnr_gain_db,ssim,ssim_gain,vmaf,"
    "num_params,num_macs,latency_ms,latency_int8_ms,peak_memory_mb,num_seeds"
)
# What a person would want to commit after a run.
WORTH_COMMITTING = re.compile(
    r"dvc\.lock|reports/metrics/(sr|face|old_photo)/\w+\.json|reports/table1\.(csv|md)"
)


@pytest.fixture(scope="module")
def clone(tiny_run: Clone) -> Clone:
    """A clone with tiny params, committed, in which ``dvc repro`` has run once."""
    return tiny_run


def test_every_stage_ran_once(clone: Clone):
    ran = stages_run(clone.first_output)
    stages = ("train", "export", "evaluate", "evaluate_formats")
    per_model = {f"{stage}@{task}-{name}" for stage in stages for task, name in MODELS}
    per_model |= {f"evaluate_methods@{task}-{name}" for task, name in METHODS}
    per_task = {f"synthesize@{task}" for task in BASELINES}
    per_task |= {f"time@{task}" for task in BASELINES}
    per_source = {f"{stage}@{s}" for stage in ("download", "filter") for s in SPLITS}
    assert ran == per_model | per_source | per_task | {"code", "download_vgg19", "report"}


def test_a_second_run_does_nothing(clone: Clone):
    output = clone.run("dvc", "repro")
    assert stages_run(output) == set()
    assert "Data and pipelines are up to date." in output


def test_git_shows_only_what_is_worth_committing(clone: Clone):
    changed = clone.changed_files()
    assert {"dvc.lock", "reports/metrics/sr/lienet.json", "reports/table1.md"} <= {*changed}
    assert [path for path in changed if not WORTH_COMMITTING.fullmatch(path)] == []


def test_the_table_has_a_row_for_each_model_protocol_and_test_set(clone: Clone):
    with (clone.root / "reports" / "table1.csv").open(newline="") as stream:
        assert stream.readline().rstrip("\r\n") == COLUMNS
        stream.seek(0)
        rows = list(csv.DictReader(stream))
    # A network is measured at the scale that it is trained for; bicubic fits every scale.
    expected = {
        (task, protocol, "test", name)
        for task, name in MODELS + METHODS
        for protocol in PROTOCOLS[task]
        if name == "bicubic" or "x2" not in protocol
    }
    found = [(row["task"], row["protocol"], row["test_set"], row["model"]) for row in rows]
    assert set(found) == expected
    assert len(found) == len(expected)
    for row in rows:
        assert 10 < float(row["psnr_db"]) < 50
        assert 0 < float(row["ssim"]) < 1
        assert 0 <= float(row["vmaf"]) <= 100
        if row["model"] == BASELINES[row["task"]]:
            assert float(row["psnr_gain_db"]) == 0
            assert int(row["num_params"]) == 0


def test_dvc_shows_a_row_for_each_method_and_five_columns(clone: Clone):
    header, *rows = clone.run("dvc", "metrics", "show").splitlines()
    assert header.split() == ["Path", "latency_ms", "psnr_db", "psnr_gain_db", "ssim", "vmaf"]
    expected = {f"reports/metrics/{task}/{name}.json" for task, name in MODELS + METHODS}
    assert {row.split()[0] for row in rows} == expected


def test_every_artefact_is_where_its_users_look(clone: Clone):
    for task, model in MODELS:
        folder = clone.root / "data" / "models" / task / model
        assert {"weights.safetensors", "model.json", "history.csv", "model.onnx"} <= {
            path.name for path in folder.iterdir()
        }
        report = clone.root / "reports" / "export" / task / f"{model}.json"
        assert json.loads(report.read_text())["passed"] is True
    page = (clone.root / "reports" / "index.html").read_text(encoding="utf-8")
    assert re.search(r"<(script|link|img)[^>]*(src|href)=[\"']?https?:", page) is None
    assert (clone.root / "data" / "state" / "mlflow.db").is_file()


@pytest.mark.parametrize(("task", "scale"), [("sr", 4), ("face", 1), ("old_photo", 1)])
def test_enhance_gives_the_pictures_that_evaluate_measured(
    clone: Clone, tmp_path: Path, task: str, scale: int
):
    kept = clone.root / "reports" / "evaluate" / task / "lienet" / "images" / f"x{scale}"
    compared = 0
    for sample in iterate_samples(clone.root / "data" / "shards" / task / "test"):
        for measured in kept.rglob(f"{sample.key}.png"):
            (tmp_path / "picture").write_bytes(sample.degraded[scale])
            model = f"data/models/{task}/lienet/model.onnx"
            options = ("-o", str(tmp_path / "out.png"), "--model", model, "--overwrite")
            clone.run("lienet", "enhance", str(tmp_path / "picture"), *options)
            enhanced, expected = (
                decode_image(path.read_bytes()).astype(int)
                for path in (tmp_path / "out.png", measured)
            )
            assert np.abs(enhanced - expected).max() <= 1  # what lies at half a step may round
            compared += 1
    assert compared


def test_data_made_again_are_the_same_bytes(clone: Clone):
    before = clone.locked_hashes()
    stages = {"download@train", "filter@train", *(f"synthesize@{task}" for task in BASELINES)}
    ran = clone.run("dvc", "repro", "--force", "--single-item", *sorted(stages))
    assert stages_run(ran) == stages
    assert clone.locked_hashes() == before
    assert clone.stages_to_run() == set()


@pytest.mark.parametrize(
    ("key", "value", "stale"),
    [
        ("report.figure_crop_px", 48, {"report"}),
        (
            "evaluate.methods.face-unsharp.amount",
            0.5,
            {"evaluate_methods@face-unsharp", "time@face", "report"},
        ),
        ("train.overrides.sr", {"steps": 8}, {"train@sr-lienet"}),
        ("flows.resumes", 4, set()),
    ],
)
def test_a_changed_param_reruns_the_entries_that_read_it(
    clone: Clone, key: str, value: object, stale: set[str]
):
    path = clone.root / "params.yaml"
    text = path.read_text()
    params = yaml.safe_load(text)
    *parents, last = key.split(".")
    section = params
    for name in parents:
        section = section[name]
    section[last] = value
    path.write_text(yaml.safe_dump(params))
    try:
        assert clone.stages_to_run() == {"code"}
        assert stages_run(clone.run("dvc", "repro", "code")) == {"code"}
        assert clone.stages_to_run() == stale
    finally:
        path.write_text(text)
        clone.run("dvc", "repro", "code")


def test_a_comment_reruns_code_and_nothing_else(clone: Clone):
    with _changed(clone.root / "lienet" / "files.py", "\n# A comment.\n"):
        assert stages_run(clone.run("dvc", "repro")) == {"code"}
        assert clone.stages_to_run() == set()
    assert stages_run(clone.run("dvc", "repro")) == {"code"}


def test_changed_code_reruns_the_stages_that_use_it(clone: Clone):
    with _changed(clone.root / "lienet" / "evaluation" / "vmaf.py", "ADDED = 1\n"):
        output = clone.run("dvc", "repro", "code")
        stale = {_name_of(stage) for stage in clone.stages_to_run()}
    clone.run("dvc", "repro", "code")
    assert "evaluate is stale: lienet.evaluation.vmaf\n" in output
    assert "evaluate" in stale
    assert stale <= {"evaluate", "report"}
    assert clone.stages_to_run() == set()


def test_a_params_file_that_is_wrong_costs_no_outputs(clone: Clone):
    path = clone.root / "params.yaml"
    text = path.read_text()
    path.write_text(text.replace("confidence: 0.95", "confidence: 95"))
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "lienet", "evaluate"],
            cwd=clone.root,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        path.write_text(text)
    assert ran.returncode == 1
    assert ran.stderr.startswith("lienet: evaluate.confidence: ")
    assert clone.stages_to_run() == set()


def _name_of(stage: str) -> str:
    """Return "evaluate" for "evaluate_methods@face-unsharp"."""
    return stage.partition("@")[0].partition("_")[0]


@contextmanager
def _changed(path: Path, more: str) -> Iterator[None]:
    """Add to a file, and put it back."""
    content = path.read_bytes()
    path.write_bytes(content + more.encode())
    try:
        yield
    finally:
        path.write_bytes(content)
