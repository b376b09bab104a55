"""Every stage is a process of its own: none loads a library that it does not use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "lightning_fabric",
    "mlflow",
    "pandas",
    "matplotlib",
    "skimage",
    "sklearn",
    "scipy",
}
HEAVY |= {"onnx", "onnxruntime", "onnxscript", "webdataset", "cv2", "dvc", "prefect"}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("lienet.cli", set()),
        ("lienet.params", set()),
        ("lienet.params.profiles", set()),
        ("lienet.stages.code", set()),
        ("lienet.stages.download", set()),
        ("lienet.stages.filter", {"cv2", "onnxruntime"}),
        ("lienet.stages.synthesize", {"cv2", "webdataset"}),
        ("lienet.stages.report", {"matplotlib"}),
    ],
)
def test_a_module_loads_no_more_than_it_needs(module: str, allowed: set[str]):
    code = f"import {module}, json, sys; sys.stdout.write(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in json.loads(ran.stdout)}
    assert sorted(loaded & HEAVY - allowed) == []


def test_help_loads_neither_numbers_nor_params():
    code = (
        "import sys; sys.argv = ['lienet', '--help']\n"
        "from lienet.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.exit(','.join({'numpy', 'pydantic', 'yaml', 'PIL'} & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stderr == ""
    assert "download" in ran.stdout
