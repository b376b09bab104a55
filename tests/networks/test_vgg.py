"""VGG19's features against plain arithmetic and stored activations; what its files may not be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch.nn import functional

from lienet.errors import ModelError
from lienet.networks import vgg
from lienet.networks.vgg import CAFFE_UNIT, Vgg19
from lienet.params import VGG19_LAYERS

STORED = [12.5758, 29.3806, 12.054, -4.055, -3.8721, 8.6731]
"""Mean, deviation and four values of conv3_4 on ramps, with the published weights."""
SHAPES = {"conv1_1": (64, 3), "conv1_2": (64, 64), "conv2_1": (128, 64)}


def make_arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    arrays = {}
    for name, shape in SHAPES.items():
        arrays[f"{name}.weight"] = generator.normal(0, 0.1, (*shape, 3, 3)).astype(np.float32)
        arrays[f"{name}.bias"] = generator.normal(0, 1, shape[0]).astype(np.float32)
    return arrays


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    np.savez(path, **arrays)
    return path


def write_pth(path: Path, *, zipped: bool = True) -> Path:
    arrays = make_arrays()
    places = {"conv1_1": 0, "conv1_2": 2, "conv2_1": 5}  # activations and a pooling between
    state = {
        f"features.{places[name]}.{part}": torch.from_numpy(arrays[f"{name}.{part}"])
        for name in SHAPES
        for part in ("weight", "bias")
    }
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    return path


def image(height: int = 12, width: int = 10) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def convolve(planes: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Correlate ``c h w`` with ``o c 3 3``, zeros around, in float64."""
    padded = np.pad(planes.astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.einsum("chwij,ocij->ohw", windows, weight) + bias[:, None, None]


def pool(planes: np.ndarray) -> np.ndarray:
    channels, height, width = planes.shape
    halved = planes[:, : height // 2 * 2, : width // 2 * 2]
    return halved.reshape(channels, height // 2, 2, width // 2, 2).max(axis=(2, 4))


def compute_by_numpy(planes: np.ndarray, arrays: dict[str, np.ndarray], last: str) -> np.ndarray:
    """Return a layer's output before activation, for input that is prepared already."""
    for name in sorted(key.removesuffix(".bias") for key in arrays if key.endswith(".bias")):
        if name.endswith("_1") and name != "conv1_1":
            planes = pool(planes)
        planes = convolve(planes, arrays[f"{name}.weight"], arrays[f"{name}.bias"])
        if name == last:
            break
        planes = np.maximum(planes, 0)
    return planes


def prepare_for_caffe(images: torch.Tensor) -> np.ndarray:
    bgr = images[0].numpy()[::-1].astype(np.float64) * 255
    return bgr - np.array([103.939, 116.779, 123.68])[:, None, None]


@pytest.mark.parametrize("name", SHAPES)
def test_caffe_form_by_numpy(tmp_path: Path, name: str):
    arrays = make_arrays()
    vgg = Vgg19(write_npz(tmp_path / "vgg.npz", arrays), [name])
    expected = compute_by_numpy(prepare_for_caffe(image()), arrays, name) / CAFFE_UNIT
    found = vgg(image())[name][0].numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("zipped", [True, False])  # torchvision's file is of the older form
def test_torchvision_form_by_numpy(tmp_path: Path, zipped: bool):
    vgg = Vgg19(write_pth(tmp_path / "vgg19.pth", zipped=zipped), ["conv1_2", "conv2_1"])
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    prepared = (image()[0].numpy() - mean[:, None, None]) / std[:, None, None]
    for name, found in vgg(image()).items():
        expected = compute_by_numpy(prepared, make_arrays(), name)
        np.testing.assert_allclose(found[0].numpy(), expected, rtol=1e-4, atol=1e-4)


def test_published_weights_reproduce_stored_activations(real_data: Path):
    path = real_data / "models" / "vgg19_conv1_1_to_conv3_4.npz"
    row = torch.linspace(0, 1, 32)
    images = torch.stack(
        (row.expand(32, 32), row.expand(32, 32).T, (row[:, None] * row))
    ).unsqueeze(0)
    features = Vgg19(path, ["conv1_1", "conv3_4"])(images)
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    expected = compute_by_numpy(prepare_for_caffe(images), arrays, "conv3_4") / CAFFE_UNIT
    np.testing.assert_allclose(features["conv3_4"][0].numpy(), expected, rtol=1e-3, atol=1e-3)
    deepest = features["conv3_4"][0].double()
    assert deepest.shape == (256, 8, 8)
    measured = [deepest.mean().item(), deepest.std().item(), *deepest[:4, 4, 4].tolist()]
    assert measured == pytest.approx(STORED, rel=1e-3, abs=1e-4)


def test_frozen_and_in_eval_mode_whatever_is_asked(tmp_path: Path):
    vgg = Vgg19(write_npz(tmp_path / "vgg.npz", make_arrays()), ["conv1_2"])
    assert not vgg.train().training
    assert set(dict(vgg.named_modules())) >= {"convs.conv1_2"}
    assert "conv2_1" not in vgg.convs
    images = image().requires_grad_()
    vgg(images)["conv1_2"].sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in vgg.parameters())


def test_layers_before_the_activation_are_not_overwritten_by_it(tmp_path: Path):
    path = write_npz(tmp_path / "vgg.npz", make_arrays())
    together = Vgg19(path, ["conv1_1", "conv1_2"])(image())
    assert together["conv1_1"].min() < 0
    assert torch.equal(together["conv1_1"], Vgg19(path, ["conv1_1"])(image())["conv1_1"])


def test_runs_under_autocast(tmp_path: Path):
    vgg = Vgg19(write_npz(tmp_path / "vgg.npz", make_arrays()), ["conv2_1"])
    exact = vgg(image())["conv2_1"]
    with torch.autocast("cpu", torch.bfloat16):
        lowered = vgg(image())["conv2_1"]
    assert lowered.dtype == torch.bfloat16
    assert functional.mse_loss(lowered.float(), exact) < 1e-3 * exact.square().mean()


def test_a_layer_that_the_file_lacks(tmp_path: Path):
    path = write_npz(tmp_path / "vgg.npz", make_arrays())
    with pytest.raises(ModelError, match=r"vgg\.npz lack conv2_2\.weight; see perceptual\.weights"):
        Vgg19(path, ["conv5_4"])


@pytest.mark.parametrize("damage", ["shape", "nan"])
def test_weights_that_are_not_what_they_should_be(tmp_path: Path, damage: str):
    arrays = make_arrays()
    if damage == "shape":
        arrays["conv1_2.weight"] = arrays["conv1_2.weight"][:32]
    else:
        arrays["conv1_2.weight"][0, 0, 0, 0] = np.nan
    path = write_npz(tmp_path / "vgg.npz", arrays)
    with pytest.raises(ModelError, match=r"conv1_2\.weight in .* must be finite and of shape \(64"):
        Vgg19(path, ["conv1_2"])


@pytest.mark.parametrize("name", ["vgg.npz", "vgg.pth"])
@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04 cut short"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        Vgg19(tmp_path / name, ["conv1_1"])


def test_a_file_of_another_hash_than_its_name_says(tmp_path: Path):
    made = write_pth(tmp_path / "made.pth")
    right = hashlib.sha256(made.read_bytes()).hexdigest()[:8]
    named = made.rename(tmp_path / f"vgg19-{right}.pth")
    Vgg19(named, ["conv1_1"])
    wrong = named.rename(tmp_path / "vgg19-dcbb9e9d.pth")
    with pytest.raises(ModelError, match=r"SHA-256 of .* must begin with dcbb9e9d, got "):
        Vgg19(wrong, ["conv1_1"])


def test_the_documentation_tells_each_layer_s_depth_and_reach(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(vgg, "_BLOCK_CHANNELS", (1,) * 5)
    arrays = {}
    for name in VGG19_LAYERS:
        arrays[f"{name}.weight"] = np.ones((1, 1 if arrays else 3, 3, 3), np.float32)
        arrays[f"{name}.bias"] = np.zeros(1, np.float32)
    network = Vgg19(write_npz(tmp_path / "ones.npz", arrays), VGG19_LAYERS)
    # What is no number spreads to all that sees it. One column in each of sixteen images, next to
    # each other: together the outputs that they reach are each output's columns, 16 / stride times.
    width_px, most = 1024, 16
    probes = torch.zeros(most, 3, most, width_px)
    for index in range(most):
        probes[index, :, :, width_px // 2 + index] = torch.nan
    told = {}
    for number, (name, found) in enumerate(network(probes).items(), start=1):
        stride = width_px // found.shape[-1]
        reach_px = int(found[:, 0, 0].isnan().sum()) * stride // most
        told[name] = [f"{number} of 16", f"{stride}", f"{reach_px} px"]
    text = (repository / "docs" / "networks.md").read_text(encoding="utf-8")
    table = text.partition("| layer | convolution |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in row.split("|")[1:5]] for row in table]
    assert {name.strip("*"): cells for name, *cells in rows}.items() <= told.items()
    assert {name.strip("*") for name, *_ in rows if name.startswith("*")} == _chosen(repository)


def _chosen(repository: Path) -> set[str]:
    """Return the layers that any profile's perceptual loss compares."""
    texts = [path.read_text(encoding="utf-8") for path in (repository / "profiles").glob("*.yaml")]
    objectives = [
        each for text in texts for each in yaml.safe_load(text)["train"]["objectives"].values()
    ]
    return {
        name for each in objectives if each["perceptual"] for name in each["perceptual"]["layers"]
    }
