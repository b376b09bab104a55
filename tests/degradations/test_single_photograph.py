"""One photograph degraded by hand: as the params say, and refused in one line where it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from lienet.cli import app
from lienet.degradations.ageing import degrade_old_photo
from lienet.degradations.face import degrade_face
from lienet.degradations.old_photo_look import draw_old_photo
from lienet.degradations.single_photograph import degrade_file, degrade_for_task
from lienet.draws import generators_of
from lienet.errors import InputError
from lienet.images import decode_image, encode_png
from lienet.params import Params, load_params
from tests.sr_inputs import degrade_sr

GRADIENT = np.add.outer(np.arange(96), np.arange(64))[:, :, None] + np.array([0, 20, 40])
PHOTO = GRADIENT.astype(np.uint8)


@pytest.fixture
def params(repository: Path) -> Params:
    return load_params(repository / "profiles" / "sample.yaml")


def test_params_decide_quality_and_chroma(params: Params):
    degradation = params.synthesize.tasks["sr"]
    better = degradation.model_copy(update={"jpeg_quality": 95, "jpeg_chroma": "4:4:4"})
    tasks = params.synthesize.tasks | {"sr": better}
    synthesize = params.synthesize.model_copy(update={"tasks": tasks})
    changed = params.model_copy(update={"synthesize": synthesize})
    expected = degrade_sr(PHOTO, scale=2, jpeg_quality=95, jpeg_chroma="4:4:4")
    assert degrade_for_task(PHOTO, task="sr", scale=2, params=changed) == expected
    default = degrade_sr(PHOTO, scale=2, jpeg_quality=20, jpeg_chroma="4:2:0")
    assert degrade_for_task(PHOTO, task="sr", scale=2) == default


def test_a_face_is_cropped_to_fit_and_stored_without_loss(params: Params):
    stored = degrade_for_task(PHOTO[:94, :63], task="face", params=params)
    assert np.array_equal(decode_image(stored), degrade_face(PHOTO[:92, :60], factor=4))


def test_an_old_photograph_is_drawn_by_name_or_has_a_strength(params: Params):
    recipe = params.synthesize.tasks["old_photo"]
    draw = generators_of(params.seed, "old_photo", "beach")
    drawn = degrade_for_task(PHOTO, task="old_photo", key="beach", params=params)
    look = draw_old_photo(recipe, draw)
    assert drawn == degrade_old_photo(PHOTO, look, draw)
    strong = degrade_for_task(PHOTO, task="old_photo", key="beach", strength=1.0, params=params)
    look = draw_old_photo(recipe.at_strength(1.0), generators_of(0))
    assert strong == degrade_old_photo(PHOTO, look, draw)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "dust"}, "tasks that degrade are sr, face, old_photo, got dust"),
        ({"task": "face", "scale": 4}, "face keeps an image's size, got 4"),
        ({"task": "sr", "strength": 0.5}, "sr has no strength to choose"),
        ({"task": "old_photo", "strength": 1.5}, r"look is in \[0, 1\], got 1\.5"),
    ],
)
def test_options_that_do_not_fit_are_refused(params: Params, options, message: str):
    with pytest.raises(InputError, match=message):
        degrade_for_task(PHOTO, **options, params=params)


def test_specks_and_lacking_ranges_are_refused():
    for task in ("sr", "face"):
        with pytest.raises(InputError, match="4 pixels to a side"):
            degrade_for_task(PHOTO[:3], task=task)
    with pytest.raises(InputError, match=r"stand in params\.yaml; run this inside a clone"):
        degrade_for_task(PHOTO, task="old_photo")


def test_what_is_not_compressed_is_no_jpeg(tmp_path: Path):
    (tmp_path / "photo.png").write_bytes(encode_png(PHOTO))
    options = {"task": "face", "scale": None, "strength": None, "params": None}
    with pytest.raises(InputError, match=r"not compressed, got face\.jpg; write it as \.png"):
        degrade_file(tmp_path / "photo.png", tmp_path / "face.jpg", **options)
    degrade_file(tmp_path / "photo.png", tmp_path / "face.png", **options)
    stored = decode_image((tmp_path / "face.png").read_bytes())
    assert np.array_equal(stored, degrade_face(PHOTO, factor=4))


def test_the_command_writes_the_jpeg_itself_or_its_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("photo.png").write_bytes(encode_png(PHOTO))
    expected = degrade_sr(PHOTO, scale=4, jpeg_quality=20, jpeg_chroma="4:2:0")
    for name in ("small.jpg", "small.png"):
        ran = CliRunner().invoke(app, ["degrade", "photo.png", "--task", "sr", "-o", name])
        assert ran.exit_code == 0, ran.output
    assert Path("small.jpg").read_bytes() == expected
    assert np.array_equal(decode_image(Path("small.png").read_bytes()), decode_image(expected))


@pytest.mark.parametrize(
    ("image", "output", "message"),
    [
        ("photo.png", "small.webp", "written as .jpg or .png"),
        ("none.png", "small.png", "cannot read"),
    ],
)
def test_the_command_refuses_in_one_line(
    image: str, output: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("photo.png").write_bytes(encode_png(PHOTO))
    ran = CliRunner().invoke(app, ["degrade", image, "-o", output])
    assert isinstance(ran.exception, InputError)
    assert message in str(ran.exception)
