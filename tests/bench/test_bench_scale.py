"""The scale bench runs by the params of today."""

from __future__ import annotations

from pathlib import Path

from bench.bench_scale import STAGES, run_stage, write_photographs
from lienet.shards.reading import read_index


def test_its_stages_run_on_a_few_photographs(tmp_path: Path):
    write_photographs(tmp_path / "photos", 3)
    for stage in STAGES:
        run_stage(tmp_path, stage)
    index = read_index(tmp_path / "data" / "shards" / "face" / "train")
    assert index.num_images == 3
