"""Core ML: an ``.mlpackage`` for Apple's systems. It is converted here, and runs there alone."""

from __future__ import annotations

import json
import logging
import uuid
import warnings
from pathlib import Path

from lienet.deployment.formats.base import Format, Source
from lienet.deployment.formats.phone_program import make_program, trace_for_jit
from lienet.deployment.tensor_names import (
    INPUT_NAME,
    OUTPUT_NAME,
    features_name,
    mean_name,
    variance_name,
)
from lienet.files import write_json

SIDES_PX = (128, 256, 512)
"""Sides of the square inputs that a file takes."""


class CoreMl(Format):
    """A Core ML program in float16 for iOS 17 and later, of three sizes."""

    suffix = ".mlpackage"
    tool = "coremltools"
    extra = "mobile"
    runs_elsewhere = "converted here; its runtime is in Apple's systems alone"

    def convert(self, source: Source, path: Path) -> None:
        """Write the package."""
        logging.getLogger("coremltools").setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import coremltools

            program = make_program(source.model)
            num_layers = len(program.example) // 2
            shapes = [(1, 3, side, side) for side in SIDES_PX]
            image = coremltools.EnumeratedShapes(shapes=shapes, default=shapes[1])
            names = [each(at) for at in range(num_layers) for each in (mean_name, variance_name)]
            given = [coremltools.TensorType(name=INPUT_NAME, shape=image)]
            for name, value in zip(names, program.example[1:], strict=True):
                given.append(coremltools.TensorType(name=name, shape=tuple(value.shape)))
            outputs = [OUTPUT_NAME, *map(features_name, range(num_layers))]
            package = coremltools.convert(
                trace_for_jit(program),
                convert_to="mlprogram",
                minimum_deployment_target=coremltools.target.iOS17,
                inputs=given,
                outputs=[coremltools.TensorType(name=name) for name in outputs],
                skip_model_load=True,
            )
            package.user_defined_metadata.update(source.metadata)
            package.save(str(path))
        _fix_identifiers(path / "Manifest.json")


def _fix_identifiers(manifest_path: Path) -> None:
    """Replace the random identifiers of a package's parts by ones made of their paths."""
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    entries = manifest["itemInfoEntries"]
    named = {key: _identify(entry["path"]) for key, entry in entries.items()}
    manifest["itemInfoEntries"] = {named[key]: entry for key, entry in entries.items()}
    manifest["rootModelIdentifier"] = named[manifest["rootModelIdentifier"]]
    write_json(manifest_path, manifest)


def _identify(path: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, path)).upper()
