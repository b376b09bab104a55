"""The pipeline's parts against what one would write or install otherwise, in one run.

Training is held against a plain torch script and, where it is installed, Lightning's Trainer; VMAF
against one ffmpeg for each image and ffmpeg-quality-metrics; the filter against a plain loop over
the same detectors; synthesize against a Pillow loop in a pool of processes. ``make peers``
installs the packages into an environment of their own; what is not there is left out, and said.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.bench_privacy import make_photographs
from bench.bench_synthesize import prepare, run_stage
from bench.bench_vmaf import compress, load_references, measure_batch
from bench.own_training import count_patches_per_s, make_tiles, write_tiles
from bench.peer_filter import PlainFilter
from bench.peer_synthesize import synthesize_plainly
from bench.peer_training import BATCH
from bench.photographs import read_photographs
from lienet.evaluation.vmaf import measure_vmaf
from lienet.images import encode_png
from lienet.screening.detection import DEFAULT_DETECTION
from lienet.screening.inspector import Inspector

ROOT = Path(__file__).resolve().parent.parent
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
NUM_STEPS, NUM_PHOTOGRAPHS, NUM_WORKERS, NUM_VMAF = 12, 240, 2, 6
NUM_ROUNDS = 3
LEFT_OUT = "left out: not installed (make peers)"
Measured = dict[str, float | str]


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return each figure, theirs and ours, and the ratio: above one, ours is faster."""
    return {
        **_compare_training(data_dir),
        **_compare_vmaf(data_dir),
        **_compare_filter(data_dir),
        **_compare_synthesize(data_dir),
    }


def _compare_training(data_dir: Path | None) -> Measured:
    """Patches by processor second, reading included, of the same network, tiles and steps."""
    tiles = make_tiles(data_dir)
    with tempfile.TemporaryDirectory() as name:
        write_tiles(tiles, Path(name))
        script = _ask_peer(sys.executable, "bench.peer_training", name, str(NUM_STEPS))
        trainer = _ask_peer(str(PEERS_PYTHON), "bench.peer_lightning", name, str(NUM_STEPS))
    ours = count_patches_per_s(tiles, NUM_STEPS)
    told: Measured = {"training_patches_per_processor_s": ours}
    for peer, found in (("script", script), ("lightning", trainer)):
        if found is None:
            told[f"training_against_{peer}_ratio"] = LEFT_OUT
            continue
        theirs = NUM_STEPS * BATCH / found["processor_s"]
        told[f"training_{peer}_patches_per_processor_s"] = theirs
        told[f"training_against_{peer}_ratio"] = ours / theirs
    return told


def _compare_vmaf(data_dir: Path | None) -> Measured:
    """Seconds for each image, by the clock."""
    pairs = [(each, compress(each)) for each in load_references(data_dir)[:NUM_VMAF]]
    alone_s = _time(lambda: [measure_vmaf(*pair) for pair in pairs]) / len(pairs)
    ours_s = _time(lambda: measure_batch(pairs)) / len(pairs)
    told: Measured = {
        "vmaf_s_per_image": ours_s,
        "vmaf_one_process_each_s_per_image": alone_s,
        "vmaf_against_one_process_each_ratio": alone_s / ours_s,
    }
    with tempfile.TemporaryDirectory() as name:
        for number, pair in enumerate(pairs):
            for side, pixels in zip(("reference", "distorted"), pair, strict=True):
                (Path(name) / f"{side}{number}.png").write_bytes(encode_png(pixels))
        found = _ask_peer(str(PEERS_PYTHON), "bench.peer_vmaf", name)
    if found is None:
        return told | {"vmaf_against_quality_metrics_ratio": LEFT_OUT}
    theirs_s = found["seconds"] / len(pairs)
    return told | {
        "vmaf_quality_metrics_s_per_image": theirs_s,
        "vmaf_against_quality_metrics_ratio": theirs_s / ours_s,
    }


def _compare_filter(data_dir: Path | None) -> Measured:
    """Images by processor second; both look for faces and text in every image."""
    contents = make_photographs(data_dir)
    inspector, plain = Inspector(DEFAULT_DETECTION), PlainFilter(DEFAULT_DETECTION)

    def inspect_all() -> None:
        for content in contents:
            inspector.inspect_bytes(content)

    def look_plainly() -> None:
        for content in contents:
            plain.look(content)

    ours_s = _time(inspect_all, time.process_time) / len(contents)
    theirs_s = _time(look_plainly, time.process_time) / len(contents)
    return {
        "filter_images_per_processor_s": 1 / ours_s,
        "filter_plain_images_per_processor_s": 1 / theirs_s,
        "filter_against_plain_ratio": theirs_s / ours_s,
    }


def _compare_synthesize(data_dir: Path | None) -> Measured:
    """Photographs by second of the clock, two processes each, start-up included."""
    photographs = read_photographs(data_dir, at_most=12)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder / "ours", photographs, NUM_PHOTOGRAPHS)
        ours_s = _time(lambda: run_stage(folder / "ours", NUM_WORKERS))
        contents = [photographs[n % len(photographs)] for n in range(NUM_PHOTOGRAPHS)]
        theirs_s = _time(lambda: synthesize_plainly(contents, folder / "theirs", NUM_WORKERS))
    return {
        "synthesize_photographs_per_s": NUM_PHOTOGRAPHS / ours_s,
        "synthesize_pillow_photographs_per_s": NUM_PHOTOGRAPHS / theirs_s,
        "synthesize_against_pillow_ratio": theirs_s / ours_s,
    }


def _ask_peer(python: str, *words: str) -> dict[str, float] | None:
    """Return what a peer's script prints last, as JSON; None where it is not installed."""
    if not Path(python).is_file():
        return None
    command = [python, "-m", *words]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"{words[0]} failed: {ran.stderr.strip()[-300:]}")
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _time(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median time of several rounds."""
    seconds = []
    for _ in range(NUM_ROUNDS):
        started = clock()
        work()
        seconds.append(clock() - started)
    return statistics.median(seconds)
