from __future__ import annotations

from pathlib import Path

import pytest

from lienet.errors import ModelError
from lienet.evaluation.runtime_costs import measure_runtime
from tests.deployment.repeating import write_repeating

SIZE = {"height_px": 256, "width_px": 256, "num_runs": 2, "num_threads": 1}


def test_a_file_is_measured_in_a_process_of_its_own(tmp_path: Path):
    found = measure_runtime(write_repeating(tmp_path / "a file.onnx", 4), **SIZE)
    assert found.latency_ms > 0
    assert found.peak_memory_mb is not None
    # The output alone is 3 x 1024 x 1024 numbers of four bytes.
    assert 12 <= found.peak_memory_mb < 120


def test_memory_grows_with_the_output(tmp_path: Path):
    small, large = (
        measure_runtime(write_repeating(tmp_path / f"{scale}.onnx", scale), **SIZE)
        for scale in (1, 8)
    )
    assert small.peak_memory_mb is not None
    assert large.peak_memory_mb is not None
    assert large.peak_memory_mb > small.peak_memory_mb + 30


def test_a_file_that_cannot_run_is_one_error(tmp_path: Path):
    (tmp_path / "bad.onnx").write_text("no network")
    with pytest.raises(ModelError, match=r"cannot be measured: .*not a usable ONNX file"):
        measure_runtime(tmp_path / "bad.onnx", **SIZE)
