"""Start-up: every stage is a process, so what it loads before it works is paid again each time.

Each command is run in turn with a bare interpreter, several rounds; medians.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

_NUM_ROUNDS = 5
_BARE = "bare interpreter"
_COMMANDS = {
    _BARE: ["-c", "pass"],
    "lienet --help": ["-m", "lienet", "--help"],
    "download": ["-c", "import lienet.stages.download"],
    "filter": ["-c", "import lienet.stages.filter"],
    "synthesize": ["-c", "import lienet.stages.synthesize"],
    "report": ["-c", "import lienet.stages.report"],
}
_TARGETS_S = {"lienet --help": 0.5, "download": 1.5, "filter": 1.5, "synthesize": 1.5}


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return seconds of each command, and as a ratio to an interpreter that does nothing."""
    del data_dir
    times_s: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for is_warm in (False, *[True] * _NUM_ROUNDS):
        for name, words in _COMMANDS.items():
            taken_s = _time(words)
            if is_warm:
                times_s[name].append(taken_s)
    medians_s = {name: median(taken) for name, taken in times_s.items()}
    results: dict[str, float | str] = {}
    for name, taken_s in medians_s.items():
        results[f"{name}_s"] = taken_s
        if name != _BARE:
            results[f"{name}_ratio_to_bare"] = taken_s / medians_s[_BARE]
        if name in _TARGETS_S:
            is_met = taken_s < _TARGETS_S[name]
            results[f"{name}_target"] = f"{'met' if is_met else 'missed'}: {_TARGETS_S[name]} s"
    return results


def _time(words: list[str]) -> float:
    root = Path(__file__).resolve().parent.parent
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *words],
        check=True,
        capture_output=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": path},
    )
    return time.perf_counter() - started
