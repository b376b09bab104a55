"""Synthesize: splits by image, the same bytes by any number of workers and after SIGKILL."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from lienet.degradations.ageing import degrade_old_photo
from lienet.degradations.face import degrade_face
from lienet.degradations.old_photo import OldPhotoDegradation
from lienet.degradations.old_photo_look import draw_old_photo
from lienet.draws import draw_splits, generators_of, keyed_generator
from lienet.errors import DataError
from lienet.images import decode_image, encode_jpeg, encode_png
from lienet.shards.pairs import decode_pair
from lienet.shards.reading import iterate_samples, read_index
from lienet.stages import synthesize
from tests.stages.studio import Studio, Tree, noise


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


def test_the_items_are_the_tasks_in_the_order_of_params(studio: Studio):
    assert synthesize.list_items(studio.save()) == ["face", "old_photo", "sr"]


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
    shares = {
        name: share
        for name, share in studio.content["synthesize"]["split"].items()
        if name.endswith("_share")
    }
    splits = draw_splits(studio.content["seed"], keys, **shares)
    for split in ("train", "valid", "test"):
        drawn = [key for key, its in zip(keys, splits, strict=True) if its == split]
        assert studio.images(split) == sorted(drawn)


@pytest.mark.parametrize("task", ["sr", "face", "old_photo"])
def test_any_number_of_workers_gives_the_same_bytes(
    make_studio: Callable[[str], Studio], task: str
):
    trees = []
    for num_workers in (1, 2):
        studio = make_studio(str(num_workers))
        studio.task = task
        for number in range(9):
            split = ("train", "train", "test")[number % 3]
            studio.add(f"k{number}", split, noise(number, 64 + 40 * number, 150))
        trees.append(studio.run(num_workers))
    assert trees[0] == trees[1]
    assert len(trees[0]) == 4 + 2 + 1  # each split's index, two shards, the list of photographs


def test_faces_keep_their_size_and_lose_nothing_to_a_codec(studio: Studio):
    studio.task = "face"
    pixels = noise(0, 131, 98)
    studio.add("t", "train", pixels)
    studio.add("e", "test", pixels)
    studio.run()
    folder = studio.workspace.shards_dir("face")
    (sample,) = iterate_samples(folder / "test")
    degraded, reference = decode_pair(sample, 1)
    assert np.array_equal(reference, pixels[:128, :96])
    assert np.array_equal(degraded, degrade_face(pixels[:128, :96], factor=4))
    tile = list(iterate_samples(folder / "train"))[-1]
    top, left = tile.info["top_px"], tile.info["left_px"]
    assert np.array_equal(decode_pair(tile, 1)[0], degraded[top : top + 64, left : left + 64])


def test_every_tile_of_an_old_photograph_has_a_look_of_its_own(studio: Studio):
    studio.task = "old_photo"
    studio.add("t", "train", noise(0, 64, 128))
    studio.add("e", "test", noise(1, 65, 99))
    studio.run()
    folder = studio.workspace.shards_dir("old_photo")
    recipe = OldPhotoDegradation.model_validate(studio.content["synthesize"]["tasks"]["old_photo"])
    looks = []
    for sample in (*iterate_samples(folder / "train"), *iterate_samples(folder / "test")):
        degraded, reference = decode_pair(sample, 1)
        draw = generators_of(studio.content["seed"], "old_photo", sample.key)
        look = draw_old_photo(recipe, draw)
        again = degrade_old_photo(reference, look, draw)
        assert sample.degraded[1] == again
        assert sample.info["look"] == json.loads(json.dumps(asdict(look)))
        assert degraded.shape == reference.shape
        looks.append(look)
    assert len(set(looks)) == 3


def test_real_old_photographs_stand_beside_without_a_reference(studio: Studio):
    studio.task = "old_photo"
    studio.add("t", "train", noise(0, 64, 64))
    jpeg = encode_jpeg(noise(1, 80, 70), quality=80, chroma="4:2:0")
    images = {
        "scan": jpeg,
        "scan_2": encode_png(noise(2, 66, 67)),
        "speck": encode_png(noise(3, 9, 9)),
    }
    studio.add_source("attic", "test", images)
    studio.content["filter"]["exempt_sources"] = ["attic"]
    studio.content["synthesize"]["real_sources"] = ["attic"]
    studio.run()
    folder = studio.workspace.shards_dir("old_photo")
    scan, scan_2 = iterate_samples(folder / "real")
    assert (scan.reference_png, scan.degraded) == (None, {1: jpeg})
    assert np.array_equal(decode_image(scan_2.degraded[1]), noise(2, 66, 67))
    assert scan.info["test_set"] == "attic"
    assert studio.images("test") == []
    with pytest.raises(DataError, match="sample scan is a real photograph without a reference"):
        decode_pair(scan, 1)
    studio.task = "sr"
    studio.run()
    assert studio.images("real") == studio.images("test") == []


def test_a_task_is_made_of_its_own_sources(studio: Studio):
    studio.add("t", "train", noise(0, 64, 64))
    studio.add_source("faces", "auto", {f"f{n}": encode_png(noise(n, 64, 64)) for n in range(6)})
    studio.content["filter"]["consented_sources"] = ["faces"]
    studio.content["synthesize"]["tasks"]["face"]["sources"] = ["photos", "faces"]
    studio.content["synthesize"]["split"]["test_images"] = {"faces": 4}
    studio.run()
    assert studio.images("train") == ["t"]
    assert studio.images("test") == []
    studio.task = "face"
    studio.run()
    lots = {
        key: keyed_generator(studio.content["seed"], "split", key).random()
        for key in (f"f{n}" for n in range(6))
    }
    lowest = sorted(sorted(lots, key=lots.__getitem__)[:4])
    assert studio.images("test") == lowest
    assert studio.images("train") == [*sorted(set(lots) - set(lowest)), "t"]
    studio.content["synthesize"]["split"]["test_images"] = {"faces": 6}
    with pytest.raises(DataError, match=r"asks for 6 images of faces, .*got 6 that were kept"):
        studio.run()


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


@pytest.mark.parametrize(("task", "num_workers"), [("sr", 1), ("sr", 2), ("old_photo", 2)])
def test_killed_half_way_and_run_again_it_gives_the_bytes_of_an_unbroken_run(
    make_studio: Callable[[str], Studio], task: str, num_workers: int
):
    unbroken, killed = make_studio("unbroken"), make_studio("killed")
    for studio in (unbroken, killed):
        studio.task = task
        studio.content["synthesize"]["shard_max_mb"] = 1
        for number in range(24):
            pixels = noise(number, 256, 256)
            studio.add(f"k{number:02d}", "train" if number < 20 else "test", pixels)
    expected = unbroken.run()
    killed.save(num_workers)
    shards_dir = killed.workspace.shards_dir(task)
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
        [sys.executable, "-m", "lienet", "synthesize", studio.task],
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
