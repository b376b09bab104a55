"""The names that other programs call: what they do, and that two of them need no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from torch import nn

import lienet
from lienet.deployment import shipped_weights
from lienet.errors import InputError, ModelError
from lienet.networks.registry import build_model
from lienet.params import load_params
from tests.deployment.repeating import write_repeating
from tests.enhancing.networks import ship
from tests.networks.untrained import store_untrained

ABSENT = (
    "torch",
    "lightning_fabric",
    "pandas",
    "pyarrow",
    "mlflow",
    "dvc",
    "distributed",
    "cv2",
    "onnx",
)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_the_public_names_are_these_and_no_others():
    assert lienet.__all__ == ["Quality", "degrade", "enhance", "load_model", "score"]
    assert set(lienet.__all__) <= set(dir(lienet))
    assert all(getattr(lienet, name).__doc__ for name in lienet.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = lienet.nonsense


def test_enhance_takes_a_file_and_a_module(tmp_path: Path, pixels):
    path = write_repeating(tmp_path / "twice.onnx", 2)
    twice = lienet.enhance(pixels, str(path), scale=2)
    assert np.array_equal(twice, pixels.repeat(2, axis=0).repeat(2, axis=1))
    assert np.array_equal(lienet.enhance(pixels, nn.Identity()), pixels)


def test_without_a_model_the_task_s_own_weights_are_taken(
    tmp_path: Path, pixels, monkeypatch: pytest.MonkeyPatch
):
    ship(tmp_path, "sr_lienet_x2", 2)
    ship(tmp_path, "sr_lienet_x4", 4)
    monkeypatch.setattr(shipped_weights, "SHIPPED_DIR", tmp_path)
    assert lienet.enhance(pixels).shape == (192, 256, 3)
    assert lienet.enhance(pixels, task="sr", scale=2).shape == (96, 128, 3)
    assert lienet.enhance(pixels, "sr_lienet_x2").shape == (96, 128, 3)
    with pytest.raises(ModelError, match="no weights for face come with lienet"):
        lienet.enhance(pixels, task="face")


def test_a_path_is_no_picture():
    with pytest.raises(InputError, match="takes a numpy array, got str"):
        lienet.enhance("photo.jpg")  # type: ignore[arg-type]


def test_score_is_of_the_pixels(pixels):
    assert lienet.score(pixels, pixels).psnr_db == 100.0
    darker = (pixels * 0.9).astype(np.uint8)
    whole, luma = lienet.score(pixels, darker), lienet.score(pixels, darker, luma=True)
    assert whole.psnr_db < 40
    assert luma.psnr_db != whole.psnr_db
    assert whole.vmaf is None


def test_degrade_makes_the_network_s_input(pixels, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert lienet.degrade(pixels, "sr", scale=4).shape == (12, 16, 3)
    assert lienet.degrade(pixels, "face").shape == pixels.shape


def test_load_model_returns_the_network_and_its_card(tmp_path: Path, repository: Path):
    spec = load_params(repository / "profiles" / "sample.yaml").models["sr-lienet"]
    store_untrained(tmp_path, spec, seed=1, run_key="k" * 64)
    network, card = lienet.load_model(tmp_path)
    assert type(network) is type(build_model(spec))
    assert (card.name, card.scale) == ("lienet", 4)


def test_enhancing_and_scoring_work_where_torch_is_not_installed(tmp_path: Path):
    path = write_repeating(tmp_path / "twice.onnx", 2)
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {ABSENT}: raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import numpy as np, lienet\n"
        "pixels = np.zeros((20, 30, 3), np.uint8)\n"
        f"assert lienet.enhance(pixels, {str(path)!r}, scale=2).shape == (40, 60, 3)\n"
        "assert lienet.score(pixels, pixels).psnr_db == 100.0\n"
        "import lienet.cli\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
