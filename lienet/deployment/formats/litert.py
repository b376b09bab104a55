"""LiteRT (TensorFlow Lite) in float32, of one size, by a converter in its own environment.

litert-torch asks for older packages than lienet does, so ``make mobile`` gives it ``.venv-litert``
beside ``.venv``; a traced program goes there as a file. Its runtime has no such needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from lienet.deployment.formats.base import Format, Source
from lienet.deployment.formats.phone_program import make_program
from lienet.errors import ToolError

PYTHON_VARIABLE = "LIENET_LITERT_PYTHON"
"""Names the Python that has litert-torch, where it is not in ``.venv-litert``."""
_SCRIPT = Path(__file__).with_name("litert_script.py")


class Litert(Format):
    """LiteRT in float32 for images of one size; larger ones go in tiles."""

    suffix = ".tflite"
    tool = "litert-torch"
    extra = "mobile"

    def find_version(self) -> str | None:
        """Return the converter's version in its own environment."""
        python = find_python()
        if not python.is_file():
            return None
        asked = "from importlib.metadata import version; print(version('litert-torch'))"
        ran = _run([str(python), "-c", asked])
        return ran.stdout.strip() if ran.returncode == 0 else None

    def convert(self, source: Source, path: Path) -> None:
        """Write the file.

        Raises:
            ToolError: the converter fails.
        """
        program = make_program(source.model)
        with tempfile.TemporaryDirectory(prefix="lienet-litert-") as folder:
            traced = torch.export.export(program.module, program.example, strict=False)
            torch.export.save(traced, Path(folder) / "network.pt2")
            ran = _run([str(find_python()), str(_SCRIPT), f"{folder}/network.pt2", str(path)])
        if ran.returncode != 0 or not path.is_file():
            said = ran.stderr.strip().splitlines() or ["nothing"]
            raise ToolError(f"litert-torch says: {said[-1]}")


def find_python() -> Path:
    """Return the Python of the converter's environment, whether it is there or not."""
    named = os.environ.get(PYTHON_VARIABLE)
    return Path(named or Path(sys.prefix).parent / ".venv-litert" / "bin" / "python")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    hidden = {"PYTHONPATH": "", "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | hidden
    )
