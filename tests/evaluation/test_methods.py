from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from skimage.filters import unsharp_mask

from lienet.degradations.resize import resize_bicubic
from lienet.evaluation.appearance import measure_appearance
from lienet.evaluation.methods import (
    BicubicEnlargement,
    ClassicalRestoration,
    Unchanged,
    UnsharpMask,
    make_method,
    time_method_ms,
)
from lienet.evaluation.metrics import measure_ciede2000, measure_psnr, measure_sharpness
from lienet.params import load_params


def make_photograph():
    return np.ascontiguousarray(skimage.data.astronaut()[:120, 180:340])


def fade(pixels):
    """Lift blacks, lower whites, tint, and add noise: a print that has paled."""
    faded = 40 + pixels * np.array([0.6, 0.55, 0.45])
    noise = np.random.default_rng(1).normal(0, 5, pixels.shape)
    return np.rint(faded + noise).clip(0, 255).astype(np.uint8)


def test_the_unsharp_mask_is_scikit_image_s():
    pixels = make_photograph()
    expected = unsharp_mask(pixels / 255.0, radius=2.0, amount=1.0, channel_axis=2)
    got = UnsharpMask(2.0, 1.0).enhance(pixels)
    assert np.abs(got - np.rint(255 * expected)).max() <= 1
    assert got.dtype == np.uint8
    blurred = cv2.GaussianBlur(pixels, (0, 0), 1.5)
    sharpened = UnsharpMask(2.0, 1.0).enhance(blurred)
    assert measure_sharpness(sharpened) > 1.2 * measure_sharpness(blurred)


def test_restoration_brings_a_faded_photograph_back_towards_the_original():
    pixels = np.ascontiguousarray(skimage.data.coffee()[100:260, 150:390])
    faded = fade(pixels)
    restored = ClassicalRestoration(0.8, 0.5, 1.0).enhance(faded)
    assert measure_psnr(pixels, restored) > measure_psnr(pixels, faded) + 2
    assert measure_ciede2000(pixels, restored) < measure_ciede2000(pixels, faded) - 3


def test_where_a_task_enlarges_the_bicubic_picture_is_sharpened():
    pixels, bicubic = make_photograph(), BicubicEnlargement(2, 512)
    sharpened = UnsharpMask(2.0, 1.0, bicubic).enhance(pixels)
    assert np.array_equal(sharpened, UnsharpMask(2.0, 1.0).enhance(bicubic.enhance(pixels)))


def test_the_unsharp_mask_leaves_no_channel_and_no_row_out():
    flat = np.full((40, 30, 3), (10, 128, 250), np.uint8)
    assert np.array_equal(UnsharpMask(2.0, 1.0).enhance(flat), flat)


def test_each_step_does_its_own_and_can_be_left_out():
    faded = fade(make_photograph())
    before = measure_appearance(faded)
    denoised = measure_appearance(ClassicalRestoration(0.8, 0.0, 1.0).enhance(faded))
    assert denoised.noise < before.noise
    stretched = ClassicalRestoration(0.0, 0.0, 1.0).enhance(faded)
    assert stretched.min(axis=(0, 1)).tolist() == [0, 0, 0]
    assert stretched.max(axis=(0, 1)).tolist() == [255, 255, 255]
    full = np.stack([np.arange(256, dtype=np.uint8)] * 3, axis=-1)[None].repeat(8, axis=0)
    assert np.array_equal(ClassicalRestoration(0.0, 0.0, 1.0).enhance(full), full)
    lively = measure_appearance(ClassicalRestoration(0.0, 0.5, 1.5).enhance(faded))
    plain = measure_appearance(ClassicalRestoration(0.0, 0.5, 1.0).enhance(faded))
    assert lively.saturation > 1.1 * plain.saturation


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_colour_stays_as_it_is(value: int):
    flat = np.full((16, 16, 3), value, np.uint8)
    assert np.array_equal(ClassicalRestoration(0.8, 0.5, 1.4).enhance(flat), flat)


def test_params_decide_which_method_and_how_strong(repository: Path):
    specs = load_params(repository / "params.yaml").evaluate.methods
    made = {key: make_method(spec, 4, tile_px=64) for key, spec in specs.items()}
    assert made["face-unsharp"] == UnsharpMask(2.0, 1.0, BicubicEnlargement(4, 64))
    assert make_method(specs["face-unsharp"], 1, tile_px=64) == UnsharpMask(2.0, 1.0)
    assert made["old_photo-classical"] == ClassicalRestoration(0.8, 0.5, 1.4)
    assert made["sr-bicubic"] == BicubicEnlargement(4, 64)
    assert make_method(specs["face-input"], 1, tile_px=64) == Unchanged()


def test_bicubic_enlargement_is_matlab_s_but_for_its_rounding_between_the_axes():
    pixels = make_photograph()
    enlarged = BicubicEnlargement(2, 512).enhance(pixels)
    expected = resize_bicubic(pixels, scale=2)
    assert np.abs(enlarged.astype(int) - expected.astype(int)).max() <= 2


def test_a_method_is_timed_on_one_thread_and_libraries_keep_theirs():
    before = cv2.getNumThreads(), torch.get_num_threads()
    method = ClassicalRestoration(0.8, 0.5, 1.4)
    small = time_method_ms(method, height_px=16, width_px=16, num_runs=3)
    large = time_method_ms(method, height_px=160, width_px=160, num_runs=3)
    assert 0 < small < large
    assert (cv2.getNumThreads(), torch.get_num_threads()) == before


def test_a_latency_is_the_median_of_the_runs_and_torch_has_one_thread():
    threads: list[int] = []

    class Watching:
        def enhance(self, pixels):
            threads.append(torch.get_num_threads())
            if len(threads) == 3:
                time.sleep(0.2)
            return pixels

    assert time_method_ms(Watching(), height_px=8, width_px=8, num_runs=5) < 100
    assert threads == [1] * 6
