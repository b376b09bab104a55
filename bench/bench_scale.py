"""Scale: a million rows through planning, and the memory of the data stages as images grow.

Each figure is taken in a process of its own; times are of the processor. The million rows come in
no order, which is the most work for a manifest. The longest curve has 10,000 images, where all
buffers are full; LIENET_BENCH_IMAGES=100000 shows what an image adds.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from lienet.manifests.planning import SPLITS, plan_task
from lienet.manifests.records import (
    FilterRecord,
    ImageRecord,
    iterate_kept,
    write_filtered,
    write_manifest,
)
from lienet.params import Params, load_params
from lienet.stages import download, synthesize
from lienet.stages import filter as filter_
from lienet.workspace import Workspace

NUM_ROWS = 1_000_000
NUM_IMAGES = (1_000, int(os.environ.get("LIENET_BENCH_IMAGES", "10000")))
SIDE_PX = 64
_PROFILE = Path(__file__).parents[1] / "profiles" / "sample.yaml"
_NOT_LABELLED = 10
"""One image of so many is refused by the labels that are made up here."""
STAGES = {"download": download.run, "filter": filter_.run, "synthesize": synthesize.run}


def measure(data_dir: Path | None) -> dict[str, float | str]:
    """Return seconds and gigabytes of a million rows, and each stage's growth by image."""
    del data_dir
    measured: dict[str, float | str] = {}
    with tempfile.TemporaryDirectory() as name:
        seconds, peak_bytes = _apart(_write_rows, Path(name), NUM_ROWS)
        measured["scale_million_rows_raw_manifest_cpu_s"] = seconds
        measured["scale_million_rows_raw_manifest_peak_gb"] = peak_bytes / 1e9
        seconds, peak_bytes = _apart(_plan_rows, Path(name))
    measured["scale_million_rows_cpu_s"] = seconds
    measured["scale_million_rows_peak_gb"] = peak_bytes / 1e9
    is_met = seconds < 60 and peak_bytes < 2e9
    measured["scale_million_rows_target"] = f"{'met' if is_met else 'missed'}: 60 s, 2 GB"
    peaks: dict[str, list[float]] = {name: [] for name in STAGES}
    with tempfile.TemporaryDirectory() as name:
        for num_images in NUM_IMAGES:
            root = Path(name) / str(num_images)
            write_photographs(root / "photos", num_images)
            for stage in STAGES:
                seconds, peak_bytes = _apart(run_stage, root, stage)
                peaks[stage].append(peak_bytes)
                measured[f"scale_{stage}_{num_images}_peak_mb"] = peak_bytes / 1e6
                measured[f"scale_{stage}_{num_images}_images_per_cpu_s"] = num_images / seconds
    for stage, (few, many) in peaks.items():
        measured[f"scale_{stage}_memory_growth"] = many / few
        measured[f"scale_{stage}_bytes_per_image"] = (many - few) / (NUM_IMAGES[1] - NUM_IMAGES[0])
    return measured


def _apart(work: Callable[..., None], *arguments: object) -> tuple[float, int]:
    """Return the processor time and the peak memory of a fresh process that does the work."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_watched, work, arguments).result()


def _watched(work: Callable[..., None], arguments: tuple[object, ...]) -> tuple[float, int]:
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _write_rows(root: Path, num_rows: int) -> None:
    """Write the raw manifest of a made-up source."""
    write_manifest(_raw_manifest(Workspace(root)), _make_rows(num_rows))


def _plan_rows(root: Path) -> None:
    """Take rows from the raw manifest to the shard of each.

    That is: refuse by label, refuse near-duplicates, split, look for leaks, assign.
    """
    workspace = Workspace(root)
    filtered_path = workspace.filtered_dir("sample") / "manifest.parquet"
    params = load_params(_PROFILE)
    raw_rows = iterate_kept(_raw_manifest(workspace))
    write_filtered(
        filtered_path,
        map(_refuse_by_label, raw_rows),
        max_hash_distance=params.filter.gates.max_hash_distance,
    )
    with plan_task(params, workspace, "sr") as plan:
        for split in SPLITS:
            plan.assign_shards(split, shard_max_bytes=params.synthesize.shard_max_mb * 10**6)
        plan.write_trained_on(workspace.trained_on_path("sr"))


def _raw_manifest(workspace: Workspace) -> Path:
    return workspace.raw_dir("sample") / "manifest.parquet"


def _make_rows(num_rows: int) -> Iterator[ImageRecord]:
    for number in range(num_rows):
        sha256 = hashlib.sha256(str(number).encode()).hexdigest()
        yield ImageRecord(
            key=f"sample__{sha256[:16]}",
            source="sample",
            path=f"images/sample__{sha256[:16]}.jpg",
            sha256=sha256,
            size_bytes=300_000,
            width_px=1024,
            height_px=683,
            format="jpeg",
            licence="CC-BY-2.0",
            author=f"author {number % 5000}",
            origin=f"https://www.flickr.com/photos/{number}",
            split="auto",
            status="kept",
            reason="",
        )


def _refuse_by_label(record: ImageRecord) -> FilterRecord:
    is_refused = int(record.sha256[:4], 16) % _NOT_LABELLED == 0
    return FilterRecord(
        **vars(record),
        verdict="refuse" if is_refused else "keep",
        reasons=("face",) if is_refused else (),
        detector="labels",
        score=0.0,
        boxes="[]",
        perceptual_hash=record.sha256[-16:],
    )


def write_photographs(folder: Path, number: int) -> None:
    """Write small JPEGs, no two of the same bytes."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
    for place in range(number):
        stream = io.BytesIO()
        noise[0, 0] = place % 256, place // 256 % 256, place // 65536
        Image.fromarray(noise).save(stream, "JPEG", quality=90, comment=str(place))
        (folder / f"{place:06d}.jpg").write_bytes(stream.getvalue())


def run_stage(root: Path, stage: str) -> None:
    """Run a data stage of one source in one process; nobody looks for faces, so as to be quick."""
    item = "face" if stage == "synthesize" else "photos"
    STAGES[stage](_make_params(root), Workspace(root), item)


def _make_params(root: Path) -> Params:
    content = load_params(_PROFILE).model_dump()
    content["num_workers"] = 1
    source = {"kind": "folder", "path": str(root / "photos"), "split": "train"}
    others = {"manifest": None, "permitted_use": None, "licence": "CC0", "author": "nobody"}
    sources = {"photos": source | others, "others": source | others}
    content["download"] |= {"min_side_px": SIDE_PX, "sources": sources}
    content["filter"] |= {"exempt_sources": [], "consented_sources": ["photos"]}
    for task, recipe in content["synthesize"]["tasks"].items():
        recipe["sources"] = ["photos" if task == "face" else "others"]
    return Params.model_validate(content)
