from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from scipy.ndimage import gaussian_filter

from lienet.errors import InputError, ToolError
from lienet.evaluation.optional import niqe
from lienet.evaluation.optional.niqe_features import NUM_FEATURES, describe_patches
from lienet.images import Pixels, decode_image, encode_jpeg, encode_png

PHOTOGRAPH = np.ascontiguousarray(skimage.data.astronaut())
MOSAIC = np.block([[[PHOTOGRAPH], [PHOTOGRAPH[::-1]]], [[PHOTOGRAPH[:, ::-1]], [PHOTOGRAPH]]])
"""100 patches, more than there are features."""
GRAIN = [
    np.random.default_rng(seed).integers(0, 256, (512, 512, 3), dtype=np.uint8) for seed in (1, 2)
]
"""Of 25 patches, all of them as sharp."""


def blur(pixels: Pixels, strength: float) -> Pixels:
    return gaussian_filter(pixels, (strength, strength, 0))


def add_noise(pixels: Pixels, strength: float) -> Pixels:
    noisy = pixels + np.random.default_rng(3).normal(0, strength, pixels.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def compress(pixels: Pixels, strength: float) -> Pixels:
    return decode_image(encode_jpeg(pixels, quality=int(100 - strength), chroma="4:2:0"))


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize(
    ("damage", "strengths"),
    [(blur, (1.0, 2.0, 3.0)), (add_noise, (10, 20, 40)), (compress, (50, 80, 90))],
)
def test_damaged_photographs_are_further_away_the_more_so_the_worse(name, damage, strengths):
    photograph = np.ascontiguousarray(getattr(skimage.data, name)())
    model = niqe.load_clean_model()
    found = [model.measure(photograph), *(model.measure(damage(photograph, s)) for s in strengths)]
    assert found == sorted(found)
    assert found[-1] > 1.3 * found[0]
    assert model.measure(photograph) == found[0]


def test_the_distance_is_as_computed_by_hand():
    features = describe_patches(MOSAIC).features
    means, covariance = features.mean(axis=0), np.cov(features, rowvar=False)
    assert niqe.CleanModel(means, covariance, {}).measure(MOSAIC) == pytest.approx(0.0, abs=1e-6)
    # Two deviations away in one feature of a model that is certain of it, and of no other.
    certain = np.diag(np.where(np.arange(NUM_FEATURES) == 3, 0.0, 1e12))
    away = means + 2.0 * np.sqrt(covariance[3, 3]) * (np.arange(NUM_FEATURES) == 3)
    found = niqe.CleanModel(away, certain, {}).measure(MOSAIC)
    assert found == pytest.approx(2.0 * np.sqrt(2.0), rel=1e-3)


def test_a_model_is_fitted_on_the_sharp_patches_alone():
    with pytest.raises(InputError, match="more than 36 sharp patches, got 25; give more"):
        niqe.fit_clean_model(GRAIN[:1], {})
    kept = niqe.fit_clean_model(GRAIN, {"licence": "CC0"})
    assert kept.provenance == {"licence": "CC0", "num_photographs": 2, "num_patches": 50}
    half = GRAIN[1].copy()
    half[:192] = blur(half[:192], 3.0)  # ten of its 25 patches
    fewer = niqe.fit_clean_model([GRAIN[0], half], {})
    assert fewer.provenance["num_patches"] == 40
    wanted = np.concatenate([describe_patches(each).features for each in (GRAIN[0], half)])
    np.testing.assert_allclose(fewer.means, np.delete(wanted, range(25, 35), axis=0).mean(axis=0))


def test_a_file_gives_the_model_back_to_the_last_bit(tmp_path: Path):
    path = tmp_path / "mine.json"
    model = niqe.fit_clean_model(GRAIN, {"licence": "CC0"})
    path.write_text(model.as_json())
    back = niqe.load_clean_model(path)
    np.testing.assert_array_equal(back.means, model.means)
    np.testing.assert_array_equal(back.covariance, model.covariance)
    assert back.provenance == model.provenance


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.pop("means"), "is not a model of NIQE, got 'means'; correct"),
        (lambda content: content["means"].pop(), "is not a model of NIQE, got 35 means; correct"),
        (lambda content: content["covariance"].pop(), "is not a model of NIQE, got .*; correct"),
        (lambda content: content["means"].__setitem__(0, float("nan")), "is not a model of NIQE"),
    ],
)
def test_a_file_that_is_no_model_is_one_line(tmp_path: Path, change, said: str):
    content = json.loads(niqe.load_clean_model().as_json())
    change(content)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ToolError, match=said) as caught:
        niqe.load_clean_model(path)
    assert "evaluate.metrics.niqe.model" in str(caught.value)
    with pytest.raises(ToolError, match=r"none\.json cannot be read: No such file"):
        niqe.load_clean_model(tmp_path / "none.json")


def test_the_model_that_ships_is_small_and_says_what_it_was_fitted_on(repository: Path):
    model = niqe.load_clean_model()
    said = model.provenance
    assert set(said["licences"].values()) == {"Unsplash", "CC BY-SA 4.0"}
    assert (said["num_photographs"], len(said["commit"])) == (217, 40)
    assert np.linalg.eigvalsh(model.covariance).min() > 0.0
    assert len(model.as_json()) < 30_000


@pytest.mark.slow
def test_the_model_that_ships_is_what_the_script_fits(
    repository: Path, real_data: Path, tmp_path: Path
):
    licences = niqe.load_clean_model().provenance["licences"]
    folders = [f"{licence}={real_data / 'train' / name}" for name, licence in licences.items()]
    script = repository / "docs" / "measurements" / "niqe_model.py"
    path = tmp_path / "again.json"
    subprocess.run([sys.executable, str(script), str(path), *folders], check=True)
    again, shipped = niqe.load_clean_model(path), niqe.load_clean_model()
    assert again.provenance["list_sha256"] == shipped.provenance["list_sha256"]
    np.testing.assert_allclose(again.means, shipped.means, rtol=1e-6)
    np.testing.assert_allclose(again.covariance, shipped.covariance, rtol=1e-5, atol=1e-9)


def test_the_script_names_folders_licences_and_photographs(repository: Path, tmp_path: Path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for place, pixels in enumerate(GRAIN):
        (folder / f"{place}.png").write_bytes(encode_png(pixels))
    script = repository / "docs" / "measurements" / "niqe_model.py"
    path = tmp_path / "mine.json"
    subprocess.run([sys.executable, str(script), str(path), f"CC0-1.0={folder}"], check=True)
    said = niqe.load_clean_model(path).provenance
    assert said["licences"] == {"mine": "CC0-1.0"}
    assert (said["num_photographs"], said["num_patches"]) == (2, 50)
    assert len(said["list_sha256"]) == 64
