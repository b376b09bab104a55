"""A photograph is read, told where it comes from, and one that cannot be read is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lienet.errors import DataError
from lienet.images import encode_png
from lienet.manifests.photographs import Photographs
from lienet.manifests.planning import Job
from lienet.params import load_params
from lienet.shards.samples import synthesize_image

PHOTO = np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)


def test_samples_say_image_source_licence_and_author(repository: Path, tmp_path: Path):
    (tmp_path / "a.png").write_bytes(encode_png(PHOTO))
    degradation = load_params(repository / "params.yaml").synthesize.tasks["sr"]
    job = Job("test", "a", "mine", "a.png", "0" * 64, "CC0", "me")
    photographs = {"mine": Photographs(tmp_path, None)}
    (sample,) = synthesize_image(job, photographs=photographs, degradation=degradation, seed=1)
    assert (sample.info["image"], sample.info["source"]) == ("a", "mine")
    assert (sample.info["licence"], sample.info["author"]) == ("CC0", "me")
    assert sorted(sample.degraded) == [2, 4]
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"image a cannot be read.*run `lienet download` again"):
        synthesize_image(job, photographs=photographs, degradation=degradation, seed=1)
