from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data

from lienet.degradations.noise import estimate_noise
from lienet.errors import DataError
from lienet.evaluation.appearance import (
    Appearance,
    AppearanceChange,
    changes_as_json,
    compare_appearances,
    measure_appearance,
)
from lienet.evaluation.methods import Unchanged
from lienet.evaluation.optional.niqe import load_clean_model
from lienet.evaluation.scoring import EnhancedImage
from lienet.images import encode_jpeg, encode_png
from lienet.params import metrics
from lienet.shards.reading import Sample


class Darkener:
    """Half the contrast, about black."""

    def enhance(self, pixels):
        return pixels // 2


def make_photograph():
    return np.ascontiguousarray(skimage.data.astronaut()[:160, 180:400])


@pytest.mark.parametrize("sigma", [3.0, 8.0, 15.0])
def test_added_noise_is_estimated_within_a_tenth(sigma: float):
    grey = np.full((200, 240, 3), 128.0)
    noisy = grey + np.random.default_rng(0).normal(0, sigma, grey.shape)
    pixels = np.rint(noisy).clip(0, 255).astype(np.uint8)
    assert estimate_noise(pixels) == pytest.approx(sigma, rel=0.1)


def test_a_flat_picture_has_neither_noise_nor_anything_else():
    flat = measure_appearance(np.full((16, 16, 3), 90, np.uint8))
    assert flat.noise == flat.contrast == flat.sharpness == 0.0
    assert flat.saturation == pytest.approx(0.0, abs=0.1)


def test_each_measure_answers_to_its_own_change():
    pixels = make_photograph()
    before = measure_appearance(pixels)
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert measure_appearance(grey).saturation < 0.1 < before.saturation
    half = measure_appearance((pixels // 2).astype(np.uint8))
    assert half.contrast == pytest.approx(before.contrast / 2, rel=0.02)
    blurred = measure_appearance(cv2.GaussianBlur(pixels, (0, 0), 1.5))
    assert blurred.sharpness < 0.8 * before.sharpness
    assert blurred.noise < before.noise


def test_real_photographs_are_measured_before_and_after_without_a_reference():
    pixels = make_photograph()
    jpeg = encode_jpeg(pixels, quality=95, chroma="4:4:4")
    samples = [
        Sample("old__a", None, {1: encode_png(pixels)}, {"test_set": "old"}),
        Sample("old__b", None, {1: jpeg}, {"test_set": "old"}),
    ]
    seen: list[EnhancedImage] = []
    changes = compare_appearances(samples, Darkener(), on_image=seen.append)
    assert [(image.key, image.scale, image.reference) for image in seen] == [
        ("old__a", 1, None),
        ("old__b", 1, None),
    ]
    assert changes[0].before == measure_appearance(pixels)
    assert changes[0].after == measure_appearance(Darkener().enhance(pixels))
    assert all(change.after.contrast < change.before.contrast for change in changes)
    same = compare_appearances(samples[:1], Unchanged())
    assert same[0].before == same[0].after


def test_metrics_that_need_no_reference_are_measured_beside():
    pixels = np.ascontiguousarray(skimage.data.astronaut())
    sample = Sample("old__a", None, {1: encode_png(pixels)}, {"test_set": "old"})
    chosen = {name: metrics.get(name)() for name in ("ciede2000", "niqe")}
    changes = compare_appearances([sample], Darkener(), metrics=chosen)
    model = load_clean_model()
    assert changes[0].before.scores == {"niqe": model.measure(pixels)}
    after = model.measure(Darkener().enhance(pixels))
    shown = changes_as_json(changes)["old"]
    assert shown["after"]["niqe"] == shown["images"]["old__a"]["after"]["niqe"] == round(after, 4)
    assert list(shown["before"]) == ["noise", "saturation", "contrast", "sharpness", "niqe"]


def test_a_sample_without_its_picture_is_named():
    sample = Sample("old__a", None, {4: b""}, {"test_set": "old"})
    with pytest.raises(DataError, match="old__a lacks 1; run `lienet synthesize` again"):
        compare_appearances([sample], Unchanged())


def test_the_json_has_means_by_test_set_and_every_image():
    dull, lively = Appearance(8.0, 10.0, 30.0, 5.0), Appearance(2.0, 20.0, 50.0, 4.0)
    mixed = Appearance(4.0, 10.0, 40.0, 6.0)
    changes = [
        AppearanceChange("old", "a", dull, lively),
        AppearanceChange("old", "b", mixed, lively),
    ]
    shown = changes_as_json(changes)["old"]
    assert shown["num_images"] == 2
    assert shown["before"] == {
        "noise": 6.0, "saturation": 10.0, "contrast": 35.0, "sharpness": 5.5,
    }  # fmt: skip
    assert shown["after"]["noise"] == 2.0
    assert shown["images"]["b"]["before"]["contrast"] == 40.0
    assert changes_as_json([]) == {}
