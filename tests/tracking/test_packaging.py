from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lienet.tracking.packaging import build_folder
from tests.tracking.registered import make_package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_folder(
        make_package(tmp_path, "small"), tmp_path / "model", run_id="r" * 32, model_id="m-1"
    )
    return tmp_path / "model"


def read_description(folder: Path) -> Any:
    from mlflow.models import Model

    return Model.load(str(folder))


def test_it_is_served_as_images_by_its_signature(folder: Path):
    import mlflow.pyfunc

    served = mlflow.pyfunc.load_model(str(folder))
    example = served.input_example
    answer = served.predict(example)
    given, found = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(table["image"][0]))))
        for table in (example, answer)
    )
    assert np.array_equal(found, given.repeat(4, axis=0).repeat(4, axis=1))
    signature = served.metadata.signature
    assert signature.inputs.input_names() == signature.outputs.input_names() == ["image"]
    assert "string" in str(signature.inputs.input_types()[0])


def test_it_is_loaded_as_onnx(folder: Path):
    import mlflow.onnx

    assert mlflow.onnx.load_model(str(folder)).graph.input[0].name == "degraded"
    flavours = read_description(folder).flavors
    assert flavours["onnx"]["data"] == "artifacts/model.onnx"
    assert flavours["python_function"]["loader_module"] == "mlflow.pyfunc.loaders.code_model"


def test_its_requirements_are_pinned_and_few(folder: Path):
    lines = (folder / "requirements.txt").read_text().splitlines()
    names = {line.partition("==")[0] for line in lines}
    assert names == {"mlflow", "numpy", "onnxruntime", "pandas", "pillow"}
    assert all("==" in line for line in lines)


def test_it_holds_the_card_and_what_the_gate_compares_and_nothing_pickled(folder: Path):
    assert (folder / "README.md").read_text() == "# small\n"
    assert json.loads((folder / "candidate.json").read_text()) == {"name": "small", "scale": 4}
    assert (folder / "per_image.csv").read_text().startswith("protocol")
    assert not [path for path in folder.rglob("*") if path.suffix in (".pkl", ".pickle")]
    described = read_description(folder)
    assert described.run_id == "r" * 32
    assert described.model_id == "m-1"
    assert described.metadata == {"task": "sr", "model": "small"}
    for path in folder.rglob("*.*"):
        for place in (folder.parent, Path(build_folder.__code__.co_filename).parent):
            assert str(place).encode() not in path.read_bytes(), path
