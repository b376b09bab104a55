"""Tables of single images for MLflow's page: the scores of all, and a few as pictures.

They are written as ``mlflow.log_table`` writes them, under names that stay, so that they replace
themselves: MLflow would append to a table, and give its pictures new names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from lienet.errors import DataError
from lienet.evaluation.scores import ImageScore, gain_names, read_scores
from lienet.files import write_bytes, write_json
from lienet.images import Pixels, decode_image, encode_png
from lienet.shards.reading import iterate_samples
from lienet.tracking.rounding import round_figure

TABLES_TAG = "mlflow.loggedArtifacts"
"""By which the page knows a run's tables."""
_SCORES, _PICTURES = "per_image.json", "pictures.json"
_THUMBNAIL_PX = 256
_COMPARED = ("psnr_db", "ssim", "vmaf")


@dataclass(frozen=True)
class ImageTables:
    """What evaluate kept of single images under one protocol."""

    protocol: str
    scores_path: Path
    """A ``per_image.csv``."""
    enhanced_dir: Path
    """Holds ``<test set>/<key>.png``."""
    test_dir: Path
    """The test shards, which hold input and reference."""
    scale: int

    def write(self, folder: Path) -> list[str]:
        """Write the tables and their pictures; return the tables' names.

        Where the shards are not here there are no pictures.

        Raises:
            DataError: the scores cannot be read.
        """
        scores = read_scores(self.scores_path, remedy="run its stage again")
        shown = [score for score in scores if score.protocol == self.protocol]
        write_json(folder / _SCORES, _tabulate([_describe(score) for score in shown]))
        pictures = list(self._write_pictures(folder, shown))
        if pictures:
            write_json(folder / _PICTURES, _tabulate(pictures))
        return [_SCORES, *([_PICTURES] if pictures else [])]

    def _write_pictures(self, folder: Path, scores: list[ImageScore]) -> Iterator[dict[str, Any]]:
        known = {(score.test_set, score.key): score for score in scores}
        paths = {
            path.stem: path
            for path in sorted(self.enhanced_dir.glob("*/*.png"))
            if (path.parent.name, path.stem) in known
        }
        try:
            for sample in iterate_samples(self.test_dir, keys=set(paths)) if paths else ():
                if sample.reference_png is None or self.scale not in sample.degraded:
                    continue
                path = paths[sample.key]
                shown = {
                    "input": sample.degraded[self.scale],
                    "enhanced": path.read_bytes(),
                    "reference": sample.reference_png,
                }
                place = f"pictures/{path.parent.name}/{sample.key}"
                cells = {
                    name: _write_picture(folder, f"{place}/{name}", decode_image(content))
                    for name, content in shown.items()
                }
                score = known[path.parent.name, sample.key]
                figures = {name: score.values.get(name) for name in _COMPARED}
                yield {"image": sample.key, **cells, **_round_all(figures)}
        except DataError:  # shards that are not here, or are others
            return


def describe_tables(names: list[str]) -> str:
    """Return the value of :data:`TABLES_TAG`."""
    return json.dumps([{"path": name, "type": "table"} for name in names])


def _tabulate(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return rows as pandas writes them with ``orient="split"``."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {"columns": columns, "data": [[row.get(name) for name in columns] for row in rows]}


def _describe(score: ImageScore) -> dict[str, Any]:
    figures: dict[str, float | None] = {}
    for name, value in score.values.items():
        figures[name] = value
        if name in score.baseline:
            figures[gain_names(name)[0]] = value - score.baseline[name]
    return {"image": score.key, **_round_all(figures), "test_set": score.test_set}


def _round_all(figures: Mapping[str, float | None]) -> dict[str, float | None]:
    return {
        name: None if value is None else round_figure(name, value)
        for name, value in figures.items()
    }


def _write_picture(folder: Path, name: str, pixels: Pixels) -> dict[str, str]:
    """Write a picture and its thumbnail; return the cell that shows it."""
    write_bytes(folder / f"{name}.png", encode_png(pixels))
    small, stream = Image.fromarray(pixels), BytesIO()
    small.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
    small.save(stream, "WEBP", quality=90)
    write_bytes(folder / f"{name}.webp", stream.getvalue())
    return {
        "type": "image",
        "filepath": f"{name}.png",
        "compressed_filepath": f"{name}.webp",
    }
