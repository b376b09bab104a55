"""lienet's own kinds of degradation are found by their names, and load no image library."""

from __future__ import annotations

import subprocess
import sys

from lienet.params import degradations


def test_the_papers_three_are_built_in():
    assert {"face", "old_photo", "sr"} <= set(degradations.names())
    for name in ("face", "old_photo", "sr"):
        assert degradations.get(name).purpose != ""


def test_reading_params_loads_no_heavy_library(repository):
    code = (
        "import sys; from pathlib import Path; from lienet.params import load_params\n"
        "load_params(Path('profiles/sample.yaml'))\n"
        "heavy = {'cv2', 'torch', 'pyarrow', 'skimage', 'scipy', 'pandas', 'aiohttp', 'duckdb'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True
    )
    assert ran.stderr == ""
