from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from lienet.deployment.enhancer import Enhancer
from lienet.images import encode_png
from lienet.web.models import PageModel, choose_models, prepare_models
from lienet.web.requests import Limits, RefusedError, enhance_body, find_model, read_body


@pytest.fixture(scope="module")
def models(doubling_onnx: Path, faces_onnx: Path) -> list[PageModel]:
    return prepare_models(choose_models([doubling_onnx, faces_onnx]))


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)


async def send(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def test_a_picture_comes_out_as_the_enhancer_makes_it(
    models: list[PageModel], doubling_onnx: Path, pixels: np.ndarray, tmp_path: Path
):
    target, deadline_s = tmp_path / "out.png", time.monotonic() + 60
    chosen = models[0].chosen
    enhance_body(encode_png(pixels), chosen, target, limits=Limits(), deadline_s=deadline_s)
    with Image.open(target) as image:
        found = np.asarray(image)
    np.testing.assert_array_equal(found, Enhancer(doubling_onnx, scale=2).enhance(pixels))


@pytest.mark.parametrize(
    ("limits", "left_s", "status", "said"),
    [
        (Limits(max_pixels=1199), 60, 413, "at most 1199 pixels, got 40x30"),
        (Limits(timeout_s=5), -1, 503, "not done in 5 s"),
    ],
)
def test_limits_are_told_in_one_line(
    models: list[PageModel],
    pixels: np.ndarray,
    tmp_path: Path,
    limits: Limits,
    left_s: float,
    status: int,
    said: str,
):
    with pytest.raises(RefusedError, match=said) as caught:
        enhance_body(
            *(encode_png(pixels), models[0].chosen, tmp_path / "out.png"),
            limits=limits,
            deadline_s=time.monotonic() + left_s,
        )
    assert caught.value.status == status
    assert list(tmp_path.iterdir()) == []


def test_time_is_up_between_tiles_and_no_file_is_left(
    models: list[PageModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    times = chain([0.0, 0.0], repeat(9.0))
    clock = SimpleNamespace(monotonic=lambda: next(times))  # of this module alone, not of threads
    monkeypatch.setattr("lienet.web.requests.time", clock)
    content = encode_png(np.zeros((500, 400, 3), np.uint8))
    with pytest.raises(RefusedError, match="not done in"):
        enhance_body(content, models[0].chosen, tmp_path / "o.png", limits=Limits(), deadline_s=5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"no picture", b"\xff\xd8\xff\xe0 broken"])
def test_a_file_that_is_no_picture_is_refused(
    models: list[PageModel], tmp_path: Path, content: bytes
):
    deadline_s = time.monotonic() + 60
    with pytest.raises(RefusedError) as caught:
        enhance_body(
            content, models[0].chosen, tmp_path / "o.png", limits=Limits(), deadline_s=deadline_s
        )
    assert caught.value.status == 415
    assert "\n" not in str(caught.value)


def test_a_body_is_read_up_to_its_limit():
    limits = Limits(max_body_bytes=4)
    assert asyncio.run(read_body(send(b"ab", b"", b"cd"), limits)) == b"abcd"
    with pytest.raises(RefusedError, match="may have at most") as caught:
        asyncio.run(read_body(send(b"abc", b"de"), limits))
    assert caught.value.status == 413
    with pytest.raises(RefusedError, match="the body is empty"):
        asyncio.run(read_body(send(b""), limits))


def test_a_model_is_found_by_name_task_and_scale(models: list[PageModel]):
    doubling, faces = (model.chosen for model in models)
    assert find_model(models, None, None, None) is doubling
    assert find_model(models, None, "face", None) is faces
    assert find_model(models, "face_small_x1", None, 1) is faces
    assert find_model(models, "small", None, None) is faces
    with pytest.raises(RefusedError, match="the models are sr_doubling_x2, face_small_x1"):
        find_model(models, None, "sr", 4)
