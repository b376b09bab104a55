"""What train, export and evaluate leave behind of a model, written by hand in no time."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from lienet.evaluation.scores import ImageScore, Interval, Result, scores_as_csv
from lienet.files import write_bytes, write_json, write_text
from lienet.params import Params, load_params
from lienet.workspace import Workspace
from tests.timed import write_timings

ITEM = "sr-lienet"
RUN_KEY = "0123456789abcdef" * 4
WEIGHTS = "beef" * 16
TEST_SHA256 = "7e57" * 16
HEADLINE = "x4_q20_luma"


def load_sample(repository: Path) -> Params:
    """Return the params of the profile sample."""
    return load_params(repository / "profiles" / "sample.yaml")


def write_training(
    workspace: Workspace, num_rows: int = 3, *, weights: str = WEIGHTS, run_key: str = RUN_KEY
) -> None:
    """Write card and history: a loss in each row, a validation score in the last."""
    model_dir = workspace.model_dir("sr", "lienet")
    card = {
        "task": "sr", "name": "lienet", "architecture": "lienet", "scale": 4, "num_params": 100,
        "spec": {"architecture": "lienet", "channels": 4}, "steps": 10 * num_rows, "seed": 5,
        "data_sha256": {"train": "1" * 64, "valid": "2" * 64}, "run_key": run_key,
        "weights_sha256": weights, "valid_psnr_db": 25.5,
        "training": {"train": {"learning_rate": 1e-3}, "objective": {"pixel": "mse"}},
    }  # fmt: skip
    write_json(model_dir / "model.json", card)
    write_bytes(model_dir / "weights.safetensors", b"weights")
    lines = [f"{row['step']},{row['loss']},{row['valid_psnr_db'] or ''}" for row in rows(num_rows)]
    write_text(model_dir / "history.csv", "\n".join(["step,loss,valid_psnr_db", *lines, ""]))


def rows(num_rows: int) -> list[dict[str, float | int | None]]:
    """Return the rows of the history that :func:`write_training` writes."""
    return [
        {"step": 10 * n, "loss": 1 / (3 * n), "valid_psnr_db": 25.5 if n == num_rows else None}
        for n in range(1, num_rows + 1)
    ]


def write_export(workspace: Workspace, *, weights: str = WEIGHTS) -> None:
    """Write an ONNX file that names its weights, and its parity report."""
    onnx = f"no network, made of {weights}".encode()
    write_bytes(workspace.model_dir("sr", "lienet") / "model.onnx", onnx)
    report = {"max_error": 2e-7, "onnx_sha256": hashlib.sha256(onnx).hexdigest()}
    write_json(workspace.export_report_path("sr", "lienet"), report)


def make_result(num_images: int, psnr_db: float) -> dict[str, Any]:
    """Return one result: a score, its gain with the interval, and a measure that was not taken."""
    gain = psnr_db - 25
    means = {"psnr_db": psnr_db, "ssim": 0.8}
    return Result(num_images, means, {"psnr_db": Interval(gain, gain - 0.1, gain + 0.1)}).as_json()


def write_evaluation(
    workspace: Workspace,
    psnr_db: float = 26.0,
    *,
    weights: str = WEIGHTS,
    test_sha256: str = TEST_SHA256,
    **changes: Any,
) -> None:
    """Write a report of two test sets under two protocols, the scores and one picture."""
    sets = {"near": make_result(3, psnr_db), "far": make_result(1, psnr_db + 2)}
    report = {
        "task": "sr", "model": "lienet", "num_params": 100, "num_macs": 7_000,
        "data_sha256": {"test": test_sha256}, "weights_sha256": weights,
        "results": {HEADLINE: sets, "x4_q20_rgb": {"near": make_result(3, psnr_db - 1)}},
    } | changes  # fmt: skip
    name = report["model"]
    folder = workspace.evaluation_dir("sr", name)
    write_json(workspace.evaluation_path("sr", name), report)
    values = {"psnr_db": psnr_db, "ssim": 0.8}
    baseline = {"psnr_db": 25.0, "ssim": 0.7}
    scores = [ImageScore(HEADLINE, "near", "a", values, baseline)]
    write_text(folder / "per_image.csv", scores_as_csv(scores))
    write_bytes(folder / "images" / "x4" / "a.png", b"picture")


def write_all(workspace: Workspace, num_rows: int = 3) -> None:
    """Write what all four stages leave behind."""
    write_training(workspace, num_rows)
    write_export(workspace)
    write_evaluation(workspace)
    write_timings(workspace, "sr", {"lienet": (WEIGHTS, 4.5)})
