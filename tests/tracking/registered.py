"""A package without a trained network, for tests of what is made of one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lienet.tracking.packaging import Package
from tests.deployment.repeating import write_repeating


def make_package(folder: Path, name: str, *, scale: int = 4) -> Package:
    """Return a package around a network that repeats every pixel."""
    write_repeating(folder / f"{name}.onnx", scale, producer=name)
    onnx = (folder / f"{name}.onnx").read_bytes()
    sha256 = hashlib.sha256(onnx).hexdigest()
    return Package(
        task="sr",
        name=name,
        run_key=hashlib.sha256(name.encode()).hexdigest(),
        onnx=onnx,
        onnx_sha256=sha256,
        weights_sha256="",
        card=f"# {name}\n",
        candidate={"name": name, "scale": scale},
        scores="protocol,test_set,key\n",
        tags={"lienet.task": "sr", "lienet.model": name, "lienet.onnx_sha256": sha256},
    )


def write_quickly(package: Package, folder: Path, *, run_id: str, model_id: str) -> None:
    """Stand for ``build_folder``, which has tests of its own and takes a second."""
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts" / "model.onnx").write_bytes(package.onnx)
    (folder / "candidate.json").write_text('{"name": "x"}')
    (folder / "per_image.csv").write_text(package.scores)
