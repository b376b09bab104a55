"""ncnn by pnnx: a ``.param`` file and its weights in float16 beside it, ``.bin``; any size.

ncnn has no operator that chooses between a network's own statistics and given ones, so a network
with SPADE layers normalises by those of its input.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from lienet.deployment.formats.base import Format, Source
from lienet.deployment.formats.phone_program import TILE_PX, make_program, trace_for_jit
from lienet.errors import ToolError
from lienet.files import write_bytes

_OTHER_PX = (3 * TILE_PX // 8, TILE_PX // 2)
"""A second size, from which pnnx learns that sizes are free."""


class Ncnn(Format):
    """ncnn with weights in float16."""

    suffix = ".param"
    tool = "pnnx"
    extra = "mobile"

    def convert(self, source: Source, path: Path) -> None:
        """Write the ``.param`` file and its ``.bin``."""
        program = make_program(source.model, takes_statistics=False)
        with tempfile.TemporaryDirectory(prefix="lienet-ncnn-") as folder:
            trace_for_jit(program).save(f"{folder}/network.pt")
            sizes = (f"[1,3,{TILE_PX},{TILE_PX}]", f"[1,3,{_OTHER_PX[0]},{_OTHER_PX[1]}]")
            ran = subprocess.run(
                [
                    str(Path(sys.executable).parent / "pnnx"),
                    "network.pt",
                    f"inputshape={sizes[0]}",
                    f"inputshape2={sizes[1]}",
                    "fp16=1",
                ],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            made = Path(folder) / "network.ncnn.param"
            if ran.returncode != 0 or not made.is_file():
                said = (ran.stderr or ran.stdout).strip().splitlines() or ["nothing"]
                raise ToolError(f"pnnx says: {said[-1]}")
            write_bytes(path, made.read_bytes())
            write_bytes(path.with_suffix(".bin"), made.with_suffix(".bin").read_bytes())
