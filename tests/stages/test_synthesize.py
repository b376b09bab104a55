"""Synthesize: splits by image, the same bytes by any number of workers and after SIGKILL."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from lienet.data.draws import draw_split
from lienet.data.manifest import FilterRecord, write_filtered
from lienet.data.shards import iterate_samples, read_index
from lienet.errors import DataError
from lienet.images import encode_png
from lienet.params import Params, parse_params
from lienet.stages import synthesize
from lienet.workspace import Workspace

Tree = dict[str, bytes]


def record_of(key: str, split: str, **changes: Any) -> FilterRecord:
    chosen: dict[str, Any] = {
        "key": key,
        "source": "photos",
        "path": f"images/{key}.png",
        "sha256": "0" * 64,
        "size_bytes": 1,
        "width_px": 0,
        "height_px": 0,
        "format": "png",
        "licence": "CC0",
        "author": "nobody",
        "origin": "here",
        "split": split,
        "status": "kept",
        "reason": "",
        "verdict": "keep",
        "reasons": (),
        "detector": "yunet",
        "score": 0.0,
        "boxes": "[]",
    }
    return FilterRecord(**{**chosen, **changes})


def noise(seed: int, height_px: int, width_px: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)


class Studio:
    """A workspace whose filtered manifest is made by hand."""

    def __init__(self, root: Path, profile: Path) -> None:
        self.workspace = Workspace(root)
        content = yaml.safe_load(profile.read_text())
        content["download"]["sources"] = {
            "photos": {
                "kind": "folder",
                "path": "photos",
                "split": "auto",
                "licence": "CC0",
                "author": "nobody",
            }
        }
        content["synthesize"]["tasks"]["sr"].update(tile_px=64, tile_stride_px=64)
        content["train"]["patch_px"] = 16
        self.content: dict[str, Any] = content
        self.records: list[FilterRecord] = []

    def add(self, key: str, split: str, pixels: np.ndarray, **changes: Any) -> None:
        """Put an image into the raw folder and the manifest."""
        record = record_of(key, split, **changes)
        path = self.workspace.raw_dir("photos") / record.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(pixels, compress_level=0))
        self.records.append(record)

    def save(self, num_workers: int = 1) -> Params:
        """Write manifest and params."""
        write_filtered(self.workspace.filtered_dir("photos") / "manifest.parquet", self.records)
        self.content["num_workers"] = num_workers
        text = yaml.safe_dump(self.content)
        self.workspace.params_path.write_text(text)
        return parse_params(text, name="params.yaml")

    def run(self, num_workers: int = 1) -> Tree:
        """Run the stage in this process; return every file it wrote."""
        synthesize.run(self.save(num_workers), self.workspace, "sr")
        return self.read()

    def read(self) -> Tree:
        """Return every file below the task's shards."""
        folder = self.workspace.shards_dir("sr")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    def images(self, split: str) -> list[str]:
        """Return the images of a split, in its order."""
        samples = iterate_samples(self.workspace.shards_dir("sr") / split)
        return list(dict.fromkeys(sample.info["image"] for sample in samples))


@pytest.fixture
def make_studio(tmp_path: Path, repository: Path) -> Callable[[str], Studio]:
    def make(name: str) -> Studio:
        root = tmp_path / name
        root.mkdir()
        return Studio(root, repository / "profiles" / "sample.yaml")

    return make


@pytest.fixture
def studio(make_studio: Callable[[str], Studio]) -> Studio:
    return make_studio("a workspace")


def test_the_items_are_the_tasks(studio: Studio):
    assert synthesize.list_items(studio.save()) == ["sr"]


def test_images_go_whole_to_their_split_and_published_sets_are_only_tested_on(studio: Studio):
    studio.add("t1", "train", noise(1, 130, 64))
    studio.add("t0", "train", noise(0, 64, 64))
    studio.add("v", "valid", noise(2, 64, 64))
    studio.add("e", "test", noise(3, 70, 90))
    studio.add("x", "train", noise(4, 64, 64), detector="exempt")
    studio.add("r", "train", noise(5, 64, 64), verdict="refuse", reasons=("face",))
    studio.run()
    assert studio.images("train") == ["t0", "t1"]
    assert studio.images("valid") == ["v"]
    assert studio.images("test") == ["e", "x"]
    folder = studio.workspace.shards_dir("sr")
    index = read_index(folder / "train")
    assert (index.task, index.split, index.num_images, index.num_samples) == ("sr", "train", 2, 3)
    assert index.params["jpeg_quality"] == 20
    first = next(iterate_samples(folder / "test"))
    assert first.info == {
        "image": "e",
        "source": "photos",
        "test_set": "photos",
        "licence": "CC0",
        "author": "nobody",
        "top_px": 0,
        "left_px": 0,
        "height_px": 68,
        "width_px": 88,
    }


def test_auto_is_drawn_by_key(studio: Studio):
    keys = [f"k{number}" for number in range(30)]
    for key in keys:
        studio.add(key, "auto", noise(0, 64, 64))
    studio.run()
    shares = studio.content["synthesize"]["split"]
    for split in ("train", "valid", "test"):
        drawn = [key for key in keys if draw_split(studio.content["seed"], key, **shares) == split]
        assert studio.images(split) == sorted(drawn)


def test_any_number_of_workers_gives_the_same_bytes(make_studio: Callable[[str], Studio]):
    trees = []
    for num_workers in (1, 2):
        studio = make_studio(str(num_workers))
        for number in range(9):
            split = ("train", "train", "test")[number % 3]
            studio.add(f"k{number}", split, noise(number, 64 + 40 * number, 150))
        trees.append(studio.run(num_workers))
    assert trees[0] == trees[1]
    assert len(trees[0]) == 3 + 2  # an index for each split, a shard for two


def test_without_training_images_it_says_so_before_any_work(studio: Studio):
    studio.add("e", "test", noise(3, 70, 90))
    with pytest.raises(DataError, match="no photograph fell to the training split, got 1"):
        studio.run()
    assert studio.read() == {}


def test_training_images_that_are_all_flat_are_an_error(studio: Studio):
    studio.add("t", "train", np.full((64, 64, 3), 9, np.uint8))
    with pytest.raises(DataError, match="no tile is left to train on"):
        studio.run()


def test_empty_splits_and_small_images_are_warned_of(
    studio: Studio, caplog: pytest.LogCaptureFixture
):
    studio.add("t", "train", noise(0, 64, 64))
    studio.add("speck", "train", noise(0, 63, 64))
    with caplog.at_level(logging.WARNING):
        studio.run()
    text = caplog.text
    assert "no photograph fell to the split valid" in text
    assert "no photograph fell to the split test" in text
    assert "image speck gives no sample" in text
    assert studio.images("train") == ["t"]
    assert read_index(studio.workspace.shards_dir("sr") / "valid").num_samples == 0


@pytest.mark.parametrize("num_workers", [1, 2])
def test_an_image_that_broke_since_is_named(studio: Studio, num_workers: int):
    studio.add("t", "train", noise(0, 64, 64))
    studio.add("u", "train", noise(0, 64, 64))
    (studio.workspace.raw_dir("photos") / "images" / "u.png").write_bytes(b"broken")
    with pytest.raises(DataError, match="image u cannot be read"):
        studio.run(num_workers)
    assert studio.read() == {}


@pytest.mark.parametrize("num_workers", [1, 2])
def test_killed_half_way_and_run_again_it_gives_the_bytes_of_an_unbroken_run(
    make_studio: Callable[[str], Studio], num_workers: int
):
    unbroken, killed = make_studio("unbroken"), make_studio("killed")
    for studio in (unbroken, killed):
        studio.content["synthesize"]["shard_max_mb"] = 1
        for number in range(24):
            pixels = noise(number, 256, 256)
            studio.add(f"k{number:02d}", "train" if number < 20 else "test", pixels)
    expected = unbroken.run()
    killed.save(num_workers)
    shards_dir = killed.workspace.shards_dir("sr")
    process = start(killed)
    await_that(lambda: list(shards_dir.glob(".train.*.part/000001.tar")), process)
    workers = children_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (shards_dir / "train").exists()
    assert list(shards_dir.glob(".train.*.part")) != []
    await_that(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    assert start(killed).wait() == 0
    assert digest(killed.read()) == digest(expected)


def start(studio: Studio) -> subprocess.Popen[bytes]:
    """Start the real command in a studio's workspace."""
    return subprocess.Popen(
        [sys.executable, "-m", "lienet", "synthesize"],
        cwd=studio.workspace.root,
        env={**os.environ, "PYTHONPATH": str(Path(synthesize.__file__).parents[2])},
        stderr=subprocess.DEVNULL,
    )


def await_that(
    condition: Callable[[], object], process: subprocess.Popen[bytes] | None = None
) -> None:
    """Wait until a condition holds; fail after two minutes or if the process ends first."""
    until = time.monotonic() + 120
    while not condition():
        assert process is None or process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.005)


def children_of(pid: int) -> list[int]:
    """Return the children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if int(parent) == pid:
            found.append(int(stat.parent.name))
    return found


def digest(tree: Tree) -> dict[str, str]:
    """Make a difference between trees readable."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in tree.items()}
