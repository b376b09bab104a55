"""VMAF of pairs of PNG files by ffmpeg-quality-metrics, one call for each.

Run by the Python that ``make peers`` prepares: ``python -m bench.peer_vmaf FOLDER``. It writes the
seconds that all pairs took.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from ffmpeg_quality_metrics import FfmpegQualityMetrics
from imageio_ffmpeg import get_ffmpeg_exe


def measure(folder: Path) -> dict[str, float]:
    """Return the seconds for ``referenceN.png`` and ``distortedN.png`` of a folder."""
    started = time.perf_counter()
    for reference in sorted(folder.glob("reference*.png")):
        distorted = folder / reference.name.replace("reference", "distorted")
        pair = FfmpegQualityMetrics(str(reference), str(distorted), ffmpeg_path=get_ffmpeg_exe())
        pair.calculate(["vmaf"])
    return {"seconds": time.perf_counter() - started}


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(measure(Path(sys.argv[1])))}\n")
