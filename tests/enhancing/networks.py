"""ONNX files of quick, exact networks, and folders of weights that hold them."""

from __future__ import annotations

from pathlib import Path

import onnx

from lienet.deployment.shipped_weights import WeightsCard, write_index
from lienet.enhancing.models import ChosenModel, open_file
from lienet.files import sha256_of_file, write_json
from tests.deployment.repeating import write_repeating


def make_model(folder: Path, enlarges_by: int = 2, **metadata: str) -> ChosenModel:
    """Return a network that repeats every pixel, opened."""
    path = write_repeating(folder / f"repeat{enlarges_by}.onnx", enlarges_by)
    proto = onnx.load(path)
    onnx.helper.set_model_props(proto, metadata)
    onnx.save(proto, path)
    return open_file(path, task="sr", scale=None)


def ship(
    folder: Path, name: str, scale: int, *, task: str = "sr", notice: str | None = None
) -> None:
    """Put a network that repeats every pixel, with its card, into a folder of weights."""
    path = write_repeating(folder / f"{name}.onnx", scale, producer=name)
    scores = {"psnr_db": 25.5, "psnr_gain_db": 0.5, "psnr_gain_low_db": 0.4}
    scores |= {"psnr_gain_high_db": 0.6, "ssim": 0.75, "vmaf": 20.0}
    card = WeightsCard(
        name=name,
        task=task,
        model=name.split("_")[1],
        architecture="lienet",
        scale=scale,
        num_params=0,
        steps=10,
        seed=0,
        commit="c" * 40,
        run_key="k",
        sha256={"onnx": sha256_of_file(path)},
        licence="free",
        use="commercial" if notice is None else "non_commercial",
        notice=notice,
        data=[],
        data_sha256={},
        protocols={},
        results={"x2_luma": {"kodak24": scores}},
    )
    write_json(folder / f"{name}.json", card.model_dump(mode="json"))
    write_index(folder)
