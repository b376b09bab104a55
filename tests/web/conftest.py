"""Small networks for the page, and the page itself, written once."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import torch
from torch import nn

from lienet.deployment.onnx import export_onnx
from lienet.errors import TransferError
from lienet.networks.registry import build_model
from lienet.params import load_params
from lienet.web.building import write_page
from lienet.web.models import choose_models, prepare_models
from lienet.web.runtime import FILES, fetch_runtime


@pytest.fixture(scope="session")
def doubling_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cheapest network there is: one convolution, twice as large, near the input."""
    torch.manual_seed(1)
    convolution = nn.Conv2d(3, 12, 3, padding=1)
    with torch.no_grad():
        convolution.weight.mul_(0.1)
        for channel in range(12):
            convolution.weight[channel, channel // 4, 1, 1] += 1
    network = nn.Sequential(convolution, nn.PixelShuffle(2))
    return _export(network, tmp_path_factory, "doubling", {"task": "sr", "scale": "2"})


@pytest.fixture(scope="session")
def faces_onnx(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network that normalises by statistics of the whole image."""
    torch.manual_seed(2)
    spec = load_params(repository / "profiles" / "bench.yaml").models["face-lienet"]
    network = build_model(spec.model_copy(update={"channels": 4, "num_blocks": 1}))
    return _export(network, tmp_path_factory, "small", {"task": "face", "scale": "1"})


@pytest.fixture(scope="session")
def runtime() -> Path:
    """The archive of ONNX Runtime Web."""
    try:
        return fetch_runtime()
    except TransferError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def packed_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive as npm packs it, in which each file holds its name alone."""
    folder = tmp_path_factory.mktemp("packed")
    with tarfile.open(folder / "packed.tgz", "w:gz") as packed:
        for name in (*FILES, "left-out.mjs"):
            (folder / name).write_text(name)
            packed.add(folder / name, f"package/dist/{name}")
    return folder / "packed.tgz"


@pytest.fixture(scope="session")
def page_dir(
    doubling_onnx: Path, faces_onnx: Path, runtime: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The page with both networks."""
    folder = tmp_path_factory.mktemp("page") / "page"
    write_page(folder, prepare_models(choose_models([doubling_onnx, faces_onnx])), runtime)
    return folder


def _export(
    network: nn.Module, factory: pytest.TempPathFactory, name: str, metadata: dict[str, str]
) -> Path:
    path = factory.mktemp("networks") / f"{name}.onnx"
    content = export_onnx(network.eval(), opset=18, metadata={"model": name, **metadata})
    path.write_bytes(content)
    return path
