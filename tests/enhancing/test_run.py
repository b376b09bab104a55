"""Pictures are enhanced each by itself: broken ones are told, finished ones passed over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lienet.deployment.enhancer import Enhancer
from lienet.enhancing.files import plan_jobs
from lienet.enhancing.models import ChosenModel
from lienet.enhancing.run import Choices, Outcome, enhance_files
from lienet.pictures.decoding import decode_picture
from tests.enhancing.networks import make_model
from tests.pictures.made import make_exif, noise, save


@pytest.fixture
def model(tmp_path: Path) -> ChosenModel:
    return make_model(tmp_path, 2, model="twice")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "grey.png").write_bytes(save(noise(1), "PNG"))
    (folder / "side.jpg").write_bytes(save(noise(3), "JPEG", exif=make_exif(6)))
    (folder / "broken.png").write_bytes(save(noise(3), "PNG")[:300])
    (folder / "clear.webp").write_bytes(save(noise(4), "WEBP", lossless=True))
    return folder


def run(photos: Path, model: ChosenModel, **choices: Any) -> dict[str, Outcome]:
    jobs = plan_jobs([photos], photos.parent / "out", suffix=model.suffix, kind="png")
    told: list[Outcome] = []
    outcomes = enhance_files(jobs, model, Choices(**choices), told.append)
    assert told == outcomes
    return {outcome.job.source.name: outcome for outcome in outcomes}


@pytest.mark.parametrize("num_at_once", [1, 3])
def test_a_broken_picture_is_one_line_and_the_rest_goes_on(
    photos: Path, model: ChosenModel, num_at_once: int
):
    outcomes = run(photos, model, num_at_once=num_at_once)
    statuses = {name: outcome.status for name, outcome in outcomes.items()}
    assert statuses.pop("broken.png") == "failed"
    assert set(statuses.values()) == {"done"}
    assert "broken.png: not a whole png file" in outcomes["broken.png"].describe()
    names = {path.name for path in (photos.parent / "out").iterdir()}
    assert names == {"grey_twice_x2.png", "side_twice_x2.png", "clear_twice_x2.png"}


def test_pixels_are_those_of_the_network_and_metadata_stay(photos: Path, model: ChosenModel):
    run(photos, model)
    for source in (photos / "grey.png", photos / "clear.webp", photos / "side.jpg"):
        content = (photos.parent / "out" / f"{source.stem}_twice_x2.png").read_bytes()
        expected = Enhancer(model.path, scale=2).enhance(decode_picture(source.read_bytes()).pixels)
        np.testing.assert_array_equal(decode_picture(content).pixels, expected)
    with Image.open(photos.parent / "out" / "side_twice_x2.png") as image:
        assert image.size == (40, 60)  # 30 x 20 on its side
        assert (image.getexif()[0x0112], image.getexif()[0x010F]) == (1, "a camera")


def test_a_second_run_passes_over_what_is_done(photos: Path, model: ChosenModel):
    run(photos, model)
    before = {path: path.stat().st_mtime_ns for path in (photos.parent / "out").iterdir()}
    outcomes = run(photos, model)
    assert {outcome.status for outcome in outcomes.values()} == {"failed", "skipped"}
    assert before == {path: path.stat().st_mtime_ns for path in (photos.parent / "out").iterdir()}
    assert run(photos, model, overwrites=True)["grey.png"].status == "done"


def test_another_picture_or_network_of_the_same_name_is_not_taken_for_done(
    photos: Path, model: ChosenModel
):
    run(photos, model)
    (photos / "grey.png").write_bytes(save(noise(1), "PNG"))
    outcome = run(photos, model)["grey.png"]
    assert outcome.status == "failed"
    assert "is there already and is not this picture by this network" in outcome.note
    assert run(photos, model, overwrites=True)["grey.png"].status == "done"


def test_size_and_time_per_megapixel_are_told(photos: Path, model: ChosenModel):
    outcome = run(photos, model)["side.jpg"]
    assert outcome.megapixels == pytest.approx(600e-6)
    line = outcome.describe()
    assert "side.jpg 20x30 -> " in line
    assert "side_twice_x2.png 40x60, " in line
    assert "s per megapixel" in line


def test_what_was_converted_is_told(photos: Path, model: ChosenModel):
    image = Image.fromarray(noise(3)).quantize(8)
    (photos / "palette.png").write_bytes(save(image, "PNG"))
    assert run(photos, model)["palette.png"].describe().endswith("(palette converted to RGB)")


def test_a_kill_in_the_middle_leaves_no_half_picture(tmp_path: Path, model: ChosenModel):
    Image.fromarray(noise(3, size_px=(3000, 3000))).save(tmp_path / "large.webp", lossless=True)
    out = tmp_path / "out"
    arguments = [tmp_path / "large.webp", "-o", out, "--model", model.path, "--tile", "128"]
    started = subprocess.Popen([sys.executable, "-m", "lienet", "enhance", *arguments])
    deadline_s = time.monotonic() + 60
    while not list(out.glob(".*.part")) and time.monotonic() < deadline_s:
        assert started.poll() is None
        time.sleep(0.02)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    assert not list(out.glob("large*"))
    jobs = plan_jobs([tmp_path / "large.webp"], out, suffix=model.suffix, kind="png")
    assert enhance_files(jobs, model, Choices(), lambda _: None)[0].status == "done"
    assert [path.name for path in out.iterdir()] == ["large_twice_x2.png"]
