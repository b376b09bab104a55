"""A trained network as MLflow takes it: one folder, served as images and loaded as ONNX.

Owns what lies in the folder: the flavours, the signature, an example, the requirements of those who
serve it, the card and what the gate compares later. Knows nothing of runs or of the registry.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lienet.evaluation.scores import PER_IMAGE_NAME
from lienet.files import write_bytes, write_json, write_text
from lienet.tracking.served_code import SERVED_PACKAGE, write_served_code, write_served_entry
from lienet.workspace import ONNX_NAME

CARD_NAME = "README.md"
CANDIDATE_NAME = "candidate.json"
_REQUIREMENTS = ("mlflow", "numpy", "onnxruntime", "pandas", "pillow")
_EXAMPLE_SIDE_PX = 16


@dataclass(frozen=True)
class Package:
    """What is registered of one trained and measured network."""

    task: str
    name: str
    run_key: str
    onnx: bytes
    onnx_sha256: str
    weights_sha256: str
    card: str
    """Markdown."""
    candidate: Mapping[str, Any]
    """What the gate compares, without the scores."""
    scores: str
    """``per_image.csv``."""
    tags: Mapping[str, str]


def build_folder(package: Package, folder: Path, *, run_id: str, model_id: str) -> None:
    """Write the model's folder.

    Args:
        package: what goes in.
        folder: does not exist yet.
        run_id: of the run that it was trained in.
        model_id: of the logged model that it becomes.
    """
    with warnings.catch_warnings(action="ignore"):  # MLflow's own, on annotations
        import mlflow.pyfunc

        from lienet.tracking import serving
    import pandas as pd
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    parts = folder.with_name(f"{folder.name}-parts")
    write_bytes(parts / ONNX_NAME, package.onnx)
    write_served_code(parts)
    column = ColSpec(DataType.string, serving.COLUMN)
    described = Model(run_id=run_id, model_id=model_id, model_uuid=model_id)
    with warnings.catch_warnings(action="ignore"):
        mlflow.pyfunc.save_model(
            path=str(folder),
            python_model=str(Path(serving.__file__)),
            artifacts={"onnx": str(parts / ONNX_NAME)},
            code_paths=[str(parts / SERVED_PACKAGE)],
            mlflow_model=described,
            signature=ModelSignature(inputs=Schema([column]), outputs=Schema([column])),
            input_example=pd.DataFrame({serving.COLUMN: [_make_example()]}),
            pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
            model_config={"max_pixels": serving.MAX_PIXELS},
            metadata={"task": package.task, "model": package.name},
        )
    served = described.flavors["python_function"]  # less the places where it was made
    served["model_code_path"] = Path(serving.__file__).name
    served["artifacts"]["onnx"]["uri"] = f"artifacts/{ONNX_NAME}"
    write_served_entry(folder / served["model_code_path"])
    described.add_flavor(
        "onnx",
        onnx_version=version("onnx"),
        data=f"artifacts/{ONNX_NAME}",
        providers=["CPUExecutionProvider"],
    )
    described.save(str(folder / "MLmodel"))
    write_text(folder / CARD_NAME, package.card)
    write_json(folder / CANDIDATE_NAME, dict(package.candidate))
    write_text(folder / PER_IMAGE_NAME, package.scores)


def _make_example() -> str:
    """Return base64 of a small PNG: a ramp of greys."""
    from PIL import Image

    side = (_EXAMPLE_SIDE_PX, _EXAMPLE_SIDE_PX)
    stream = io.BytesIO()
    Image.linear_gradient("L").resize(side).convert("RGB").save(stream, format="PNG")
    return base64.b64encode(stream.getvalue()).decode()
