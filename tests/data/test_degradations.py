"""The super-resolution degradation: sizes, the JPEG as it is stored, and the command."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from lienet.cli import app
from lienet.data.degradations import crop_to_multiple, degrade_for_task, degrade_sr, downsample
from lienet.data.resize import resize_bicubic
from lienet.errors import InputError
from lienet.images import decode_image, encode_png
from lienet.params import load_params

GRADIENT = np.add.outer(np.arange(96), np.arange(64))[:, :, None] + np.array([0, 20, 40])
PHOTO = GRADIENT.astype(np.uint8)
# The IJG luma table at quality 20 is the standard one times 5000/20/100 = 2.5, rounded: its first
# entry is 16 * 2.5 = 40.
FIRST_LUMA_STEP_AT_20 = 40


def test_the_input_is_the_reduced_image_as_jpeg_at_that_quality_and_chroma():
    degraded = degrade_sr(PHOTO, scale=4, jpeg_quality=20, jpeg_chroma="4:2:0")
    with Image.open(io.BytesIO(degraded)) as image:
        assert image.format == "JPEG"
        assert image.size == (16, 24)
        assert image.quantization[0][0] == FIRST_LUMA_STEP_AT_20
        assert [layer[1:3] for layer in image.layer] == [(2, 2), (1, 1), (1, 1)]
    expected = io.BytesIO()
    reduced = resize_bicubic(PHOTO, scale=Fraction(1, 4))
    Image.fromarray(reduced).save(expected, "JPEG", quality=20, subsampling="4:2:0")
    assert degraded == expected.getvalue()


def test_sides_that_do_not_fit_are_refused_and_cropping_mends_them():
    odd = np.zeros((98, 67, 3), np.uint8)
    with pytest.raises(InputError, match="multiples of 4, got 98 x 67"):
        downsample(odd, scale=4)
    cropped = crop_to_multiple(odd, multiple=4)
    assert cropped.shape == (96, 64, 3)
    assert downsample(cropped, scale=4).shape == (24, 16, 3)


def test_params_decide_quality_and_chroma(repository: Path):
    params = load_params(repository / "profiles" / "sample.yaml")
    degradation = params.synthesize.tasks.sr
    better = degradation.model_copy(update={"jpeg_quality": 95, "jpeg_chroma": "4:4:4"})
    tasks = params.synthesize.tasks.model_copy(update={"sr": better})
    synthesize = params.synthesize.model_copy(update={"tasks": tasks})
    changed = params.model_copy(update={"synthesize": synthesize})
    expected = degrade_sr(PHOTO, scale=2, jpeg_quality=95, jpeg_chroma="4:4:4")
    assert degrade_for_task(PHOTO, task="sr", scale=2, params=changed) == expected
    default = degrade_sr(PHOTO, scale=2, jpeg_quality=20, jpeg_chroma="4:2:0")
    assert degrade_for_task(PHOTO, task="sr", scale=2) == default


def test_unknown_tasks_and_specks_are_refused():
    with pytest.raises(InputError, match="tasks that degrade are sr, got face"):
        degrade_for_task(PHOTO, task="face", scale=4)
    with pytest.raises(InputError, match="4 pixels to a side"):
        degrade_for_task(PHOTO[:3], task="sr", scale=4)


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
