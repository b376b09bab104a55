"""Finding the topics, measuring each in a fresh process, and saying what they were measured on."""

from __future__ import annotations

import importlib
import math
import multiprocessing
import os
import platform
import subprocess
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from lienet.processor import read_processor_name

Measured = dict[str, float | str]


def find_topics(folder: Path) -> list[str]:
    """Return the topics of a folder's ``bench_<topic>.py`` files, sorted."""
    return sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))


def measure_topic(topic: str, data_dir: Path | None) -> Measured:
    """Run ``bench.bench_<topic>.measure`` in a process of its own, so that none slows another.

    Raises:
        ValueError: a figure is not finite.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        measured = pool.submit(_measure, topic, data_dir).result()
    for name, value in measured.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{topic}.{name} is {value}")
    return measured


def describe_machine(root: Path) -> dict[str, object]:
    """Return the commit, the date, the processor and the versions that speed depends on."""
    return {
        "commit": _ask_git(root, "rev-parse", "HEAD") or "none",
        "has_local_changes": bool(_ask_git(root, "status", "--porcelain", "--", "lienet", "bench")),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": read_processor_name(),
        "num_cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "torch": version("torch"),
    }


def _measure(topic: str, data_dir: Path | None) -> Measured:
    module = importlib.import_module(f"bench.bench_{topic}")
    measured: Measured = module.measure(data_dir)
    return measured


def _ask_git(root: Path, *arguments: str) -> str:
    try:
        ran = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""
