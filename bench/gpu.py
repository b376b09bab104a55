"""``python -m bench.gpu FOLDER``: what a lent GPU is used for, in one go of so many minutes.

First the tests that need a GPU; then, for every model of a profile, the rate of training steps and
what bounds it; last the profile's schedule of one model, shortened to the time that is left. What
was found lies in FOLDER after each part: ``report.json``, ``tests.txt``, ``profiles.txt``,
``history.csv``, ``checkpoint.pt``, ``weights.safetensors``. It runs on a processor, too.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from bench.gpu_rates import measure_rates
from bench.gpu_schedule import train_for
from bench.runner import describe_machine
from lienet.files import write_json
from lienet.params import load_params

ROOT = Path(__file__).resolve().parent.parent
MODEL = "sr-lienet"
TESTS_SHARE, RATES_SHARE = 0.2, 0.5
"""The shares of the whole time that are over when a part has to be."""
CLOSING_S = 20.0
PYTEST_INI = """[pytest]
addopts = --import-mode=importlib -m gpu -p no:cacheprovider
pythonpath = {root}
markers =
    gpu: needs a GPU
    slow: takes long
    services: starts a server
"""
logger = logging.getLogger("bench.gpu")


def main(arguments: list[str] | None = None) -> int:
    """Do all parts within the minutes; return 1 if one failed."""
    asked = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    started, budget_s = time.monotonic(), 60 * asked.minutes
    asked.folder.mkdir(parents=True, exist_ok=True)
    params = load_params(asked.params)
    report: dict[str, Any] = {**describe_machine(ROOT), "card": _name_card(), "failures": {}}

    def do(name: str, part: Callable[[], Any]) -> None:
        logger.info("%s, %.0f s after the start", name, time.monotonic() - started)
        try:
            report[name] = part()
        except Exception as error:  # one broken part must not cost the others' figures
            logger.exception("%s failed", name)
            report["failures"][name] = f"{type(error).__name__}: {error}"
        write_json(asked.folder / "report.json", report)

    do("tests", lambda: _run_tests(asked.folder, TESTS_SHARE * budget_s))
    common = {"folder": asked.folder, "accelerator": asked.accelerator}
    until_s = started + RATES_SHARE * budget_s
    do("rates", lambda: measure_rates(params, **common, num_steps=asked.steps, until_s=until_s))
    ends_s, rates = started + budget_s - CLOSING_S, report.get("rates", {}).get(MODEL, {})
    do(
        "schedule",
        lambda: train_for(
            params, MODEL, **common, data_dir=asked.data, rates=rates, until_s=ends_s
        ),
    )
    logger.info("written to %s", asked.folder)
    return 1 if report["failures"] else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--params", type=Path, default=ROOT / "profiles" / "paper.yaml")
    parser.add_argument("--accelerator", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--steps", type=int, default=300, help="timed of each model")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("LIENET_TEST_DATA"),
        help="a folder of real photographs; those that ship in scikit-image are used without",
    )
    return parser.parse_args(arguments)


def _name_card() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "none"


def _run_tests(folder: Path, timeout_s: float) -> str:
    """Run the tests marked ``gpu``, with pytest alone; return its last line.

    Raises:
        RuntimeError: one failed.
    """
    ini = folder / "pytest.ini"
    ini.write_text(PYTEST_INI.format(root=ROOT), encoding="utf-8")
    found = [
        str(path)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "mark.gpu" in path.read_text(encoding="utf-8")
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ini), f"--rootdir={ROOT}", *found]
    try:
        ran = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    finally:
        ini.unlink()
    (folder / "tests.txt").write_text(ran.stdout + ran.stderr, encoding="utf-8")
    if ran.returncode:
        raise RuntimeError(f"see tests.txt: {ran.stdout.strip().splitlines()[-1:]}")
    return ran.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
