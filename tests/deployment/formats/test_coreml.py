from __future__ import annotations

from pathlib import Path

import pytest

from lienet.deployment.formats.base import Source
from lienet.deployment.formats.coreml import SIDES_PX, CoreMl
from tests.deployment.formats.phone_tools import needs

pytestmark = [
    pytest.mark.xdist_group("onnx"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
    needs("coremltools"),
]


def test_a_package_names_its_sizes_inputs_and_outputs(spade_network, tmp_path: Path):
    import coremltools

    path = tmp_path / "a.mlpackage"
    CoreMl().convert(Source(spade_network, b"", [], 18, {"task": "face"}), path)
    described = coremltools.models.MLModel(str(path), skip_model_load=True).get_spec().description
    assert [each.name for each in described.input][:2] == ["degraded", "spade_0_mean"]
    assert described.output[0].name == "enhanced"
    shapes = described.input[0].type.multiArrayType.enumeratedShapes.shapes
    assert {tuple(each.shape) for each in shapes} == {(1, 3, side, side) for side in SIDES_PX}
    assert described.metadata.userDefined["task"] == "face"


def test_equal_weights_give_equal_parts(source: Source, tmp_path: Path):
    for name in ("a", "b"):
        CoreMl().convert(source, tmp_path / name / "x.mlpackage")
    first, second = (
        {
            each.relative_to(tmp_path / name): each.read_bytes()
            for each in (tmp_path / name).rglob("*")
            if each.is_file()
        }
        for name in ("a", "b")
    )
    assert first.keys() == second.keys()
    assert {str(name) for name in first if first[name] != second[name]} == set()
