"""Measured models in a workspace, with whatever scores a test wants; nothing is trained."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from lienet.evaluation.benchmark import results_as_json, summarise
from lienet.evaluation.intervals import make_bound
from lienet.evaluation.scores import ImageScore, scores_as_csv
from lienet.files import write_json, write_text
from lienet.params import Params
from lienet.workspace import Workspace
from tests.deployment.repeating import write_repeating
from tests.networks.untrained import store_untrained
from tests.timed import write_timings

TEST_SHA256 = "7e57" * 16
PROTOCOLS = ("x4_q20_luma", "x4_q20_rgb")
NUM_IMAGES = 12


def make_scores(
    gain_db: float,
    *,
    spread_db: float = 0.02,
    num_images: int = NUM_IMAGES,
    changes: Mapping[str, float] | None = None,
) -> list[ImageScore]:
    """Return scores over a baseline of 25 dB: each image gains about ``gain_db``."""
    noise = np.random.default_rng(5).normal(0.0, spread_db, num_images)
    return [
        ImageScore(
            protocol=protocol,
            test_set="near",
            key=f"near__{place:02}",
            values={
                "psnr_db": round(25.0 + gain_db + float(noise[place]), 6),
                "ssim": 0.8 + (changes or {}).get("ssim", 0.0),
                "vmaf": 60.0 + (changes or {}).get("vmaf", 0.0),
            },
            baseline={"psnr_db": 25.0, "ssim": 0.75, "vmaf": 50.0},
        )
        for protocol in PROTOCOLS
        for place in range(num_images)
    ]


def write_measured(
    params: Params,
    workspace: Workspace,
    key: str,
    scores: list[ImageScore],
    *,
    seed: int = 0,
    latency_ms: float | None = 100.0,
    **facts: Any,
) -> None:
    """Write all that a trained, exported, evaluated and timed model leaves behind."""
    spec = params.models[key]
    model_dir = workspace.model_dir(spec.task, spec.name)
    run_key = hashlib.sha256(f"{key}{seed}".encode()).hexdigest()
    card = store_untrained(model_dir, spec, seed=seed, run_key=run_key)
    write_repeating(model_dir / "model.onnx", spec.scale, producer=f"seed {seed}")
    onnx_sha256 = hashlib.sha256((model_dir / "model.onnx").read_bytes()).hexdigest()
    report = {"max_error": 1e-6, "tolerance": 1e-4, "onnx_sha256": onnx_sha256}
    write_json(workspace.export_report_path(spec.task, spec.name), report)
    height_px, width_px = (
        params.evaluate.macs_output_height_px,
        params.evaluate.macs_output_width_px,
    )
    write_json(
        workspace.evaluation_path(spec.task, spec.name),
        {
            "task": spec.task,
            "model": spec.name,
            "architecture": spec.architecture,
            "scale": spec.scale,
            "num_params": card.num_params,
            "num_macs": 7_000_000_000,
            "macs_output_px": [height_px, width_px],
            "steps": card.steps,
            "data_sha256": {"test": TEST_SHA256},
            "weights_sha256": card.weights_sha256,
            "results": results_as_json(summarise(scores, make_bound(0.9))),
            **facts,
        },
    )
    if latency_ms is not None:
        sha256 = facts.get("weights_sha256", card.weights_sha256)
        write_timings(workspace, spec.task, {spec.name: (sha256, latency_ms)})
    folder = workspace.evaluation_dir(spec.task, spec.name)
    write_text(folder / "per_image.csv", scores_as_csv(scores))
