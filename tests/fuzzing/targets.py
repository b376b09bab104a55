"""What is done with a broken file: all that the product would do, short of the work behind it.

An expected error is the right answer to most of them; anything else is a fault.
"""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from lienet.errors import LienetError
from tests.deployment.repeating import write_repeating

MAX_PIXELS = 2**20
Target = Callable[[bytes], object]


def open_target(name: str, folder: Path) -> Target:
    """Return a function that is given one file after another.

    Args:
        name: of a corpus.
        folder: for files of its own.
    """
    return OPENED[name](folder)


def _attempt(*calls: Callable[[], object]) -> None:
    for call in calls:
        try:
            call()
        except LienetError as error:
            _require_one_line(str(error))


def _require_one_line(error: str) -> None:
    assert "\n" not in error, "an error is one line"


def _open_pictures(folder: Path) -> Target:
    from lienet.images import decode_image, probe_image
    from lienet.pictures.decoding import decode_picture, find_signature, measure_picture

    def read(content: bytes) -> None:
        _attempt(
            lambda: probe_image(content, max_pixels=MAX_PIXELS),
            lambda: measure_picture(content, max_pixels=MAX_PIXELS),
            lambda: find_signature(content),
        )
        for decode in (decode_image, decode_picture):
            _attempt(lambda decode=decode: decode(content, max_pixels=MAX_PIXELS))

    return read


def _open_manifests(folder: Path) -> Target:
    from lienet.catalogues.folder_manifest import find_listed_files
    from lienet.manifests.records import read_filtered, read_manifest

    source = _make_folder_source("list.parquet")

    def read(content: bytes) -> None:
        path = folder / "list.parquet"
        path.write_bytes(content)
        _attempt(
            lambda: read_manifest(path),
            lambda: read_filtered(path),
            lambda: [*find_listed_files(source, base_dir=folder)],
        )

    return read


def _open_lists(folder: Path) -> Target:
    from lienet.catalogues.ffhq import read_items
    from lienet.catalogues.folder_manifest import find_listed_files
    from lienet.catalogues.open_images_ids import read_ids
    from lienet.evaluation.scores import read_scores

    source = _make_folder_source("list.csv")

    def read(content: bytes) -> None:
        path = folder / "list.csv"
        path.write_bytes(content)
        _attempt(
            lambda: [*find_listed_files(source, base_dir=folder)],
            lambda: read_ids(path, ("train",)),
            lambda: [*read_items(path)],
            lambda: read_scores(path, remedy="measure again"),
        )

    return read


def _make_folder_source(manifest: str) -> Any:
    from lienet.catalogues.kinds import Folder

    stated = {"kind": "folder", "permitted_use": "commercial", "path": ".", "split": "auto"}
    return Folder.model_validate(
        stated | {"manifest": manifest, "licence": "CC0-1.0", "author": "Ann"}
    )


def _open_params(folder: Path) -> Target:
    from lienet.catalogues.open_images_words import find_lists
    from lienet.params import load_params
    from lienet.workspace import Workspace

    def read(content: bytes) -> None:
        (folder / "params.yaml").write_bytes(content)
        _attempt(lambda: load_params(folder / "params.yaml"), lambda: find_lists(Workspace(folder)))

    return read


def _open_networks(folder: Path) -> Target:
    from lienet.deployment.enhancer import Enhancer
    from lienet.deployment.onnx_network import OnnxNetwork
    from lienet.enhancing.models import open_file

    pixels = np.zeros((9, 11, 3), np.uint8)

    def read(content: bytes) -> None:
        path = folder / "model.onnx"
        path.write_bytes(content)
        _attempt(
            lambda: OnnxNetwork(path, num_threads=1).fold,
            lambda: open_file(path, task="sr", scale=None),
            lambda: Enhancer(path, scale=2, num_threads=1).enhance(pixels),
        )

    return read


def _open_requests(folder: Path) -> Target:
    import asyncio

    import httpx

    from lienet.web.models import choose_models, prepare_models
    from lienet.web.requests import Limits
    from lienet.web.serving import create_app

    models = prepare_models(choose_models([write_repeating(folder / "model.onnx", 2)]))
    (folder / "page").mkdir()
    limits = Limits(max_body_bytes=100_000, max_pixels=MAX_PIXELS // 16)
    app = create_app(folder / "page", models, limits)

    async def ask(content: bytes) -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        url = "http://127.0.0.1:8765"
        async with httpx.AsyncClient(transport=transport, base_url=url) as client:
            headers = {"Content-Type": "image/png"}
            return await client.post("/api/enhance", content=content, headers=headers)

    def read(content: bytes) -> None:
        answer = asyncio.run(ask(content))
        assert answer.status_code in (200, 400, 413, 415, 422), answer.text
        if answer.status_code != 200:
            assert list(answer.json()) == ["error"]

    return read


def _open_tables(folder: Path) -> Target:
    import pandas as pd

    with warnings.catch_warnings(action="ignore"):
        from lienet.tracking import serving

    context = type("Context", (), {"model_config": {"max_pixels": MAX_PIXELS // 16}})
    context.artifacts = {"onnx": str(write_repeating(folder / "model.onnx", 2))}  # type: ignore[attr-defined]
    model = serving.ImageModel()
    model.load_context(context)

    def read(content: bytes) -> None:
        texts: list[object] = [base64.b64encode(content).decode(), content.decode("latin-1")]
        with suppress(ValueError, KeyError, TypeError):
            texts += json.loads(content)["dataframe_records"]
        for text in texts:
            value = text.get("image") if isinstance(text, dict) else text
            try:
                model.predict(None, pd.DataFrame({"image": [value]}))
            except serving.BadImage as error:
                _require_one_line(error.message)

    return read


OPENED: dict[str, Callable[[Path], Target]] = {
    "pictures": _open_pictures,
    "manifests": _open_manifests,
    "lists": _open_lists,
    "params": _open_params,
    "networks": _open_networks,
    "requests": _open_requests,
    "tables": _open_tables,
}
