"""A workspace for the stage synthesize whose manifests are made by hand, no stage before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lienet.images import encode_png
from lienet.manifests.records import FilterRecord, write_filtered
from lienet.params import Params, parse_params
from lienet.shards.reading import iterate_samples
from lienet.stages import synthesize
from lienet.workspace import Workspace
from tests.folder_source import folder_source

Tree = dict[str, bytes]


def record_of(key: str, split: str, **changes: Any) -> FilterRecord:
    chosen: dict[str, Any] = {
        "key": key,
        "source": "photos",
        "path": f"images/{key}.png",
        "sha256": "0" * 64,
        "size_bytes": 1,
        "width_px": 0,
        "height_px": 0,
        "format": "png",
        "licence": "CC0",
        "author": "nobody",
        "origin": "here",
        "split": split,
        "status": "kept",
        "reason": "",
        "verdict": "keep",
        "reasons": (),
        "detector": "yunet",
        "score": 0.0,
        "boxes": "[]",
    }
    return FilterRecord(**{**chosen, **changes})


def noise(seed: int, height_px: int, width_px: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)


class Studio:
    """A workspace whose filtered manifest is made by hand."""

    def __init__(self, root: Path, profile: Path) -> None:
        self.workspace = Workspace(root)
        content = yaml.safe_load(profile.read_text())
        content["download"]["sources"] = {"photos": folder_source()}
        for recipe in content["synthesize"]["tasks"].values():
            recipe.update(sources=None, tile_px=64, tile_stride_px=64)
        content["filter"]["exempt_sources"] = []
        content["train"]["patch_px"] = 16
        self.content: dict[str, Any] = content
        self.records: list[FilterRecord] = []
        self.task = "sr"

    def add(self, key: str, split: str, pixels: np.ndarray, **changes: Any) -> None:
        """Put an image into the raw folder and the manifest."""
        record = record_of(key, split, **changes)
        path = self.workspace.raw_dir("photos") / record.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(pixels, compress_level=0))
        self.records.append(record)

    def add_source(self, source: str, split: str, images: dict[str, bytes]) -> None:
        """Add a folder source whose photographs are stored as these bytes."""
        photos = self.content["download"]["sources"]["photos"]
        self.content["download"]["sources"][source] = {**photos, "path": source, "split": split}
        records = []
        for key, content in images.items():
            detector = "exempt" if split == "test" else "consented"
            records.append(record_of(key, split, source=source, detector=detector))
            path = self.workspace.raw_dir(source) / records[-1].path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        write_filtered(self.workspace.filtered_dir(source) / "manifest.parquet", records)

    def save(self, num_workers: int = 1) -> Params:
        """Write manifest and params."""
        write_filtered(self.workspace.filtered_dir("photos") / "manifest.parquet", self.records)
        self.content["num_workers"] = num_workers
        text = yaml.safe_dump(self.content)
        self.workspace.params_path.write_text(text)
        return parse_params(text, name="params.yaml")

    def run(self, num_workers: int = 1) -> Tree:
        """Run the stage in this process; return every file it wrote."""
        synthesize.run(self.save(num_workers), self.workspace, self.task)
        return self.read()

    def read(self) -> Tree:
        """Return every file below the task's shards."""
        folder = self.workspace.shards_dir(self.task)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    def images(self, split: str) -> list[str]:
        """Return the images of a split, in its order."""
        samples = iterate_samples(self.workspace.shards_dir(self.task) / split)
        return list(dict.fromkeys(sample.info["image"] for sample in samples))
