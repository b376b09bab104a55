"""The sound files that fuzzing starts from, all made here: small, and one of every kind."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from onnx import TensorProto
from PIL import Image, ImageCms

from lienet.manifests.records import write_manifest
from tests.catalogues.bucket import IMAGE_HEADER, image_row
from tests.conftest import ROOT
from tests.deployment.repeating import write_repeating
from tests.manifests.image_record import KEPT

_SIDE_PX = 12
_LISTED = ("path", "licence", "author", "title", "origin", "split", "sha256")
_ROWS = [
    ["a.jpg", "CC0-1.0", "Ann", 'a "title", with a comma', "", "train", ""],
    ["b/c.png", "CC-BY-4.0", "Bob\u00e9", "two\nlines", "https://x.org", "auto", "0" * 64],
]
_IDS = ("0001eeaf4aed83f9", "000595fe6fee6369", "00075905539074f2")


def make_corpus(target: str, folder: Path) -> list[bytes]:
    """Return the files of a target.

    Args:
        target: a name of :data:`CORPORA`.
        folder: for what has to be written on the way.
    """
    return CORPORA[target](folder)


def make_pictures(folder: Path) -> list[bytes]:
    """Return files of every format, depth and kind of pixels that is read, and some that is not."""
    noise = np.random.default_rng(0).integers(0, 256, (_SIDE_PX, _SIDE_PX, 4), np.uint8)
    deep = noise[..., 0].astype(np.uint16) * 257
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    rgb, rgba = Image.fromarray(noise[..., :3]), Image.fromarray(noise)
    grey, palette = rgb.convert("L"), rgb.convert("P")
    pictures: list[tuple[Image.Image, str, dict[str, Any]]] = [
        (rgb, "JPEG", {"exif": exif, "icc_profile": profile}),
        (rgb, "JPEG", {"progressive": True, "comment": "x"}),
        (rgb.convert("CMYK"), "JPEG", {}),
        (rgb, "PNG", {"exif": exif, "icc_profile": profile}),
        (rgba, "PNG", {}),
        (palette, "PNG", {"transparency": 3}),
        (grey.convert("1"), "PNG", {}),
        (Image.fromarray(deep), "PNG", {}),
        (rgb, "WEBP", {"exif": exif}),
        (rgba, "WEBP", {"lossless": True}),
        (rgb, "WEBP", {"save_all": True, "append_images": [rgba.convert("RGB")]}),
        (Image.fromarray(deep), "TIFF", {}),
        (rgb, "TIFF", {"compression": "tiff_lzw"}),
        (rgb.convert("CMYK"), "TIFF", {"compression": "tiff_deflate"}),
        (rgb, "AVIF", {}),
        (palette, "GIF", {}),
    ]
    return [_save(image, kind, **options) for image, kind, options in pictures]


def make_manifests(folder: Path) -> list[bytes]:
    """Return Parquet files: a manifest of the stage download, and a list of a folder."""
    records = [replace(KEPT, key=f"holiday__{number}") for number in range(3)]
    write_manifest(folder / "manifest.parquet", records)
    columns = dict(zip(_LISTED, map(list, zip(*_ROWS, strict=True)), strict=True))
    pq.write_table(pa.table(columns), folder / "list.parquet")
    return [(folder / f"{name}.parquet").read_bytes() for name in ("manifest", "list")]


def make_lists(folder: Path) -> list[bytes]:
    """Return lists of a folder, of Open Images and of FFHQ, and files of ids."""
    rows = [IMAGE_HEADER, *(image_row(image) for image in _IDS)]
    faces = {"0": {"image": {"file_url": "https://x.org/0.png", "file_size": 3}, "metadata": {}}}
    return [
        _to_csv([list(_LISTED), *_ROWS]),
        _to_csv(rows),
        "\n".join(f"train/{image}.jpg" for image in _IDS).encode(),
        json.dumps(faces).encode(),
    ]


def make_params(folder: Path) -> list[bytes]:
    """Return the profiles."""
    return [path.read_bytes() for path in sorted((ROOT / "profiles").glob("*.yaml"))]


def make_networks(folder: Path) -> list[bytes]:
    """Return ONNX files: free and fixed sizes, half precision, windows."""
    made: list[dict[str, Any]] = [
        {},
        {"kind": TensorProto.FLOAT16},
        {"shape": (1, 3, 16, 16)},
        {"multiple": 8},
    ]
    path = folder / "made.onnx"
    return [write_repeating(path, 2, **options).read_bytes() for options in made]


def make_table_bodies(folder: Path) -> list[bytes]:
    """Return what a registered model is sent: base64 of pictures in tables."""
    rows = [base64.b64encode(content).decode() for content in make_pictures(folder)[:6]]
    return [json.dumps({"dataframe_records": [{"image": text}]}).encode() for text in rows]


CORPORA: dict[str, Callable[[Path], list[bytes]]] = {
    "pictures": make_pictures,
    "manifests": make_manifests,
    "lists": make_lists,
    "params": make_params,
    "networks": make_networks,
    "requests": make_pictures,
    "tables": make_table_bodies,
}


def _save(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _to_csv(rows: list[list[str]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode()
