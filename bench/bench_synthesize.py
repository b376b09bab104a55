"""Synthesize: against the bare codec calls it cannot avoid, over two workers, and its memory."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np

from bench.photographs import read_photographs
from lienet.degradations.reductions import crop_to_multiple, downsample
from lienet.images import decode_image, encode_jpeg, encode_png
from lienet.manifests.photographs import Photographs
from lienet.manifests.planning import Job
from lienet.manifests.records import FilterRecord, write_filtered
from lienet.params import Params, load_params
from lienet.shards.samples import synthesize_image
from lienet.shards.tiles import list_starts
from lienet.shards.writing import write_split
from lienet.stages import synthesize
from lienet.workspace import Workspace

PROFILE = Path(__file__).parents[1] / "profiles" / "sample.yaml"
NUM_ROUNDS = 5
NUM_SCALED, NUM_SMALL = 120, 24


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Measure by processor time, but for the two workers, which are timed by the clock."""
    photographs = read_photographs(data_dir, at_most=12)
    with tempfile.TemporaryDirectory() as name:
        ratio = _compare_with_codecs(Path(name) / "codecs", photographs)
        scaling = _compare_workers(Path(name) / "workers", photographs)
        growth = _compare_memory(Path(name), photographs)
    return {
        "synthesize_vs_codec_ratio": ratio,
        "synthesize_scaling_2_workers": scaling,
        "synthesize_rss_growth": growth,
    }


def _compare_with_codecs(root: Path, photographs: list[bytes]) -> float:
    """Return the rate of the stage, shards written, over that of its codec calls alone."""
    params = load_params(PROFILE)
    degradation = params.synthesize.tasks["sr"].model_copy(update={"flat_std_min": 0.0})
    jobs = prepare(root, photographs, len(photographs))
    found = {"sample": Photographs(Workspace(root).raw_dir("sample"), None)}
    ratios = []
    for _ in range(NUM_ROUNDS):
        start = time.process_time()
        for photograph in photographs:
            _call_codecs(photograph, degradation.tile_px)
        bare = time.process_time() - start
        start = time.process_time()
        write_split(
            root / "train",
            (
                sample
                for job in jobs
                for sample in synthesize_image(
                    job, photographs=found, degradation=degradation, seed=0
                )
            ),
            task="sr",
            split="train",
            params={},
            shard_max_bytes=params.synthesize.shard_max_mb * 10**6,
        )
        ratios.append(bare / (time.process_time() - start))
    return median(ratios)


def _call_codecs(content: bytes, tile_px: int) -> None:
    """Decode, resize and encode as the stage does, and nothing else."""
    pixels = crop_to_multiple(decode_image(content), multiple=4)
    reduced = {scale: downsample(pixels, scale=scale) for scale in (2, 4)}
    for top in list_starts(pixels.shape[0], tile_px=tile_px, stride_px=tile_px):
        for left in list_starts(pixels.shape[1], tile_px=tile_px, stride_px=tile_px):
            tile = pixels[top : top + tile_px, left : left + tile_px]
            encode_png(np.ascontiguousarray(tile), compress_level=3)
            for scale, whole in reduced.items():
                y, x, side = top // scale, left // scale, tile_px // scale
                small = np.ascontiguousarray(whole[y : y + side, x : x + side])
                encode_jpeg(small, quality=20, chroma="4:2:0")


def _compare_workers(root: Path, photographs: list[bytes]) -> float:
    """Return how many times as fast two workers are as one, start-up included."""
    prepare(root, photographs, NUM_SCALED)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(2):
        for num_workers, timed in seconds.items():
            start = time.perf_counter()
            run_stage(root, num_workers)
            timed.append(time.perf_counter() - start)
    return min(seconds[1]) / min(seconds[2])


def _compare_memory(root: Path, photographs: list[bytes]) -> float:
    """Return the peak memory with four times as many images over that with fewer."""
    peaks = []
    for num_images in (NUM_SMALL, 4 * NUM_SMALL):
        folder = root / f"memory{num_images}"
        prepare(folder, photographs, num_images)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            peaks.append(pool.submit(_peak_rss, folder).result())
    return peaks[1] / peaks[0]


def _peak_rss(root: Path) -> int:
    """Run the stage with two workers; return the peaks of this process and of its largest child."""
    run_stage(root, 2)
    return sum(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def run_stage(root: Path, num_workers: int) -> None:
    """Run the stage on a workspace of :func:`prepare`."""
    params: Params = load_params(PROFILE).model_copy(update={"num_workers": num_workers})
    synthesize.run(params, Workspace(root), "sr")


def prepare(root: Path, photographs: list[bytes], num_images: int) -> list[Job]:
    """Make the workspace of a source "sample" with ``num_images`` training images."""
    workspace = Workspace(root)
    raw_dir = workspace.raw_dir("sample")
    (raw_dir / "images").mkdir(parents=True)
    jobs, records = [], []
    for number in range(num_images):
        content = photographs[number % len(photographs)]
        record = FilterRecord(
            key=f"sample__{number:04d}",
            source="sample",
            path=f"images/{number:04d}",
            sha256="",
            size_bytes=len(content),
            width_px=0,
            height_px=0,
            format="",
            licence="",
            author="",
            origin="",
            split="train",
            status="kept",
            reason="",
            verdict="keep",
            reasons=(),
            detector="none",
            score=0.0,
            boxes="[]",
        )
        (raw_dir / record.path).write_bytes(content)
        records.append(record)
        jobs.append(Job("train", record.key, "sample", record.path, "", "", ""))
    write_filtered(workspace.filtered_dir("sample") / "manifest.parquet", records)
    return jobs
