"""Picture files are decoded in one place, by the same function for every door into the product."""

from __future__ import annotations

import ast
from typing import Any

import pytest

DECODER = "lienet.images"
DECODES = {
    "Image.open": "Pillow",
    "ImageFile.Parser": "Pillow",
    "cv2.imread": "OpenCV",
    "cv2.imdecode": "OpenCV",
    "cv2.VideoCapture": "OpenCV",
    "skimage.io": "scikit-image",
    "imageio.imread": "imageio",
    "imageio.v3": "imageio",
    "pillow_heif.open_heif": "pillow-heif",
    "matplotlib.image": "matplotlib",
}
ELSEWHERE = {
    "lienet.transfer.verification": "compares a checksum of samples, and lets no picture in",
}


def find_decoding(tree: ast.AST) -> set[str]:
    """Return what a module calls or imports that decodes picture files."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute():
                name = ast.unparse(node)
                found.update(each for each in DECODES if name == each or name.endswith(f".{each}"))
            case ast.ImportFrom(module=str(module)):
                names = {module, *(f"{module}.{alias.name}" for alias in node.names)}
                found.update(each for each in DECODES if each in names or f"PIL.{each}" in names)
            case ast.Import():
                found.update(alias.name for alias in node.names if alias.name in DECODES)
            case ast.Constant(value=str(text)) if text.startswith("PIL."):
                found.add(text)
    return found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from PIL import Image\nwith Image.open(path) as image: pass", "Image.open"),
        ("import PIL.Image\nPIL.Image.open(path)", "Image.open"),
        ("from cv2 import imdecode", "cv2.imdecode"),
        ("import skimage.io", "skimage.io"),
        ("import_module('PIL.PngImagePlugin')", "PIL.PngImagePlugin"),
    ],
)
def test_decoding_is_recognised(text: str, name: str):
    assert name in find_decoding(ast.parse(text))
    assert find_decoding(ast.parse("Image.fromarray(pixels).save(path)\npath.open()")) == set()


def test_no_module_decodes_picture_files_by_itself(sources: dict[str, Any]):
    found = {name: find_decoding(source.tree) for name, source in sources.items()}
    decoding = {name for name, calls in found.items() if calls}
    assert decoding - {DECODER} == set(ELSEWHERE), {name: found[name] for name in decoding}
