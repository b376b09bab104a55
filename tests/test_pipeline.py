"""The whole chain by ``dvc repro`` in a clone whose path holds a space: twice, then changed."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("pipeline")]

MODELS = ("bicubic", "lienet")
PROTOCOLS = ("x4_q20_luma", "x4_q20_rgb", "x2_q20_luma", "x2_q20_rgb")
COLUMNS = (
    "task,protocol,test_set,model,psnr_db,psnr_gain_db,ssim,ssim_gain,vmaf,"
    "num_params,num_macs,latency_ms"
)
# What a person would want to commit after a run.
WORTH_COMMITTING = re.compile(
    r"dvc\.lock|reports/(evaluate|export)/sr/\w+\.json|reports/table1\.(csv|md)"
)


class Clone:
    """A working copy in which commands run as a user runs them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.first_output = ""

    def run(self, *command: str) -> str:
        """Run a command; return what it wrote, or fail with it."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        with subprocess.Popen(
            command,
            cwd=self.root,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate()
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # the stages that it started, too
                raise
        assert process.returncode == 0, f"{' '.join(command)}:\n{output[-6000:]}"
        return output

    def changed_files(self) -> list[str]:
        """Return the paths that ``git status`` lists, untracked ones one by one."""
        lines = self.run("git", "status", "--porcelain", "--untracked-files=all").splitlines()
        return [line[3:].strip('"') for line in lines]

    def stages_to_run(self) -> set[str]:
        """Return the stages that ``dvc repro`` would run now."""
        return _stages_run(self.run("dvc", "repro", "--dry"))

    def locked_hashes(self) -> dict[str, Any]:
        """Return the hash of each output, as dvc.lock holds it."""
        stages = yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]
        return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


@pytest.fixture(scope="module")
def clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone with tiny params, committed, in which ``dvc repro`` has run once."""
    folder = tmp_path_factory.mktemp("pipeline")
    pictures = folder / "some pictures"
    _write_pictures(pictures)
    clone = Clone(folder / "a clone")
    _copy_project(repository, clone.root)
    (clone.root / "dvc.lock").unlink(missing_ok=True)
    params = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    (clone.root / "params.yaml").write_text(yaml.safe_dump(_shrink(params, pictures)))
    clone.run("git", "init", "--quiet")
    clone.run("git", "add", "--all")
    clone.run(
        "git", "-c", "user.name=test", "-c", "user.email=test@localhost",
        "commit", "--quiet", "--message", "as cloned",
    )  # fmt: skip
    clone.first_output = clone.run("dvc", "repro")
    return clone


def test_every_stage_ran_once(clone: Clone):
    ran = _stages_run(clone.first_output)
    per_model = {f"{stage}@sr-{m}" for stage in ("train", "export", "evaluate") for m in MODELS}
    per_task = {f"synthesize@{task}" for task in ("sr", "face", "old_photo")}
    per_source = {f"{stage}@{s}" for stage in ("download", "filter") for s in _split_names()}
    assert ran == per_model | per_source | per_task | {"report"}


def test_a_second_run_does_nothing(clone: Clone):
    output = clone.run("dvc", "repro")
    assert _stages_run(output) == set()
    assert "Data and pipelines are up to date." in output


def test_git_shows_only_what_is_worth_committing(clone: Clone):
    changed = clone.changed_files()
    assert "dvc.lock" in changed
    assert [path for path in changed if not WORTH_COMMITTING.fullmatch(path)] == []


def test_the_table_has_a_row_for_each_model_protocol_and_test_set(clone: Clone):
    with (clone.root / "reports" / "table1.csv").open(newline="") as stream:
        assert stream.readline().rstrip("\r\n") == COLUMNS
        stream.seek(0)
        rows = list(csv.DictReader(stream))
    # lienet is trained for x4 and is measured there alone; bicubic fits every scale.
    expected = {("sr", protocol, "test", "bicubic") for protocol in PROTOCOLS}
    expected |= {("sr", protocol, "test", "lienet") for protocol in PROTOCOLS[:2]}
    found = [(row["task"], row["protocol"], row["test_set"], row["model"]) for row in rows]
    assert set(found) == expected
    assert len(found) == len(expected)
    for row in rows:
        assert 10 < float(row["psnr_db"]) < 50
        assert 0 < float(row["ssim"]) < 1
        assert 0 <= float(row["vmaf"]) <= 100
        if row["model"] == "bicubic":
            assert float(row["psnr_gain_db"]) == 0
            assert int(row["num_params"]) == 0


def test_every_artefact_is_where_its_users_look(clone: Clone):
    for model in MODELS:
        folder = clone.root / "data" / "models" / "sr" / model
        assert {"weights.safetensors", "model.json", "history.csv", "model.onnx"} <= {
            path.name for path in folder.iterdir()
        }
        report = clone.root / "reports" / "export" / "sr" / f"{model}.json"
        assert json.loads(report.read_text())["passed"] is True
    page = (clone.root / "reports" / "index.html").read_text(encoding="utf-8")
    assert re.search(r"<(script|link|img)[^>]*(src|href)=[\"']?https?:", page) is None
    assert (clone.root / "data" / "state" / "mlflow.db").is_file()


def test_data_made_again_are_the_same_bytes(clone: Clone):
    before = clone.locked_hashes()
    for stage in ("download@train", "filter@train", "synthesize@sr"):
        clone.run("dvc", "repro", "--force", "--single-item", stage)
    assert clone.locked_hashes() == before
    assert clone.stages_to_run() == set()


@pytest.mark.parametrize(
    ("section", "key", "value", "first"),
    [
        ("report", "figure_crop_px", 48, {"report"}),
        ("evaluate", "bootstrap_resamples", 101, {"evaluate@sr-bicubic", "evaluate@sr-lienet"}),
        ("train", "learning_rate", 2e-3, {"train@sr-bicubic", "train@sr-lienet"}),
    ],
)
def test_a_changed_param_reruns_its_stage_and_nothing_before_it(
    clone: Clone, section: str, key: str, value: object, first: set[str]
):
    path = clone.root / "params.yaml"
    text = path.read_text()
    params = yaml.safe_load(text)
    params[section][key] = value
    path.write_text(yaml.safe_dump(params))
    try:
        stale = clone.stages_to_run()
    finally:
        path.write_text(text)
    order = ("download", "filter", "synthesize", "train", "export", "evaluate", "report")
    assert first <= stale
    allowed = order[order.index(section) :]
    assert {stage.partition("@")[0] for stage in stale} <= set(allowed)


def test_changed_code_reruns_the_stages_that_use_it(clone: Clone):
    path = clone.root / "lienet" / "evaluation" / "vmaf.py"
    content = path.read_bytes()
    path.write_bytes(content + b"# changed\n")
    try:
        stale = {stage.partition("@")[0] for stage in clone.stages_to_run()}
    finally:
        path.write_bytes(content)
    assert "evaluate" in stale
    assert stale <= {"evaluate", "report"}


def test_a_params_file_that_is_wrong_costs_no_outputs(clone: Clone):
    path = clone.root / "params.yaml"
    text = path.read_text()
    path.write_text(text.replace("bootstrap_confidence: 0.95", "bootstrap_confidence: 95"))
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
    assert ran.stderr.startswith("lienet: evaluate.bootstrap_confidence: ")
    assert clone.stages_to_run() == set()


def _split_names() -> tuple[str, ...]:
    return ("train", "valid", "test")


def _stages_run(output: str) -> set[str]:
    return set(re.findall(r"Running stage '([^']+)'", output))


def _copy_project(repository: Path, target: Path) -> None:
    """Copy what is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (repository / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / name, target / name)


def _write_pictures(folder: Path) -> None:
    """Cut photographs without people that ship with scikit-image into small ones."""
    from skimage import data

    chelsea, coffee, rocket = data.chelsea(), data.coffee(), data.rocket()
    pictures = {
        "train": [chelsea[:192, :256], coffee[:160, 200:392], coffee[160:352, 300:492]],
        "valid": [rocket[150:342, 200:392]],
        "test": [coffee[100:261, 100:279], chelsea[60:220, 120:312]],
    }
    for split, images in pictures.items():
        (folder / split).mkdir(parents=True)
        for number, pixels in enumerate(images):
            Image.fromarray(pixels).save(folder / split / f"picture {number}.png")


def _shrink(params: dict[str, Any], pictures: Path) -> dict[str, Any]:
    """Make a set of params that runs in seconds."""
    params["profile"] = "tiny"
    params["num_workers"] = 1
    params["download"]["min_side_px"] = 64
    params["download"]["sources"] = {
        split: {
            "kind": "folder",
            "path": str(pictures / split),
            "split": split,
            "licence": "CC0",
            "author": "scikit-image",
        }
        for split in _split_names()
    }
    params["filter"]["exempt_sources"] = ["test"]
    for task in params["synthesize"]["tasks"].values():
        task |= {"sources": None, "tile_px": 64, "tile_stride_px": 64}
    lienet = params["models"]["sr-lienet"] | {"num_blocks": 1}
    params["models"] = {"sr-bicubic": params["models"]["sr-bicubic"], "sr-lienet": lienet}
    params["train"] |= {
        "steps": 6,
        "batch_size": 2,
        "patch_px": 16,
        "num_threads": 1,
        "log_every_steps": 2,
        "validate_every_steps": 3,
        "checkpoint_every_steps": 3,
        "max_valid_tiles": 2,
    }
    params["evaluate"] |= {"bootstrap_resamples": 100, "keep_images_per_set": 1}
    params["evaluate"]["latency"] = {"input_height_px": 32, "input_width_px": 32, "num_runs": 2}
    params["evaluate"]["macs_output_height_px"] = 64
    params["evaluate"]["macs_output_width_px"] = 64
    params["report"] |= {"figure_crop_px": 64, "max_figure_images": 1}
    return params
