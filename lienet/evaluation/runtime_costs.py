"""Latency and peak memory of an exported file in its real runtime, in a process of its own.

A process of its own holds nothing but the runtime, so that its memory is the file's and no other
network warms the threads. Run as a module it measures one file and writes one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lienet.deployment.runtimes import open_network
from lienet.errors import LienetError, ModelError
from lienet.evaluation.timing import median_ms

_STATUS, _CLEAR_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_NUM_WARM_UPS = 2


@dataclass(frozen=True)
class RuntimeCosts:
    """One file at one number of threads."""

    latency_ms: float
    """Median over runs."""
    peak_memory_mb: float | None
    """What running adds to a process that has opened the file; None where Linux does not say."""


def measure_runtime(
    path: Path, *, height_px: int, width_px: int, num_runs: int, num_threads: int
) -> RuntimeCosts:
    """Measure a file in a new process.

    Args:
        path: the file.
        height_px: height of the input.
        width_px: width of the input.
        num_runs: runs timed, after two that are not.
        num_threads: threads of the runtime.

    Raises:
        ModelError: the file cannot be run.
    """
    sizes = [f"--{name}={value}" for name, value in (
        ("height", height_px), ("width", width_px), ("runs", num_runs), ("threads", num_threads),
    )]  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-m", __name__, str(path), *sizes],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        said = (ran.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise ModelError(f"{path} cannot be measured: {said[:200]}")
    return RuntimeCosts(**json.loads(ran.stdout.strip().splitlines()[-1]))


def measure_here(
    path: Path, *, height_px: int, width_px: int, num_runs: int, num_threads: int
) -> RuntimeCosts:
    """Measure a file in this process, which should hold nothing else; as above."""
    network = open_network(path, num_threads=num_threads)
    size_px = network.fit_size(height_px, width_px)
    noise = np.random.default_rng(0).random((1, 3, *size_px), dtype=np.float32)
    _forget_peak()
    before_mb = _read_memory_mb("VmRSS")
    latency_ms = median_ms(lambda: network(noise), num_runs=num_runs, num_warm_ups=_NUM_WARM_UPS)
    peak_mb = _read_memory_mb("VmHWM")
    grown_mb = None if peak_mb is None or before_mb is None else peak_mb - before_mb
    return RuntimeCosts(latency_ms, grown_mb)


def _forget_peak() -> None:
    """Let the peak begin anew, which loading the runtime may have set higher than any run will."""
    with suppress(OSError):
        _CLEAR_PEAK.write_text("5")


def _read_memory_mb(name: str) -> float | None:
    if not _STATUS.is_file():
        return None
    for line in _STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return float(line.split()[1]) / 1024
    return None


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    for name in ("height", "width", "runs", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    asked = parser.parse_args()
    try:
        found = measure_here(
            asked.path,
            height_px=asked.height,
            width_px=asked.width,
            num_runs=asked.runs,
            num_threads=asked.threads,
        )
    except LienetError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
    sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    _main()
